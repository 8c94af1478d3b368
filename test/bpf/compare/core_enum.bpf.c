// Enum values: of the target where it has them, else none.
#include "compare.h"

/* Other numbers than the kernel's: the target's must come out. */
enum bpf_map_type___mine {
	BPF_MAP_TYPE_HASH___mine = 77,
	BPF_MAP_TYPE_RINGBUF___mine = 78,
	BPF_MAP_TYPE_NONE_SUCH___mine = 79,
};

enum no_such_enum {
	NO_SUCH_VALUE = 5,
};

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		return 0;
	OUT("exists HASH %d NONE_SUCH %d\n", bpf_core_enum_value_exists(enum bpf_map_type___mine, BPF_MAP_TYPE_HASH___mine),
	    bpf_core_enum_value_exists(enum bpf_map_type___mine, BPF_MAP_TYPE_NONE_SUCH___mine));
	OUT("value HASH %d RINGBUF %d\n", (int)bpf_core_enum_value(enum bpf_map_type___mine, BPF_MAP_TYPE_HASH___mine),
	    (int)bpf_core_enum_value(enum bpf_map_type___mine, BPF_MAP_TYPE_RINGBUF___mine));
	OUT("the kernel's own %d\n", (int)bpf_core_enum_value(enum bpf_map_type, BPF_MAP_TYPE_LPM_TRIE));
	OUT("no such enum %d %d\n", bpf_core_type_exists(enum no_such_enum), bpf_core_enum_value_exists(enum no_such_enum, NO_SUCH_VALUE));
	return 0;
}
