// Relocations that fail: harmless where the program does not come by, because of a check that the loader can see or a constant.
#include "compare.h"

struct task_struct___mine {
	int pid;
	int no_such_field;
	struct {
		int deep;
	} no_such_struct;
} __attribute__((preserve_access_index));

struct no_such_struct {
	int x;
} __attribute__((preserve_access_index));

const volatile int never = 0;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct___mine *mine = (void *)ctx->task;
	struct no_such_struct *none = (void *)mine;

	if (!mine)
		return 0;
	if (bpf_core_field_exists(mine->no_such_field))
		OUT("no_such_field %d\n", BPF_CORE_READ(mine, no_such_field));
	else
		OUT("no no_such_field\n");
	if (bpf_core_type_exists(struct no_such_struct))
		OUT("x %d\n", BPF_CORE_READ(none, x));
	if (never)
		OUT("deep %d size %d\n", BPF_CORE_READ(mine, no_such_struct.deep), (int)bpf_core_type_size(struct no_such_struct));
	OUT("pid %d\n", BPF_CORE_READ(mine, pid));
	return 0;
}
