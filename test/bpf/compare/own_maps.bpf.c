// The target bpf_map: finds the object's own map among all.
#include "compare.h"

MAP(a_map_of_compare, HASH, 77, __u32, __u64);

SEC("iter/bpf_map")
int dump(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;
	__u64 self = (__u64)&a_map_of_compare;
	__u32 n = 1;

	/* Hidden from the compiler, which would read the fields through the map's address: the verifier wants them of the argument. */
	asm volatile("" : "+r"(self));
	if (!map) {
		OUT("end %d\n", ctx->meta->seq_num > 0);
		bpf_map_update_elem(&a_map_of_compare, &n, &(__u64){ 1 }, BPF_ANY);
		return 0;
	}
	if ((__u64)map == self)
		OUT("%s %u id %d elements %d\n", map->name, map->max_entries, map->id > 0, bpf_map_lookup_elem(&a_map_of_compare, &n) != 0);
	return 0;
}
