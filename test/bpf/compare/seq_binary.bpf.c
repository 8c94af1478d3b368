// seq_write: bytes of all values, structs, nothing at all, mixed with text.
#include "compare.h"

struct record {
	__u32 pid;
	char comm[16];
	__u64 start;
} __attribute__((packed));

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct record record = {};
	__u8 all[256];
	int i;

	if (!task) {
		bpf_seq_write(ctx->meta->seq, "end\n", 4);
		return 0;
	}
	record.pid = task->pid;
	bpf_probe_read_kernel_str(record.comm, sizeof(record.comm), task->comm);
	record.start = task->start_boottime / 10000000;
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	for (i = 0; i < 256; i++)
		all[i] = i;
	OUT("\nwrite %ld ", (long)bpf_seq_write(ctx->meta->seq, all, sizeof(all)));
	OUT("nothing %ld\n", (long)bpf_seq_write(ctx->meta->seq, all, 0));
	return 0;
}
