// What the programs of this folder begin with. Each prints what must be the same on the kernel and on iterfs.
#pragma once
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define OUT(...) BPF_SEQ_PRINTF(ctx->meta->seq, __VA_ARGS__)


/* A loop whose counter is no place in memory, which the verifier would lose sight of; `n` is its copy. */
#define LOOP(n, from, to) for (int loop_##n = from; n = loop_##n, loop_##n < to; loop_##n++)

/* A map of one of the plain types. */
#define MAP(name, map_type, entries, key_type, value_type, ...)                                                                     \
	struct {                                                                                                                    \
		__uint(type, BPF_MAP_TYPE_##map_type);                                                                              \
		__uint(max_entries, entries);                                                                                       \
		__type(key, key_type);                                                                                              \
		__type(value, value_type);                                                                                          \
		__VA_ARGS__                                                                                                         \
	} name SEC(".maps")
