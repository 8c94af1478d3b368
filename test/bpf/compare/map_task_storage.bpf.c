// Task storage: a value for each task, kept from one read to the next.
#include "compare.h"

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} storage SEC(".maps");

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	__u64 *at, start = 100;

	if (!task)
		return 0;
	at = bpf_task_storage_get(&storage, task, 0, 0);
	OUT("%s before %lld ", task->comm, at ? (__s64)*at : -1);
	at = bpf_task_storage_get(&storage, task, &start, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (at)
		OUT("created %llu ", (*at)++);
	at = bpf_task_storage_get(&storage, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	OUT("then %lld ", at ? (__s64)*at : -1);
	at = bpf_task_storage_get(&storage, task->group_leader, 0, 0);
	OUT("leader's %lld\n", at ? (__s64)*at : -1);
	if (task->pid == task->tgid)
		return 0;
	OUT("delete %ld %ld\n", (long)bpf_task_storage_delete(&storage, task), (long)bpf_task_storage_delete(&storage, task));
	return 0;
}
