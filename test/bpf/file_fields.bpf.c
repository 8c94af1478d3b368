// struct file, inode and super_block of the open files of one process (TARGET): what stat and fdinfo show.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

static const char A[] = "%d %u flags %x pos %ld fmode %x ino %lu mode %x nlink %u uid %u gid %u rdev %x size %ld";
static const char B[] = " blocks %lu atime %ld.%u mtime %ld.%u dev %x type %s name %s len %u\n";

SEC("iter/task_file")
int dump(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;

	if (!task || !file || task->tgid != TARGET)
		return 0;
	struct inode *inode = file->f_inode;
	struct super_block *sb = inode->i_sb;
	__u64 a[] = { task->pid, ctx->fd, file->f_flags & ~02000000, file->f_pos, file->f_mode & 0x4003, inode->i_ino, inode->i_mode,
		      inode->i_nlink, inode->i_uid.val, inode->i_gid.val, inode->i_rdev, inode->i_size };
	bpf_seq_printf(seq, A, sizeof(A), a, sizeof(a));
	__u64 b[] = { inode->i_blocks, inode->i_atime_sec, inode->i_atime_nsec, inode->i_mtime_sec, inode->i_mtime_nsec,
		      sb->s_dev, (__u64)sb->s_type->name, (__u64)file->f_path.dentry->d_name.name, file->f_path.dentry->d_name.len };
	bpf_seq_printf(seq, B, sizeof(B), b, sizeof(b));
	return 0;
}
