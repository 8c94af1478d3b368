// Shifts for bitfields: fields that our own structs declare as bitfields, read with the target's width.
#include "compare.h"

struct task_struct___bits {
	unsigned int flags : 3;
	int exit_signal : 7;
	int pid : 31;
	unsigned long nvcsw : 40;
} __attribute__((preserve_access_index));

struct signal_struct___bits {
	short oom_score_adj : 5;
	int nr_threads : 2;
} __attribute__((preserve_access_index));

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_struct___bits *bits = (void *)task;
	struct signal_struct___bits *signal;

	if (!task)
		return 0;
	signal = (void *)task->signal;
	OUT("probed flags %d exit_signal %lld\n", BPF_CORE_READ_BITFIELD_PROBED(bits, flags) == task->flags,
	    (__s64)BPF_CORE_READ_BITFIELD_PROBED(bits, exit_signal));
	OUT("probed pid %llu\n", BPF_CORE_READ_BITFIELD_PROBED(bits, pid));
	OUT("probed oom_score_adj %lld nr_threads %lld\n", (__s64)BPF_CORE_READ_BITFIELD_PROBED(signal, oom_score_adj),
	    (__s64)BPF_CORE_READ_BITFIELD_PROBED(signal, nr_threads));
	OUT("plain pid %llu exit_signal %lld\n", BPF_CORE_READ_BITFIELD(bits, pid), (__s64)BPF_CORE_READ_BITFIELD(bits, exit_signal));
	OUT("shifts flags %d %d\n", __builtin_preserve_field_info(bits->flags, BPF_FIELD_LSHIFT_U64),
	    __builtin_preserve_field_info(bits->flags, BPF_FIELD_RSHIFT_U64));
	OUT("shifts nvcsw %d %d\n", __builtin_preserve_field_info(bits->nvcsw, BPF_FIELD_LSHIFT_U64),
	    __builtin_preserve_field_info(bits->nvcsw, BPF_FIELD_RSHIFT_U64));
	OUT("shifts oom_score_adj %d %d\n", __builtin_preserve_field_info(signal->oom_score_adj, BPF_FIELD_LSHIFT_U64),
	    __builtin_preserve_field_info(signal->oom_score_adj, BPF_FIELD_RSHIFT_U64));
	OUT("shifts of a plain field %d %d\n", __builtin_preserve_field_info(task->pid, BPF_FIELD_LSHIFT_U64),
	    __builtin_preserve_field_info(task->pid, BPF_FIELD_RSHIFT_U64));
	return 0;
}
