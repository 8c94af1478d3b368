// The reader's task: get_current_* speak of the process that reads, never of the visited one.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 ids = bpf_get_current_pid_tgid(), user = bpf_get_current_uid_gid();
	struct task_struct *current = bpf_get_current_task_btf(), *task = ctx->task;
	char comm[16] = "", cut[3] = "xx";

	if (!task)
		return 0;
	OUT("tgid %d pid %d\n", current->tgid == ids >> 32, current->pid == (__u32)ids);
	OUT("same as get_current_task %d\n", bpf_get_current_task() == (__u64)current);
	OUT("not the visited one %d\n", task->tgid != ids >> 32);
	OUT("uid %u gid %u\n", (__u32)user, (__u32)(user >> 32));
	OUT("cred %u %u\n", current->cred->uid.val, current->cred->gid.val);
	OUT("comm %ld %s\n", (long)bpf_get_current_comm(comm, sizeof(comm)), comm);
	OUT("cut %ld %s\n", (long)bpf_get_current_comm(cut, sizeof(cut)), cut);
	OUT("its comm %s\n", current->comm);
	OUT("cgroup id %d\n", bpf_get_current_cgroup_id() == current->cgroups->dfl_cgrp->kn->id);
	return 0;
}
