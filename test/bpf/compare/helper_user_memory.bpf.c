// Memory of the visited process, in a sleepable program: its arguments, and addresses that it has not.
#include "compare.h"

SEC("iter.s/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	char args[16] = "";
	long ret;
	int i;

	if (!task || !task->mm)
		return 0;
	ret = bpf_copy_from_user_task(args, sizeof(args) - 1, (void *)task->mm->arg_start, task, 0);
	for (i = 0; i < (int)sizeof(args) - 1; i++)
		if (!args[i])
			args[i] = '|';
	OUT("arguments %ld %s\n", ret, args);
	ret = bpf_copy_from_user_task(args, 8, (void *)0x1000, task, 0);
	OUT("unmapped %ld %x\n", ret, args[0]);
	ret = bpf_copy_from_user_task(args, 8, (void *)task->mm->env_end, task, 0);
	OUT("behind the environment %d\n", ret == 0 || ret == -14);
	ret = bpf_copy_from_user_task(args, 0, 0, task, 0);
	OUT("nothing %ld\n", ret);
	ret = bpf_copy_from_user_task(args, 8, (void *)task->mm->arg_start, task, 1);
	OUT("flags %ld\n", ret);
	ret = bpf_copy_from_user(args, 8, (void *)0x1000);
	OUT("of the reader %ld\n", ret);
	return 0;
}
