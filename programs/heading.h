// When to print the heading of a list: for targets whose END call of an empty list has the seq_num 2^64 - 1.
#pragma once
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/** Before the first object, and where there is none. */
static __always_inline bool wants_heading(struct bpf_iter_meta *meta, void *object)
{
	return object ? meta->seq_num == 0 : meta->seq_num == (__u64)-1;
}
