// Several programs in one object, with a map and globals that they share, in sections of their own and in the same one.
#include "compare.h"

MAP(numbers, ARRAY, 1, __u32, __u64);

int calls;

static __noinline __u64 count(void)
{
	__u32 zero = 0;
	__u64 *at = bpf_map_lookup_elem(&numbers, &zero);

	return at ? ++*at : 0;
}

SEC("iter/task")
int first(struct bpf_iter__task *ctx)
{
	if (ctx->task)
		OUT("first %llu %d\n", count(), ++calls);
	return 0;
}

SEC("iter/task_file")
int files(struct bpf_iter__task_file *ctx)
{
	if (ctx->file && ctx->fd < 3)
		OUT("files %u %llu %d\n", ctx->fd, count(), ++calls);
	return 0;
}

SEC("iter.s/task")
int last(struct bpf_iter__task *ctx)
{
	if (ctx->task)
		OUT("last %llu %d\n", count(), ++calls);
	return 0;
}
