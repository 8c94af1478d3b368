// Kernel stacks and registers of a sleeping task.
#include "compare.h"

unsigned long frames[32];

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	long size, few;
	int i;

	if (!task)
		return 0;
	size = bpf_get_task_stack(task, frames, sizeof(frames), 0);
	OUT("size %ld\n", size);
	for (i = 0; i < 32 && i * 8 < size; i++)
		OUT("%pB %ps\n", (void *)frames[i], (void *)frames[i]);
	few = bpf_get_task_stack(task, frames, 16, 0);
	OUT("two frames %ld\n", few);
	few = bpf_get_task_stack(task, frames, sizeof(frames), 2);
	OUT("without two %ld\n", size - few);
	for (i = 0; i < 2 && i * 8 < few; i++)
		OUT("%pB\n", (void *)frames[i]);
	few = bpf_get_task_stack(task, frames, sizeof(frames), 255);
	OUT("without all %ld\n", few);
	OUT("not a multiple of 8: %ld\n", (long)bpf_get_task_stack(task, frames, 12, 0));
	OUT("flags %ld\n", (long)bpf_get_task_stack(task, frames, sizeof(frames), 1 << 12));
	return 0;
}
