// Subprograms: static and global ones, with pointers, results of all sizes, calls in calls, hidden ones, and their own stacks.
#include "compare.h"

struct pair {
	int first;
	long second;
};

static __noinline int add(int a, int b, int c, int d, int e)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e;
}

static __noinline void swap(struct pair *pair)
{
	long kept = pair->first;

	pair->first = pair->second;
	pair->second = kept;
}

__noinline int global(int n, __u64 wide)
{
	return n > 5 ? (int)(wide >> 32) : n * 2;
}

__hidden __noinline long hidden(const char *text, int at)
{
	return text[(at & 1) + 1];
}

static __noinline __s16 narrow(__u64 value)
{
	return value;
}

static __noinline bool is_even(__u32 n)
{
	return n % 2 == 0;
}

/* The index is hidden from the compiler, which would or it into the address of an aligned array. */
#define OWN(text)                                                                                                                   \
	volatile char own[64] = text;                                                                                               \
	__u64 at = n & 3;                                                                                                           \
	asm volatile("" : "+r"(at))

static __noinline int deep3(__u64 n)
{
	OWN("three");
	return own[at] + n;
}

static __noinline int deep2(__u64 n)
{
	OWN("two");
	return deep3(n + 1) + own[at];
}

static __noinline int deep1(__u64 n)
{
	OWN("one");
	return deep2(n + 1) * 3 + own[at];
}

static __noinline void show(struct seq_file *seq, const char *what, long value)
{
	BPF_SEQ_PRINTF(seq, "%s %ld\n", what, value);
}

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct pair pair = { 3, -4000000000L };
	char text[4] = "abc";
	int n;

	if (!ctx->task)
		return 0;
	n = ctx->meta->seq_num;
	show(seq, "add", add(n + 1, n + 2, n + 3, n + 4, n + 5));
	swap(&pair);
	show(seq, "swapped", pair.first);
	show(seq, "with", pair.second);
	show(seq, "global", global(n + 7, 0x1122334455667788ULL));
	show(seq, "global small", global(n + 2, 0));
	show(seq, "hidden", hidden(text, n + 1));
	show(seq, "narrow", narrow(0x18000 + n));
	show(seq, "even", is_even(n) * 10 + is_even(n + 1));
	show(seq, "deep", deep1(n));
	return 0;
}
