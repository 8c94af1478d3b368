// The kernel's symbols in the format of /proc/kallsyms.
//
// Prints  for each symbol: address, letter, name and, after a tab, its module in brackets. Addresses are 0 for a reader who may not see them.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define CASE_BIT 0x20

SEC("iter/ksym")
int proc_kallsyms(struct bpf_iter__ksym *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct kallsym_iter *symbol = ctx->ksym;
	unsigned long value;
	char letter;

	if (!symbol)
		return 0;
	value = symbol->show_value ? symbol->value : 0;
	letter = symbol->type;
	if (!symbol->module_name[0]) {
		BPF_SEQ_PRINTF(seq, "%016lx %c %s\n", value, letter, symbol->name);
		return 0;
	}
	/* The call at the end brings the last symbol once more, as one of kprobes, and its place is the first free one. */
	if (symbol->pos > (loff_t)ctx->meta->seq_num)
		return 0;
	letter = symbol->exported ? letter & ~CASE_BIT : letter | CASE_BIT;
	BPF_SEQ_PRINTF(seq, "%016lx %c %s\t[%s]\n", value, letter, symbol->name, symbol->module_name);
	return 0;
}
