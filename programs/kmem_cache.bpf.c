// Slab caches and how they are made.
//
// Prints  a line of head, then for each cache: name, bytes of an object as it was asked for and as it is kept, alignment, objects and
//         pages of a slab, references (-1: of the kernel's start), bytes that may be copied to user space, and partial slabs that are
//         kept at least in a node.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define OO_SHIFT 16
#define OO_MASK ((1 << OO_SHIFT) - 1)

SEC("iter/kmem_cache")
int dump_kmem_cache(struct bpf_iter__kmem_cache *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct kmem_cache *cache = ctx->s;

	if (!cache)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%-28s %8s %8s %6s %8s %6s %4s %8s %8s\n", "name", "object", "size", "align", "objects", "pages",
			       "refs", "usersize", "partial");
	BPF_SEQ_PRINTF(seq, "%-28s %8u %8u %6u %8u %6u %4d %8u %8lu\n", cache->name, cache->object_size, cache->size, cache->align,
		       cache->oo.x & OO_MASK, 1 << (cache->oo.x >> OO_SHIFT), cache->refcount, cache->usersize,
		       cache->min_partial);
	return 0;
}
