// Strings of the visited process, in a sleepable program.
#include "compare.h"

extern int bpf_copy_from_user_task_str(void *dst, u32 dst__sz, const void *unsafe_ptr__ign, struct task_struct *tsk, u64 flags) __ksym;

#define PAD_ZEROS 1

SEC("iter.s/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	char text[32], few[5];
	int ret;

	if (!task || !task->mm)
		return 0;
	ret = bpf_copy_from_user_task_str(text, sizeof(text), (void *)task->mm->arg_start, task, 0);
	OUT("argument 0 %d %s\n", ret, text);
	ret = bpf_copy_from_user_task_str(few, sizeof(few), (void *)task->mm->arg_start, task, 0);
	OUT("cut %d %s\n", ret, few);
	text[31] = 'x';
	ret = bpf_copy_from_user_task_str(text, sizeof(text), (void *)task->mm->arg_end - 2, task, PAD_ZEROS);
	OUT("padded %d %s %d\n", ret, text, text[31]);
	ret = bpf_copy_from_user_task_str(text, sizeof(text), (void *)8, task, 0);
	OUT("unmapped %d %d\n", ret, text[0]);
	ret = bpf_copy_from_user_task_str(text, sizeof(text), (void *)task->mm->arg_start, task, 2);
	OUT("flags %d\n", ret);
	return 0;
}
