// Memory by cgroup: what the memory controller has charged to each.
//
// Prints  a heading, then in kB: memory in use, the most that was in use, and the limit ("-" for none); and the path of the cgroup. The first
//         line is that of the cgroup to begin at. Cgroups for which the controller is off are left out.
// Parameters  --order NAME, and where to begin: --cgroup DIR (with cgroups v1 a folder of /sys/fs/cgroup/memory), --cgroup-id N, or the
//             root of v2.
// Globals  page_kb: kB of a page (4).
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "cgroup_path.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 page_kb = 4;

/* PAGE_COUNTER_MAX is LONG_MAX in pages. */
#define MAX_KB (~0ULL >> 11)

SEC("iter/cgroup")
int dump_memory(struct bpf_iter__cgroup *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct cgroup *cgroup = ctx->cgroup;
	struct cgroup_subsys_state *css = 0;
	struct mem_cgroup *memory;
	__u64 used, most, limit;

	if (!cgroup)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "     used kB      most kB     limit kB path\n");
	bpf_probe_read_kernel(&css, sizeof(css), &cgroup->subsys[bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id)]);
	if (!css)
		return 0;
	memory = container_of(css, struct mem_cgroup, css);
	used = BPF_CORE_READ(memory, memory.usage.counter) * page_kb;
	most = BPF_CORE_READ(memory, memory.watermark) * page_kb;
	limit = BPF_CORE_READ(memory, memory.max) * page_kb;
	BPF_SEQ_PRINTF(seq, "%12llu %12llu ", used, most);
	if (limit > MAX_KB - page_kb)
		BPF_SEQ_PRINTF(seq, "%12s ", "-");
	else
		BPF_SEQ_PRINTF(seq, "%12llu ", limit);
	print_cgroup_path(seq, cgroup);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
