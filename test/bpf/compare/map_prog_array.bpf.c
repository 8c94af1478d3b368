// Tail calls: into a slot that the object fills, an empty one, one beyond the array, and a chain that ends at the limit.
#include "compare.h"

int callee(struct bpf_iter__task *ctx);
int chained(struct bpf_iter__task *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct bpf_iter__task *));
} progs SEC(".maps") = { .values = { [0] = &callee, [2] = &chained } };

int depth;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		return 0;
	OUT("an empty slot ");
	bpf_tail_call(ctx, &progs, 1);
	OUT("one beyond ");
	bpf_tail_call(ctx, &progs, 4);
	OUT("and on\n");
	bpf_tail_call(ctx, &progs, 0);
	OUT("never\n");
	return 0;
}

SEC("iter/task")
int callee(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task)
		return 0;
	OUT("callee of %s\n", task->comm);
	depth = 0;
	bpf_tail_call(ctx, &progs, 2);
	OUT("never\n");
	return 0;
}

SEC("iter/task")
int chained(struct bpf_iter__task *ctx)
{
	depth++;
	bpf_tail_call(ctx, &progs, 2);
	OUT("ends at %d\n", depth);
	return 0;
}
