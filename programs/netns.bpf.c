// Network namespaces. The target is iterfs's own: no kernel has it.
//
// Prints  a line of head, then for each namespace that the daemon can see: its number, how many processes are in it, the first of them, and
//         where it is mounted (a dash for nowhere).
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/netns")
int dump_netns(struct bpf_iter__netns *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct iterfs_netns *info = ctx->info;
	struct net *net = ctx->net;

	if (!net || !info)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%10s %9s %7s %s\n", "netns", "processes", "pid", "path");
	BPF_SEQ_PRINTF(seq, "%10u %9u %7d ", net->ns.inum, info->processes, info->pid);
	if (info->path)
		BPF_SEQ_PRINTF(seq, "%s\n", info->path);
	else
		BPF_SEQ_PRINTF(seq, "-\n");
	return 0;
}
