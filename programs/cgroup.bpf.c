// Cgroups: one line for each.
//
// Prints  a heading, then id, level, how many are below it, and path from the root of the hierarchy.
// Parameters  --order NAME, and where to begin: --cgroup DIR, --cgroup-id N, or the root of v2.
// Globals  max_level: cgroups deeper than that are left out (all are shown when it is not set).
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

/* Names that a path may have. */
#define MAX_LEVEL 256

const volatile __u32 max_level = MAX_LEVEL;

SEC("iter/cgroup")
int dump_cgroups(struct bpf_iter__cgroup *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct cgroup *cgroup = ctx->cgroup, *above;
	struct kernfs_node *node;
	const char *name;
	__u32 level, i;

	if (!cgroup)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "      id level  below path\n");
	level = cgroup->level;
	if (level > max_level)
		return 0;
	BPF_SEQ_PRINTF(seq, "%8llu %5u %6d ", cgroup->kn->id, level, cgroup->nr_descendants);
	if (level == 0)
		BPF_SEQ_PRINTF(seq, "/");
	for (i = 1; i <= MAX_LEVEL && i <= level; i++) {
		above = 0;
		node = 0;
		name = 0;
		bpf_probe_read_kernel(&above, sizeof(above), &cgroup->ancestors[i]);
		if (above)
			bpf_probe_read_kernel(&node, sizeof(node), &above->kn);
		if (node)
			bpf_probe_read_kernel(&name, sizeof(name), &node->name);
		BPF_SEQ_PRINTF(seq, "/%s", name);
	}
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
