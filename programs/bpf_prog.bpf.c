// Programs: one line for each.
//
// Prints  a heading, then id, type and attach type (their numbers), name, and the kernel function that it is attached to.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/bpf_prog")
int dump_progs(struct bpf_iter__bpf_prog *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_prog *prog = ctx->prog;

	if (!prog)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "      id type attach name             function\n");
	BPF_SEQ_PRINTF(seq, "%8u %4u %6u %-16s %s\n", prog->aux->id, prog->type, prog->expected_attach_type, prog->aux->name,
		       prog->aux->attach_func_name);
	return 0;
}
