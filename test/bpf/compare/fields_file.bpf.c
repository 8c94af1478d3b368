// Fields of open files and their inodes, followed over several structs.
#include "compare.h"

/* A flag of the file system in the highest bit, since 6.13. */
#define I_CTIME_QUERIED 0x80000000

SEC("iter/task_file")
int dump(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct inode *inode;

	if (!task || !file)
		return 0;
	inode = file->f_inode;
	OUT("%d %u flags %x pos %lld mode %x\n", task->pid, ctx->fd, file->f_flags & ~02000000, file->f_pos, file->f_mode & 0x4003);
	OUT("\tino %lu mode %x nlink %u uid %u gid %u rdev %x size %lld\n", inode->i_ino, inode->i_mode, inode->i_nlink, inode->i_uid.val,
	    inode->i_gid.val, inode->i_rdev, inode->i_size);
	OUT("\tmtime %lld.%u ctime %lld.%u\n", inode->i_mtime_sec, inode->i_mtime_nsec, inode->i_ctime_sec,
	    inode->i_ctime_nsec & ~I_CTIME_QUERIED);
	OUT("\tdev %x type %s\n", inode->i_sb->s_dev, inode->i_sb->s_type->name);
	if ((inode->i_mode & 0170000) != 0140000)
		OUT("\tname %s %u\n", file->f_path.dentry->d_name.name, file->f_path.dentry->d_name.len);
	return 0;
}
