// Cgroups, for tests: returns 1 at one of them, prints much at each, and more than fits at one.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* Numbers of cgroups in the walk; -1 for none. */
int stop_at = -1, burst_at = -1;
/* Adds 900 bytes to each. */
bool wide = false;
/* At the end: more than fits. */
bool burst_end = false;

static int visit(struct bpf_iter__cgroup *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct cgroup *cgroup = ctx->cgroup;
	int at = ctx->meta->seq_num;

	if (!cgroup) {
		BPF_SEQ_PRINTF(seq, "END %llu\n", ctx->meta->seq_num);
		if (burst_end)
			BPF_SEQ_PRINTF(seq, "%032760d", 0);
		return 1;
	}
	BPF_SEQ_PRINTF(seq, "%d %llu %d \"%s\"", at, cgroup->kn->id, cgroup->level, cgroup->kn->name);
	if (wide)
		BPF_SEQ_PRINTF(seq, " %0900d", 0);
	if (at == burst_at)
		BPF_SEQ_PRINTF(seq, "%032760d", 0);
	BPF_SEQ_PRINTF(seq, "\n");
	return at == stop_at;
}

SEC("iter/cgroup")
int walk(struct bpf_iter__cgroup *ctx)
{
	return visit(ctx);
}

SEC("iter.s/cgroup")
int sleepy(struct bpf_iter__cgroup *ctx)
{
	return visit(ctx);
}

/* All fields; the root's counts are those of the whole machine. */
SEC("iter/cgroup")
int fields(struct bpf_iter__cgroup *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct cgroup *cgroup = ctx->cgroup;
	struct cgroup_subsys_state *css = 0, *up;
	struct mem_cgroup *memory;
	__u32 mask = 0, i;

	if (!cgroup)
		return 0;
	for (i = 0; i < CGROUP_SUBSYS_COUNT; i++) {
		css = 0;
		bpf_probe_read_kernel(&css, sizeof(css), &cgroup->subsys[i]);
		if (css && BPF_CORE_READ(css, cgroup) == cgroup)
			mask |= 1 << i;
	}
	BPF_SEQ_PRINTF(seq, "%llu %d flags %lx limits %d %d threaded %d control %x subsys %x", cgroup->kn->id, cgroup->level, cgroup->flags,
		       cgroup->max_depth, cgroup->max_descendants, cgroup->nr_threaded_children, cgroup->subtree_control, mask);
	BPF_SEQ_PRINTF(seq, " mode %x root %d \"%s\" %x css %x", cgroup->kn->mode, cgroup->root->hierarchy_id, cgroup->root->name,
		       cgroup->root->subsys_mask, cgroup->self.flags);
	up = cgroup->self.parent;
	BPF_SEQ_PRINTF(seq, " parent %llu %llu below", up ? up->cgroup->kn->id : 0, cgroup->kn->__parent ? cgroup->kn->__parent->id : 0);
	if (cgroup->level > 0) {
		BPF_SEQ_PRINTF(seq, " %d", cgroup->nr_descendants);
		if (cgroup->root->hierarchy_id == 0)
			BPF_SEQ_PRINTF(seq, " %d", cgroup->nr_dying_descendants);
	}
	BPF_SEQ_PRINTF(seq, "\n");
	css = cgroup->subsys[memory_cgrp_id];
	if (!css || cgroup->level == 0)
		return 0;
	memory = container_of(css, struct mem_cgroup, css);
	up = BPF_CORE_READ(memory, css.parent);
	BPF_SEQ_PRINTF(seq, "  memory parent %llu", up ? BPF_CORE_READ(up, cgroup, kn, id) : 0);
#define COUNTER(name) BPF_SEQ_PRINTF(seq, " " #name " %lu %lu %lu %lu high %lu min %lu low %lu", BPF_CORE_READ(memory, name.usage.counter), \
		BPF_CORE_READ(memory, name.max), BPF_CORE_READ(memory, name.watermark), BPF_CORE_READ(memory, name.failcnt), \
		BPF_CORE_READ(memory, name.high), BPF_CORE_READ(memory, name.min), BPF_CORE_READ(memory, name.low))
	COUNTER(memory);
	COUNTER(memsw);
	COUNTER(swap);
	COUNTER(kmem);
	COUNTER(tcpmem);
	BPF_SEQ_PRINTF(seq, " oom %d %d %d\n", BPF_CORE_READ(memory, oom_group), BPF_CORE_READ(memory, under_oom),
		       BPF_CORE_READ(memory, oom_kill_disable));
	return 0;
}
