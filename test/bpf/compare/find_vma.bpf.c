// Mappings of a task by address: bpf_find_vma, and the open-coded iterator of them.
#include "compare.h"

extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task, u64 addr) __ksym;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __ksym;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __ksym;

struct found {
	__u64 start, end, flags;
	int calls, ino;
};

volatile __u64 count, bytes;

static long take(struct task_struct *task, struct vm_area_struct *vma, struct found *found)
{
	found->start = vma->vm_start;
	found->end = vma->vm_end;
	found->flags = vma->vm_flags & 7;
	found->calls++;
	if (vma->vm_file)
		found->ino = vma->vm_file->f_inode->i_ino;
	return 1;
}

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct bpf_iter_task_vma vmas;
	struct vm_area_struct *vma;
	struct found found = {};
	long ret;

	if (!task || !task->mm)
		return 0;
	ret = bpf_find_vma(task, task->mm->start_stack, take, &found, 0);
	OUT("stack %ld: %lx-%lx %llx calls %d\n", ret, found.start, found.end, found.flags, found.calls);
	ret = bpf_find_vma(task, task->mm->start_code, take, &found, 0);
	OUT("code %ld: %lx-%lx ino %d calls %d\n", ret, found.start, found.end, found.ino, found.calls);
	OUT("nothing %ld flags %ld\n", (long)bpf_find_vma(task, 0, take, &found, 0), (long)bpf_find_vma(task, 0, take, &found, 1));
	count = bytes = 0;
	ret = bpf_iter_task_vma_new(&vmas, task, task->mm->end_code);
	while ((vma = bpf_iter_task_vma_next(&vmas))) {
		if (count < 3)
			OUT("%lx-%lx\n", vma->vm_start, vma->vm_end);
		count++;
		bytes += vma->vm_end - vma->vm_start;
	}
	bpf_iter_task_vma_destroy(&vmas);
	OUT("from the code on %ld: %llu with %llu bytes\n", ret, count, bytes);
	return 0;
}
