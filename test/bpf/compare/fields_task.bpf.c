// Fields of a task that /proc shows exactly, through loads of all kinds.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	const struct cred *cred;
	struct mm_struct *mm;

	if (!task)
		return 0;
	cred = task->cred;
	mm = task->mm;
	OUT("%s %d %d flags %x prio %d %d %u policy %u\n", task->comm, task->tgid, task->pid, task->flags, task->prio, task->static_prio,
	    task->rt_priority, task->policy);
	OUT("state %u exit %d %d signal %d start %llu\n", task->__state & 0x7f, task->exit_state, task->exit_code, task->exit_signal,
	    task->start_boottime / 10000000);
	OUT("faults %lu %lu threads %d oom %d personality %x cpus %d\n", task->min_flt, task->maj_flt, task->signal->nr_threads,
	    task->signal->oom_score_adj, task->personality, task->nr_cpus_allowed);
	OUT("parent %d %d session %u loginuid %u\n", task->real_parent->tgid, task->parent->tgid, task->sessionid, task->loginuid.val);
	OUT("uid %u %u %u %u gid %u %u %u %u\n", cred->uid.val, cred->euid.val, cred->suid.val, cred->fsuid.val, cred->gid.val,
	    cred->egid.val, cred->sgid.val, cred->fsgid.val);
	OUT("cap %llx %llx %llx %llx %llx\n", cred->cap_inheritable.val, cred->cap_permitted.val, cred->cap_effective.val,
	    cred->cap_bset.val, cred->cap_ambient.val);
	OUT("signals %lx %lx %lx\n", task->blocked.sig[0], task->pending.signal.sig[0], task->signal->shared_pending.signal.sig[0]);
	OUT("seccomp %d pid level %u\n", task->seccomp.mode, task->thread_pid->level);
	if (!mm)
		return 0;
	OUT("vm %lu %lu %lu %lu maps %d\n", mm->total_vm, mm->data_vm, mm->stack_vm, mm->exec_vm, mm->map_count);
	OUT("code %lx %lx data %lx %lx brk %lx\n", mm->start_code, mm->end_code, mm->start_data, mm->end_data, mm->start_brk);
	OUT("args %lx %lx env %lx %lx stack %lx\n", mm->arg_start, mm->arg_end, mm->env_start, mm->env_end, mm->start_stack);
	return 0;
}
