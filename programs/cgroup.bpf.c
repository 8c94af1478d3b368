// Cgroups: one line for each.
//
// Prints  a heading, then id, level, how many are below it, and path from the root of the hierarchy.
// Parameters  --order NAME, and where to begin: --cgroup DIR, --cgroup-id N, or the root of v2.
// Globals  max_level: cgroups deeper than that are left out (256 when it is not set).
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "cgroup_path.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 max_level = MAX_LEVEL;

SEC("iter/cgroup")
int dump_cgroups(struct bpf_iter__cgroup *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct cgroup *cgroup = ctx->cgroup;

	if (!cgroup)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "      id level  below path\n");
	if (cgroup->level > max_level)
		return 0;
	BPF_SEQ_PRINTF(seq, "%8llu %5d %6d ", cgroup->kn->id, cgroup->level, cgroup->nr_descendants);
	print_cgroup_path(seq, cgroup);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
