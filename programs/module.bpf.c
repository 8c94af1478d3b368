// The kernel's modules in the format of /proc/modules. The target is iterfs's own: no kernel has it.
//
// Prints  for each module: name, bytes, uses, users, state, address and, in parentheses, the letters of its taints.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define REF_BASE 1
#define TAINTS 20

static void show_state(struct seq_file *seq, struct module *module)
{
	if (module->state == MODULE_STATE_COMING)
		BPF_SEQ_PRINTF(seq, "Loading");
	else if (module->state == MODULE_STATE_GOING)
		BPF_SEQ_PRINTF(seq, "Unloading");
	else
		BPF_SEQ_PRINTF(seq, "Live");
}

static void show_taints(struct seq_file *seq, struct module *module)
{
	static const char letters[TAINTS + 1] = "PFSRMBUDAWCIOELKXTNJ";
	__u64 taints = module->taints;
	__u32 i;

	if (!taints && module->state == MODULE_STATE_LIVE)
		return;
	BPF_SEQ_PRINTF(seq, " (");
	for (i = 0; i < TAINTS; i++) {
		if (taints & (1ULL << i))
			BPF_SEQ_PRINTF(seq, "%c", letters[i]);
	}
	if (module->state == MODULE_STATE_GOING)
		BPF_SEQ_PRINTF(seq, "-");
	if (module->state == MODULE_STATE_COMING)
		BPF_SEQ_PRINTF(seq, "+");
	BPF_SEQ_PRINTF(seq, ")");
}

SEC("iter/module")
int proc_modules(struct bpf_iter__module *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct module *module = ctx->module;

	if (!module)
		return 0;
	BPF_SEQ_PRINTF(seq, "%s %u", module->name, module->iterfs_size);
	if (module->refcnt.counter)
		BPF_SEQ_PRINTF(seq, " %d", module->refcnt.counter - REF_BASE);
	else
		BPF_SEQ_PRINTF(seq, " -");
	BPF_SEQ_PRINTF(seq, " %s ", module->iterfs_users);
	show_state(seq, module);
	BPF_SEQ_PRINTF(seq, " 0x%016lx", module->iterfs_base);
	show_taints(seq, module);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
