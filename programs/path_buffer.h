// Room for a path, which the stack has not.
#pragma once
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct path_buffer {
	char text[4096];
};

/* Of each CPU its own: two readers may run at the same time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct path_buffer);
} buffers SEC(".maps");
