// Size and signedness of the target's fields, where those of our own structs differ, and what is at their offset.
#include "compare.h"

#define SIGNED(field) __builtin_preserve_field_info(field, BPF_FIELD_SIGNED)

struct task_struct___mine {
	char comm[4];
	long pid;
	unsigned int tgid;
	int nvcsw;
} __attribute__((preserve_access_index));

struct signal_struct___mine {
	unsigned long oom_score_adj;
	struct {
	} rlim;
} __attribute__((preserve_access_index));

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_struct___mine *mine = (void *)task;
	struct signal_struct___mine *signal;
	short adj = 0;

	if (!task)
		return 0;
	signal = (void *)task->signal;
	OUT("size comm %d pid %d tgid %d\n", bpf_core_field_size(mine->comm), bpf_core_field_size(mine->pid), bpf_core_field_size(mine->tgid));
	OUT("size nvcsw %d oom_score_adj %d\n", bpf_core_field_size(mine->nvcsw), bpf_core_field_size(signal->oom_score_adj));
	OUT("size of an array %d, an element %d\n", bpf_core_field_size(task->comm), bpf_core_field_size(task->comm[2]));
	OUT("size of a pointer %d, an array of structs %d\n", bpf_core_field_size(task->mm), bpf_core_field_size(task->signal->rlim));
	OUT("signed pid %d nvcsw %d\n", SIGNED(mine->pid), SIGNED(mine->nvcsw));
	OUT("signed oom_score_adj %d flags %d\n", SIGNED(signal->oom_score_adj), SIGNED(task->flags));
	bpf_probe_read_kernel(&adj, sizeof(adj), (void *)signal + bpf_core_field_offset(signal->oom_score_adj));
	OUT("offset of oom_score_adj: %d %d\n", adj, adj == task->signal->oom_score_adj);
	OUT("offset of comm[3] - comm[0]: %d\n", bpf_core_field_offset(task->comm[3]) - bpf_core_field_offset(task->comm[0]));
	return 0;
}
