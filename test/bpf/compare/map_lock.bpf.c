// Values with a spin lock.
#include "compare.h"

struct locked {
	struct bpf_spin_lock lock;
	int first, second;
};

MAP(numbers, ARRAY, 2, __u32, struct locked);
MAP(table, HASH, 2, __u32, struct locked);

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct locked *at, value = { .first = 3, .second = 4 };
	__u32 n = 1;
	int sum;

	if (!ctx->task)
		return 0;
	at = bpf_map_lookup_elem(&numbers, &n);
	if (!at)
		return 0;
	bpf_spin_lock(&at->lock);
	at->first += 1;
	at->second += 2;
	sum = at->first + at->second;
	bpf_spin_unlock(&at->lock);
	OUT("sum %d\n", sum);
	OUT("update with the lock %ld\n", (long)bpf_map_update_elem(&numbers, &n, &value, BPF_F_LOCK));
	OUT("first %d second %d\n", at->first, at->second);
	OUT("hash %ld ", (long)bpf_map_update_elem(&table, &n, &value, BPF_ANY));
	OUT("with the lock %ld\n", (long)bpf_map_update_elem(&table, &n, &value, BPF_F_LOCK | BPF_EXIST));
	at = bpf_map_lookup_elem(&table, &n);
	OUT("first %d\n", at ? at->first : 0);
	return 0;
}
