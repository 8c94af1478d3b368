// Fields of memory mappings.
#include "compare.h"

SEC("iter/task_vma")
int dump(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *vma = ctx->vma;
	struct task_struct *task = ctx->task;

	if (!task || !vma)
		return 0;
	OUT("%lx-%lx flags %lx pgoff %lx same mm %d\n", vma->vm_start, vma->vm_end, vma->vm_flags & (vma->vm_flags & 2 ? 0x8f : 0x87),
	    vma->vm_pgoff, vma->vm_mm->map_count == task->mm->map_count);
	if (vma->vm_file)
		OUT("\tino %lu dev %x %s\n", vma->vm_file->f_inode->i_ino, vma->vm_file->f_inode->i_sb->s_dev,
		    vma->vm_file->f_path.dentry->d_name.name);
	return 0;
}
