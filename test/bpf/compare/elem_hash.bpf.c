// Elements of a map of any plain kind: key and value, changed in place; the map itself and another one beside it.
#include "compare.h"

MAP(seen, HASH, 16, __u32, __u64);

__u64 sum;

SEC("iter/bpf_map_elem")
int dump(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key, copy;
	__u64 *value = ctx->value;
	struct bpf_map *map = ctx->map;

	if (!key || !value) {
		OUT("end %llu of %s max_entries %u sum %llu\n", ctx->meta->seq_num, map->name, map->max_entries, sum);
		return 0;
	}
	copy = *key;
	sum += copy;
	OUT("%u: %llu\n", copy, *value);
	bpf_map_update_elem(&seen, &copy, value, BPF_ANY);
	*value += 100;
	return 0;
}
