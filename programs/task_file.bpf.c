// Open files: the worked example of the kernel's documentation of BPF iterators.
//
// Prints  a heading before the first file, then tgid, pid ("gid"), descriptor and the address of the file's operations.
// Parameters  --pid N: the files of one process; --tid N: those of one thread, whose table may be its own; none: all.
// Globals  target_pid: when not 0, files of other processes are left out, the other way to filter: they are still visited.
//          count: files of threads that have a table of their own, since the heading.
//          last_tgid, unique_tgid_count: the process seen last, and how many times it changed since the object was loaded.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

int target_pid = 0;
int count = 0;
int last_tgid = 0;
int unique_tgid_count = 0;

SEC("iter/task_file")
int dump_task_file(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	__u32 fd = ctx->fd;

	if (!task || !file)
		return 0;
	if (ctx->meta->seq_num == 0) {
		count = 0;
		BPF_SEQ_PRINTF(seq, "    tgid      gid       fd      file\n");
	}
	if (target_pid && task->tgid != target_pid)
		return 0;
	if (task->tgid != task->pid)
		count++;
	if (last_tgid != task->tgid) {
		last_tgid = task->tgid;
		unique_tgid_count++;
	}
	BPF_SEQ_PRINTF(seq, "%8d %8d %8d %lx\n", task->tgid, task->pid, fd, (long)file->f_op);
	return 0;
}
