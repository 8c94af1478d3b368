// The VMAs of one process (TARGET) in the format of /proc/PID/maps.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

char path[256];

SEC("iter/task_vma")
int proc_maps(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct vm_area_struct *vma = ctx->vma;
	struct task_struct *task = ctx->task;

	if (!task || !vma || (TARGET && task->tgid != TARGET))
		return 0;
	struct file *file = vma->vm_file;
	__u64 flags = vma->vm_flags;
	char perms[5] = "---p";

	if (flags & 1)
		perms[0] = 'r';
	if (flags & 2)
		perms[1] = 'w';
	if (flags & 4)
		perms[2] = 'x';
	if (flags & 0x80)
		perms[3] = 's';
	BPF_SEQ_PRINTF(seq, "%08llx-%08llx %s ", vma->vm_start, vma->vm_end, perms);
	if (file) {
		__u32 dev = file->f_inode->i_sb->s_dev;
		__builtin_memset(path, 0, sizeof(path));
		bpf_d_path((struct path *)&file->f_path, path, sizeof(path));
		BPF_SEQ_PRINTF(seq, "%08llx %02x:%02x %u", vma->vm_pgoff << 12, dev >> 20, dev & 0xfffff, file->f_inode->i_ino);
		BPF_SEQ_PRINTF(seq, "\t%s\n", path);
	} else {
		BPF_SEQ_PRINTF(seq, "%08llx 00:00 0\n", 0ULL);
	}
	return 0;
}
