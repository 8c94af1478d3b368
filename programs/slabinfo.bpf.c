// Slab caches in the format of /proc/slabinfo.
//
// Prints  two lines of head, then for each cache: objects in use and in all, bytes of an object, objects and pages of a slab, slabs.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";

#define OO_SHIFT 16
#define OO_MASK ((1 << OO_SHIFT) - 1)
/* Nodes that are looked at. */
#define MAX_NODES 64
/* Partial slabs that are looked at in a node. */
#define MAX_PARTIAL 10000

/* What a kernel has and iterfs has not: the objects of a slab, by which the free ones are counted. */
struct slab___kernel {
	struct list_head slab_list;
	unsigned int inuse : 16;
	unsigned int objects : 15;
} __attribute__((preserve_access_index));

struct kmem_cache___kernel {
	struct list_head list;
} __attribute__((preserve_access_index));

struct kmem_cache_node___kernel {
	struct list_head partial;
} __attribute__((preserve_access_index));

/* What iterfs has and no kernel. */
struct kmem_cache___iterfs {
	unsigned long iterfs_active_objects;
} __attribute__((preserve_access_index));

extern struct kmem_cache *bpf_get_kmem_cache(__u64 addr) __ksym __weak;

struct totals {
	unsigned long slabs;
	unsigned long objects;
	unsigned long free;
};

struct walk {
	struct list_head *next;
	struct list_head *head;
	unsigned long free;
};

static long count_free(__u32 i, struct walk *walk)
{
	struct list_head *entry = walk->next;
	struct slab___kernel *slab;

	if (!entry || entry == walk->head)
		return 1;
	slab = (void *)entry - bpf_core_field_offset(struct slab___kernel, slab_list);
	walk->free += BPF_CORE_READ_BITFIELD_PROBED(slab, objects) - BPF_CORE_READ_BITFIELD_PROBED(slab, inuse);
	walk->next = BPF_CORE_READ(entry, next);
	return 0;
}

static void add_node(struct totals *totals, struct kmem_cache_node *node)
{
	struct kmem_cache_node___kernel *kernel_node = (void *)node;
	struct walk walk = {};

	totals->slabs += BPF_CORE_READ(node, nr_slabs.counter);
	totals->objects += BPF_CORE_READ(node, total_objects.counter);
	if (!bpf_core_field_exists(kernel_node->partial))
		return;
	walk.head = (void *)node + bpf_core_field_offset(struct kmem_cache_node___kernel, partial);
	walk.next = BPF_CORE_READ(kernel_node, partial.next);
	bpf_loop(MAX_PARTIAL, count_free, &walk, 0);
	totals->free += walk.free;
}

/*
 * How long the array of nodes is: of the cache that caches are made from, an object ends with it. The neighbours in the list of caches are
 * such objects, but for the head of the list.
 */
static __u32 count_nodes(struct kmem_cache *cache)
{
	struct kmem_cache___iterfs *own = (void *)cache;
	struct kmem_cache___kernel *kernel_cache = (void *)cache;
	struct kmem_cache *of_caches;

	if (bpf_core_field_exists(own->iterfs_active_objects))
		return MAX_NODES;
	if (!bpf_get_kmem_cache)
		return 1;
	of_caches = bpf_get_kmem_cache((__u64)BPF_CORE_READ(kernel_cache, list.next));
	if (!of_caches)
		of_caches = bpf_get_kmem_cache((__u64)BPF_CORE_READ(kernel_cache, list.prev));
	return of_caches ? (of_caches->object_size - bpf_core_field_offset(cache->node)) / sizeof(void *) : 1;
}

SEC("iter/kmem_cache")
int proc_slabinfo(struct bpf_iter__kmem_cache *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct kmem_cache *cache = ctx->s;
	struct kmem_cache___iterfs *own = (void *)cache;
	struct kmem_cache_node *node;
	struct totals totals = {};
	unsigned long active;
	__u32 nodes, i;

	if (!cache)
		return 0;
	if (ctx->meta->seq_num == 0) {
		BPF_SEQ_PRINTF(seq, "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
		BPF_SEQ_PRINTF(seq, " : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	}
	nodes = count_nodes(cache);
	for (i = 0; i < nodes && i < MAX_NODES; i++) {
		if (!bpf_probe_read_kernel(&node, sizeof(node), (void *)&cache->node + i * sizeof(node)) && node)
			add_node(&totals, node);
	}
	active = totals.objects - totals.free;
	if (bpf_core_field_exists(own->iterfs_active_objects))
		active = own->iterfs_active_objects;
	BPF_SEQ_PRINTF(seq, "%-17s %6lu %6lu %6u %4u %4d", cache->name, active, totals.objects, cache->size, cache->oo.x & OO_MASK,
		       1 << (cache->oo.x >> OO_SHIFT));
	BPF_SEQ_PRINTF(seq, " : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n", 0, 0, 0, totals.slabs, totals.slabs, 0UL);
	return 0;
}
