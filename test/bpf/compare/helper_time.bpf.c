// Clocks and counters: what must hold between them.
#include "compare.h"

#define SECOND 1000000000ULL

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	__u64 first, second, boot, jiffies;

	if (!task)
		return 0;
	first = bpf_ktime_get_ns();
	second = bpf_ktime_get_ns();
	boot = bpf_ktime_get_boot_ns();
	jiffies = bpf_jiffies64();
	OUT("monotonic %d\n", second >= first && second - first < SECOND);
	OUT("boot %d\n", boot >= first);
	OUT("started before %d\n", task->start_boottime <= boot && boot - task->start_boottime < 3600 * SECOND);
	OUT("tai is of this century %d\n", bpf_ktime_get_tai_ns() / SECOND > 1600000000);
	OUT("jiffies %d\n", jiffies <= bpf_jiffies64());
	OUT("cpu %d numa %ld\n", bpf_get_smp_processor_id() < 64, (long)bpf_get_numa_node_id());
	OUT("random %d\n", bpf_get_prandom_u32() != bpf_get_prandom_u32() || bpf_get_prandom_u32() != bpf_get_prandom_u32());
	return 0;
}
