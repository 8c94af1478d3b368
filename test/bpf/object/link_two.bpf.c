// The other one of the two.
#include "mini.h"

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	int tgid;
} CORE;

int shared_count = 3;
static int same_name = 9;

static __noinline int same_function(int x)
{
	return x + same_name;
}
__noinline int of_the_other(int x)
{
	return same_function(x) ^ 5;
}
__noinline int overridden(int x)
{
	return x - same_name;
}

SEC("iter/task")
int two(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (!task)
		return 0;
	shared_count += same_function(task->tgid) + overridden(4);
	same_name--;
	return 0;
}
