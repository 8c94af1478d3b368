// Open files of one process (TARGET): what fdinfo, the link and stat show.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/task_file")
int dump(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	char path[128] = "";

	if (!task || !file) {
		BPF_SEQ_PRINTF(seq, "END fd %u seq_num %llu\n", ctx->fd, TARGET ? 0 : ctx->meta->seq_num);
		return 0;
	}
	if (TARGET && task->tgid != TARGET)
		return 0;
	bpf_d_path((struct path *)&file->f_path, path, sizeof(path));
	BPF_SEQ_PRINTF(seq, "%8d %8d %8d %u pos %ld mode %u ino %lu %u size %ld %s\n", task->tgid, task->pid, ctx->fd, file->f_flags, file->f_pos,
		       file->f_mode & 0x4003, file->f_inode->i_ino, file->f_inode->i_mode, file->f_inode->i_size, path);
	return 0;
}
