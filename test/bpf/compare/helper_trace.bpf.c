// bpf_printk: what it returns; the text goes to the trace, not to the reader.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	OUT("three arguments %ld\n", (long)bpf_printk("task %d %s %x", 42, "text", 0xff));
	OUT("four %ld\n", (long)bpf_printk("%d %d %d %d", 1, 22, 333, 4444));
	OUT("none %ld\n", (long)bpf_printk("a line"));
	OUT("done\n");
	return 0;
}
