// Callbacks: bpf_loop and for_each_map_elem, their counts, ending early, loops in loops, changing the context.
#include "compare.h"

MAP(numbers, ARRAY, 5, __u32, __u64);
MAP(table, HASH, 8, __u32, __u32);
MAP(counters, PERCPU_ARRAY, 2, __u32, __u32);

struct walk {
	__u64 sum;
	__u32 stop, calls;
};

static long add(__u32 index, struct walk *walk)
{
	walk->sum += index;
	walk->calls++;
	return index == walk->stop;
}

static long inner(__u32 index, struct walk *walk)
{
	walk->sum = walk->sum * 3 + index;
	return 0;
}

static long outer(__u32 index, struct walk *walk)
{
	walk->calls += bpf_loop(index, inner, walk, 0);
	return 0;
}

static long each(void *map, __u32 *key, __u64 *value, struct walk *walk)
{
	*value += *key;
	walk->sum += *value;
	walk->calls++;
	return *key == walk->stop;
}

static long each_of_table(void *map, __u32 *key, __u32 *value, struct walk *walk)
{
	walk->sum += *key * 1000 + *value;
	walk->calls++;
	return 0;
}

static long delete(void *map, __u32 *key, __u32 *value, struct walk *walk)
{
	__u32 copy = *key;

	walk->calls += bpf_map_delete_elem(map, &copy) == 0;
	return 0;
}

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct walk walk = { .stop = -1 };
	__u32 n;

	if (!ctx->task)
		return 0;
#define SHOW(what, call)                                                                                                            \
	OUT(what " %ld ", (long)(call));                                                                                            \
	OUT("sum %llu calls %u\n", walk.sum, walk.calls);                                                                         \
	walk = (struct walk){ .stop = -1 }
	SHOW("loop", bpf_loop(100, add, &walk, 0));
	walk.stop = 10;
	SHOW("ends early", bpf_loop(100, add, &walk, 0));
	SHOW("none", bpf_loop(0, add, &walk, 0));
	SHOW("flags", bpf_loop(10, add, &walk, 1));
	SHOW("too many", bpf_loop((1 << 23) + 1, add, &walk, 0));
	SHOW("in a loop", bpf_loop(6, outer, &walk, 0));
	SHOW("many", bpf_loop(100000, add, &walk, 0));
	SHOW("array", bpf_for_each_map_elem(&numbers, each, &walk, 0));
	SHOW("again", bpf_for_each_map_elem(&numbers, each, &walk, 0));
	walk.stop = 2;
	SHOW("to 2", bpf_for_each_map_elem(&numbers, each, &walk, 0));
	SHOW("bad flags", bpf_for_each_map_elem(&numbers, each, &walk, 1));
	SHOW("empty", bpf_for_each_map_elem(&table, each_of_table, &walk, 0));
	LOOP(n, 0, 6)
		bpf_map_update_elem(&table, &n, &n, BPF_ANY);
	SHOW("table", bpf_for_each_map_elem(&table, each_of_table, &walk, 0));
	SHOW("delete", bpf_for_each_map_elem(&table, delete, &walk, 0));
	SHOW("empty again", bpf_for_each_map_elem(&table, each_of_table, &walk, 0));
	SHOW("per cpu", bpf_for_each_map_elem(&counters, each_of_table, &walk, 0));
	return 0;
}
