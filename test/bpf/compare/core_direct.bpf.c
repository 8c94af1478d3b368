// Plain loads through typed pointers: member of member, arrays with a constant and a variable index, pointers in a chain.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct rlimit *rlim;
	unsigned long sum = 0;
	int i;

	if (!task)
		return 0;
	OUT("member %d %d %u\n", task->pid, task->prio, task->policy);
	OUT("chain %d %s\n", task->group_leader->real_parent->tgid, task->group_leader->comm);
	OUT("struct in struct %lx %lx\n", task->blocked.sig[0], task->pending.signal.sig[0]);
	OUT("array of structs %ld %ld\n", task->signal->rlim[7].rlim_cur, task->signal->rlim[3].rlim_max);
	for (i = 0; i < 16; i++) {
		rlim = &task->signal->rlim[i];
		sum = sum * 31 + rlim->rlim_cur + 7 * rlim->rlim_max;
	}
	OUT("all limits %lx\n", sum);
	OUT("bytes of comm %x %x\n", task->comm[0], task->comm[1]);
	OUT("small %d %u\n", task->signal->oom_score_adj, (unsigned short)task->signal->oom_score_adj);
	OUT("pointer to pointer %u %d\n", task->files->fdt->max_fds, task->fs->umask);
	OUT("no mm of %d: %d\n", task->pid, task->mm == 0);
	return 0;
}
