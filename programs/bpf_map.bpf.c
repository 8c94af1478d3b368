// Maps: one line for each.
//
// Prints  a heading, then id, type (its number), bytes of a key and of a value, entries at most, flags, whether it is frozen, and name.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/bpf_map")
int dump_maps(struct bpf_iter__bpf_map *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;

	if (!map)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "      id type      key    value    entries      flags frozen name\n");
	BPF_SEQ_PRINTF(seq, "%8u %4u %8u %8u %10u 0x%08x %6u %s\n", map->id, map->map_type, map->key_size, map->value_size,
		       map->max_entries, map->map_flags, map->frozen, map->name);
	return 0;
}
