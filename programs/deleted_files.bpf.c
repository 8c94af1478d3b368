// Open files that are deleted: their space is free when the last descriptor is closed.
//
// Prints  a heading, then process, comm, descriptor, bytes, and the path that the file had.
// Parameters  --pid N: the files of one process; --tid N: those of one thread; none: all.
// Globals  min_size: smaller files are left out (0). A path longer than PATH_MAX is left out.
#include "path_buffer.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

const volatile __s64 min_size = 0;

SEC("iter/task_file")
int deleted_files(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct path_buffer *path;
	struct inode *inode;
	__u32 zero = 0;

	if (!task || !file)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "     pid comm               fd         size path\n");
	inode = file->f_inode;
	if (inode->i_nlink != 0 || inode->i_size < min_size)
		return 0;
	path = bpf_map_lookup_elem(&buffers, &zero);
	if (!path)
		return 0;
	BPF_SEQ_PRINTF(seq, "%8d %-16s %4u %12lld ", task->tgid, task->comm, ctx->fd, inode->i_size);
	if (bpf_d_path((struct path *)&file->f_path, path->text, sizeof(path->text)) > 0)
		BPF_SEQ_PRINTF(seq, "%s\n", path->text);
	else
		BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
