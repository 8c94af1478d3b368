// Pointers to tasks kept in a map. Needs clang 15.
#include "compare.h"

extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;

struct kept {
	struct task_struct __attribute__((btf_type_tag("kptr"))) *task;
	__u32 visits;
};

MAP(tasks, ARRAY, 1, __u32, struct kept);

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *mine, *before;
	struct kept *kept;
	__u32 zero = 0;

	if (!task)
		return 0;
	kept = bpf_map_lookup_elem(&tasks, &zero);
	mine = kept ? bpf_task_acquire(task) : 0;
	if (!mine)
		return 0;
	before = bpf_kptr_xchg(&kept->task, mine);
	OUT("%s after %s\n", task->comm, before ? before->comm : "nothing");
	if (before)
		bpf_task_release(before);
	if (++kept->visits % 3)
		return 0;
	before = bpf_kptr_xchg(&kept->task, 0);
	OUT("taken out %d\n", before ? before->pid == task->pid : -1);
	if (before)
		bpf_task_release(before);
	return 0;
}
