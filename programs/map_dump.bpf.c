// The elements of a map, as bytes.
//
// Prints  for each element: its key and value in hexadecimal, as `bpftool map dump` does, and at the end the name of the map.
// Parameters  map MAP: the map, of type hash or array, LRU and per-CPU ones included.
// Globals  cpus: how many CPUs' values to print of a per-CPU map (1 when not set). Keys and values are cut to 64 bytes each.
#include "bytes.h"

char LICENSE[] SEC("license") = "GPL";

#define MAX_CPUS 64

const volatile __u32 cpus = 1;

static int is_percpu(const struct bpf_map *map)
{
	return map->map_type == BPF_MAP_TYPE_PERCPU_HASH || map->map_type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       map->map_type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

SEC("iter/bpf_map_elem")
int dump_map(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;
	void *key = ctx->key, *value = ctx->value;
	__u32 cpu, stride = (map->value_size + 7) / 8 * 8;

	if (!key || !value) {
		BPF_SEQ_PRINTF(seq, "end of %s\n", map->name);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "key:");
	print_bytes(seq, key, map->key_size);
	if (!is_percpu(map)) {
		BPF_SEQ_PRINTF(seq, "  value:");
		print_bytes(seq, value, map->value_size);
		BPF_SEQ_PRINTF(seq, "\n");
		return 0;
	}
	for (cpu = 0; cpu < MAX_CPUS && cpu < cpus; cpu++) {
		BPF_SEQ_PRINTF(seq, "\n  value of cpu %u:", cpu);
		print_bytes(seq, value + cpu * stride, map->value_size);
	}
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
