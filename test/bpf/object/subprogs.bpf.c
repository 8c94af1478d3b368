// Subprograms and callbacks in orders that show how they are laid out.
#include "mini.h"

char LICENSE[] SEC("license") = "GPL";

static int total;
int shown;

static __noinline int leaf_two(int x)
{
	return x * total + 1;
}
__noinline int shared(int x)
{
	return leaf_two(x) + shown;
}
static __noinline int leaf_one(int x)
{
	return shared(x + 1) ^ leaf_two(x);
}
static __noinline int never_called_in_two(int x)
{
	return leaf_one(x) - 1;
}
static int callback(__u32 i, void *ctx)
{
	total += leaf_one(i);
	return 0;
}
static long another(void *map, int *key, long *value, void *ctx)
{
	total += *value;
	return 0;
}
__attribute__((weak)) __noinline int weak_one(int x)
{
	return x * 3;
}
__attribute__((visibility("hidden"))) __noinline int hidden_one(int x)
{
	return x + total;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, int);
	__type(value, long);
} numbers SEC(".maps");

SEC("iter/task")
int one(struct bpf_iter__task *ctx)
{
	bpf_loop(2, callback, NULL, 0);
	shown = shared(total) + weak_one(shown);
	bpf_for_each_map_elem(&numbers, another, NULL, 0);
	return never_called_in_two(shown) > 5 ? 0 : hidden_one(4) & 1;
}

SEC("iter/task_file")
int two(void *ctx)
{
	shown += leaf_two(shown) + hidden_one(shown);
	bpf_loop(2, callback, NULL, 0);
	return 0;
}

SEC("iter.s/task")
int three(struct bpf_iter__task *ctx)
{
	return 0;
}
