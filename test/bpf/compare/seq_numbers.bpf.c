// seq_num, session_id and the call at the end, with a thread that is left out.
#include "compare.h"

__u64 session;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task) {
		OUT("end %llu same session %d\n", ctx->meta->seq_num, session == ctx->meta->session_id);
		return 0;
	}
	if (ctx->meta->seq_num == 0) {
		OUT("a new session %d\n", session != ctx->meta->session_id);
		session = ctx->meta->session_id;
	}
	if (ctx->meta->seq_num != 1)
		OUT("%llu %s\n", ctx->meta->seq_num, task->comm);
	return 0;
}
