// Kernel stacks of tasks, as /proc/PID/stack shows them.
//
// Prints  for each thread: tgid, pid, comm and the number of frames, then one line with the symbol of each frame.
// Parameters  --pid N: the threads of one process; --tid N: one thread; none: all.
// Globals  none. At most 64 frames; where the stack may not be read, the error instead of their number.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define MAX_FRAMES 64

struct frames {
	unsigned long address[MAX_FRAMES];
};

/* Of each CPU its own: two readers may run at the same time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct frames);
} stacks SEC(".maps");

SEC("iter/task")
int dump_task_stack(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct frames *frames;
	__u32 zero = 0;
	long size;
	int i;

	if (!task)
		return 0;
	frames = bpf_map_lookup_elem(&stacks, &zero);
	if (!frames)
		return 0;
	size = bpf_get_task_stack(task, frames->address, sizeof(frames->address), 0);
	if (size < 0) {
		BPF_SEQ_PRINTF(seq, "tgid %d pid %d %s error %ld\n", task->tgid, task->pid, task->comm, size);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "tgid %d pid %d %s frames %ld\n", task->tgid, task->pid, task->comm, size / (long)sizeof(long));
	for (i = 0; i < MAX_FRAMES && i * (long)sizeof(long) < size; i++)
		BPF_SEQ_PRINTF(seq, "[<0>] %pB\n", (void *)frames->address[i]);
	return 0;
}
