// struct vm_area_struct of one process (TARGET): the numbers of maps, with vm_pgoff of memory without a file too.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/task_vma")
int dump(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;

	if (!task || !vma || task->tgid != TARGET)
		return 0;
	struct file *file = vma->vm_file;
	/* VM_SHARED of a mapping that is not writable cannot be told from maps. */
	__u64 flags = vma->vm_flags & (vma->vm_flags & 2 ? 0x8f : 0x87);
	BPF_SEQ_PRINTF(seq, "%d %lx-%lx flags %lx pgoff %lx", task->pid, vma->vm_start, vma->vm_end, flags, vma->vm_pgoff);
	if (file)
		BPF_SEQ_PRINTF(seq, " ino %lu dev %x size %ld", file->f_inode->i_ino, file->f_inode->i_sb->s_dev, file->f_inode->i_size);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
