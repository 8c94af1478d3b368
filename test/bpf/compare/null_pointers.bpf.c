// Pointers that are NULL or wild: plain loads give 0, in a chain too; kernel threads have no mm.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	char c = 'x';

	if (!task)
		return 0;
	OUT("mm %d total_vm %lu exe %d\n", task->mm == 0, task->mm->total_vm, task->mm->exe_file->f_inode->i_sb->s_dev);
	OUT("comm %s\n", task->comm);
	OUT("probe %ld %d\n", (long)bpf_probe_read_kernel(&c, 1, &task->mm->total_vm), c);
	OUT("core %lu %d\n", BPF_CORE_READ(task, mm, total_vm), BPF_CORE_READ(task, mm, exe_file, f_inode, i_sb, s_dev));
	return 0;
}
