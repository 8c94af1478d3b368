// One of two objects that bpftool links: functions and variables of the other, static ones of the same names, a weak one that loses.
#include "mini.h"

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	int pid;
	int tgid;
} CORE;

extern int of_the_other(int x);
extern int shared_count;
int mine = 4;
static int same_name = 8;

static __noinline int same_function(int x)
{
	return x * same_name;
}
__weak __noinline int overridden(int x)
{
	struct task_struct *task = (void *)(long)x;
	return bpf_core_field_exists(task->pid) + x;
}

SEC("iter/task")
int one(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (!task)
		return 0;
	shared_count += of_the_other(task->pid) + same_function(mine) + overridden(task->tgid);
	same_name++;
	return 0;
}
