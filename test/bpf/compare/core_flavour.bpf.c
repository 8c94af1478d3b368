// Flavours: the state of a task under its names before and since 5.14, and a field that moved into another struct.
#include "compare.h"

struct task_struct___old {
	volatile long state;
} __attribute__((preserve_access_index));

struct task_struct___new {
	unsigned int __state;
} __attribute__((preserve_access_index));

struct inode___old {
	struct {
		long tv_sec;
	} i_mtime;
} __attribute__((preserve_access_index));

static __noinline long state_of(void *task)
{
	struct task_struct___new *now = task;

	if (bpf_core_field_exists(now->__state))
		return BPF_CORE_READ(now, __state);
	return BPF_CORE_READ((struct task_struct___old *)task, state);
}

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct inode___old *inode = 0;
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	OUT("state %ld\n", state_of(task) & 0x7f);
	OUT("i_mtime %d i_mtime_sec %d\n", bpf_core_field_exists(inode->i_mtime), bpf_core_field_exists(struct inode, i_mtime_sec));
	return 0;
}
