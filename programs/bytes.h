// Keys and values of maps as hexadecimal, as `bpftool map dump` prints them.
#pragma once
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define MAX_BYTES 64

/** Prints ` HH` for each byte, of which there are at most MAX_BYTES; nothing when they cannot be read. */
static void print_bytes(struct seq_file *seq, const void *from, __u32 size)
{
	unsigned char bytes[MAX_BYTES];
	__u32 i;

	if (size > MAX_BYTES)
		size = MAX_BYTES;
	/* Not a plain read: what a program reads plainly every map that it is attached to must have. */
	if (bpf_probe_read_kernel(bytes, size, from))
		return;
	for (i = 0; i < MAX_BYTES && i < size; i++)
		BPF_SEQ_PRINTF(seq, " %02x", bytes[i]);
}
