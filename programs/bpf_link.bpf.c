// Links: one line for each.
//
// Prints  a heading, then id, type (its number), id and name of the program, and the kernel function that this is attached to; - for links
//         that have no program.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/bpf_link")
int dump_links(struct bpf_iter__bpf_link *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_link *link = ctx->link;
	struct bpf_prog *prog;

	if (!link)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "      id type     prog name             function\n");
	prog = link->prog;
	if (!prog) {
		BPF_SEQ_PRINTF(seq, "%8u %4u        - -                -\n", link->id, link->type);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "%8u %4u %8u %-16s %s\n", link->id, link->type, prog->aux->id, prog->aux->name,
		       prog->aux->attach_func_name);
	return 0;
}
