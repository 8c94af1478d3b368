// Returning 1: what was printed for the object is taken back, and the reader gets EAGAIN when there is nothing else.
#include "compare.h"

int calls;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task) {
		OUT("end %llu after %d calls\n", ctx->meta->seq_num, calls);
		return 1;
	}
	calls++;
	OUT("%llu %s\n", ctx->meta->seq_num, task->comm);
	return ctx->meta->seq_num == 2 && calls < 5;
}
