// Elements of per-CPU maps: the values of all CPUs one after the other, a copy.
#include "compare.h"

SEC("iter/bpf_map_elem")
int dump(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key, cpu;
	void *value = ctx->value;

	if (!key || !value) {
		OUT("end %llu\n", ctx->meta->seq_num);
		return 0;
	}
	OUT("%u:", *key);
	for (cpu = 0; cpu < 2; cpu++)
		OUT(" %llu", *(__u64 *)(value + cpu * 8));
	*(__u64 *)value = 5;
	OUT("\n");
	return 0;
}
