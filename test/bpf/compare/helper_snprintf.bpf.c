// snprintf: its results, and text that does not fit.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	char out[32] = "", few[5] = "zzzz";
	long ret;

	if (!task)
		return 0;
	ret = BPF_SNPRINTF(out, sizeof(out), "%d|%5d|%-5d|%05d|%x", 42, 42, 42, 42, 42);
	OUT("%ld [%s]\n", ret, out);
	ret = BPF_SNPRINTF(few, sizeof(few), "%s", task->comm);
	OUT("%ld [%s]\n", ret, few);
	ret = BPF_SNPRINTF(few, 1, "%s", task->comm);
	OUT("%ld [%s]\n", ret, few);
	ret = BPF_SNPRINTF(0, 0, "%d %s %lx", 123456, task->comm, 0xabcdef);
	OUT("%ld\n", ret);
	ret = BPF_SNPRINTF(out, sizeof(out), "no arguments");
	OUT("%ld [%s]\n", ret, out);
	ret = BPF_SNPRINTF(out, sizeof(out), "%c%c%% %lld", 'o', 'k', -1LL);
	OUT("%ld [%s]\n", ret, out);
	ret = BPF_SNPRINTF(out, sizeof(out), "%40d", 7);
	OUT("%ld [%s]\n", ret, out);
	return 0;
}
