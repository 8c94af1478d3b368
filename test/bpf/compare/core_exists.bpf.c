// Field existence: of fields, members of members, structs that the target does not have, and wrong types.
#include "compare.h"

struct task_struct___mine {
	int pid;
	int no_such_field;
	struct {
		unsigned long total_vm;
	} *mm;
	struct {
		int pid;
	} comm;
} __attribute__((preserve_access_index));

struct no_such_struct {
	int pid;
} __attribute__((preserve_access_index));

struct signal_struct___mine {
	long oom_score_adj[2];
	int nr_threads;
} __attribute__((preserve_access_index));

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct___mine *mine = (void *)ctx->task;
	struct no_such_struct *none = (void *)mine;
	struct signal_struct___mine *signal = (void *)mine;

	if (!mine)
		return 0;
	OUT("pid %d\n", bpf_core_field_exists(mine->pid));
	OUT("no_such_field %d\n", bpf_core_field_exists(mine->no_such_field));
	OUT("comm as a struct %d\n", bpf_core_field_exists(mine->comm));
	OUT("mm %d\n", bpf_core_field_exists(mine->mm));
	OUT("no_such_struct %d\n", bpf_core_field_exists(none->pid));
	OUT("oom_score_adj as an array %d\n", bpf_core_field_exists(signal->oom_score_adj));
	OUT("nr_threads %d\n", bpf_core_field_exists(signal->nr_threads));
	OUT("by type %d %d\n", bpf_core_field_exists(struct task_struct, tgid), bpf_core_field_exists(struct task_struct___mine, no_such_field));
	return 0;
}
