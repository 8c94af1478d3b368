// Fields of the tasks of one process, or of all (TARGET 0): values that /proc shows exactly.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	static const char no_mm[] = " no mm\n";

	if (!task || (TARGET && task->tgid != TARGET))
		return 0;
	__u64 a[] = { task->tgid, task->pid, (__u64)task->comm, task->real_parent->tgid, task->flags, task->prio,
		      task->static_prio, task->rt_priority, task->policy };
	bpf_seq_printf(seq, "%d %d %s ppid %d flags %x prio %d %d %u %u", 43, a, sizeof(a));
	__u64 b[] = { task->__state & 0x7f, task->exit_state, task->exit_signal, task->start_boottime / 10000000, task->se.sum_exec_runtime, task->min_flt,
		      task->maj_flt, task->nvcsw, task->nivcsw, task->signal->nr_threads, task->signal->oom_score_adj };
	bpf_seq_printf(seq, " st %u exit %d %d start %lu sum %lu flt %lu %lu csw %lu %lu threads %d oom %d", 78, b, sizeof(b));
	__u64 c[] = { task->cred->uid.val, task->cred->euid.val, task->cred->suid.val, task->cred->fsuid.val, task->cred->gid.val,
		      task->cred->cap_effective.val, task->cred->cap_bset.val, task->blocked.sig[0], task->nsproxy->net_ns->ns.inum,
		      task->nsproxy->uts_ns->ns.inum, task->fs->umask, task->nr_cpus_allowed };
	bpf_seq_printf(seq, " uid %u %u %u %u gid %u cap %lx %lx sig %lx net %u uts %u umask %d cpus %d", 75, c, sizeof(c));
	struct mm_struct *m = task->mm;
	if (!m) {
		bpf_seq_printf(seq, no_mm, sizeof(no_mm), 0, 0);
		return 0;
	}
	__u64 d[] = { m->total_vm, m->data_vm, m->stack_vm, m->exec_vm, m->start_code, m->end_code, m->start_stack, m->start_data, m->end_data,
		      m->start_brk, m->arg_start, m->env_end };
	bpf_seq_printf(seq, " vm %lu %lu %lu %lu code %lx %lx stack %lx data %lx %lx brk %lx arg %lx env %lx", 80, d, sizeof(d));
	__u64 e[] = { m->map_count, m->locked_vm };
	bpf_seq_printf(seq, " maps %d locked %lu\n", 21, e, sizeof(e));
	return 0;
}
