// More text for one object than a buffer holds: E2BIG, and helpers that say EOVERFLOW from there on.
#include "compare.h"

/* Which object has it; by one byte too much, or just as much as fits. */
int at = 2;
bool over = true;
long results[4];


SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	if (!task) {
		OUT("end %llu %ld %ld %ld %ld\n", ctx->meta->seq_num, results[0], results[1], results[2], results[3]);
		return 0;
	}
	if (ctx->meta->seq_num != at) {
		OUT("%llu %s\n", ctx->meta->seq_num, task->comm);
		return 0;
	}
	results[0] = BPF_SEQ_PRINTF(seq, "%32000d|", 1);
	if (over)
		results[1] = BPF_SEQ_PRINTF(seq, "%767d", 2);
	else
		results[1] = BPF_SEQ_PRINTF(seq, "%758d\n", 2);
	results[2] = BPF_SEQ_PRINTF(seq, "small\n");
	results[3] = bpf_seq_write(seq, "\n", 1);
	return 0;
}
