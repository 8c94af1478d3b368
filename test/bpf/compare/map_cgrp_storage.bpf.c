// Cgroup storage: a value for each cgroup.
#include "compare.h"

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} storage SEC(".maps");

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct cgroup *cgroup;
	__u32 *at;

	if (!task)
		return 0;
	cgroup = task->cgroups->dfl_cgrp;
	at = bpf_cgrp_storage_get(&storage, cgroup, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	OUT("%s %d\n", task->comm, at ? ++*at : -1);
	if (task->pid == task->tgid)
		return 0;
	OUT("delete %ld\n", (long)bpf_cgrp_storage_delete(&storage, cgroup));
	at = bpf_cgrp_storage_get(&storage, cgroup, 0, 0);
	OUT("gone %d\n", at == 0);
	return 0;
}
