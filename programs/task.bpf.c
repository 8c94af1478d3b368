// Tasks: one line for each thread, like `ps -eL`.
//
// Prints  a heading before the first task, then tgid, pid, tgid of the parent, uid and comm.
// Parameters  --pid N: the threads of one process; --tid N: one thread; none: all.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "    tgid      pid     ppid      uid comm\n");
	BPF_SEQ_PRINTF(seq, "%8d %8d %8d %8d %s\n", task->tgid, task->pid, task->real_parent->tgid, task->cred->uid.val,
		       task->comm);
	return 0;
}
