// Helpers that iterators seldom call.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct bpf_pidns_info ids = {};
	struct task_struct *task = ctx->task;
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	long ret;

	if (!task)
		return 0;
	OUT("root cgroup %llu none so deep %llu\n", (__u64)bpf_get_current_ancestor_cgroup_id(0), (__u64)bpf_get_current_ancestor_cgroup_id(99));
	ret = bpf_get_ns_current_pid_tgid(4, 4026531836, &ids, sizeof(ids));
	OUT("pid namespace %ld %d\n", ret, ids.pid == (__u32)pid_tgid && ids.tgid == pid_tgid >> 32);
	ids.pid = 5;
	ret = bpf_get_ns_current_pid_tgid(4, 1, &ids, sizeof(ids));
	OUT("no such namespace %ld %u\n", ret, ids.pid);
	return 0;
}
