// kfuncs about tasks and cgroups: by id, taking and giving back references, casts that the verifier trusts.
#include "compare.h"

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym;
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 cgid) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgrp) __ksym;
extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *found, *cast;
	struct cgroup *cgroup;

	if (!task)
		return 0;
	found = bpf_task_from_pid(task->pid);
	if (found) {
		OUT("from pid %s %d\n", found->comm, found->tgid);
		bpf_task_release(found);
	}
	found = bpf_task_from_pid(-1);
	OUT("of nothing %d\n", found == 0);
	if (found)
		bpf_task_release(found);
	found = bpf_task_acquire(task);
	if (found) {
		OUT("acquired %d\n", found->pid == task->pid);
		bpf_task_release(found);
	}
	cgroup = bpf_cgroup_from_id(task->cgroups->dfl_cgrp->kn->id);
	if (cgroup) {
		OUT("cgroup %d\n", cgroup->level == task->cgroups->dfl_cgrp->level);
		bpf_cgroup_release(cgroup);
	}
	cgroup = bpf_cgroup_from_id(0x7fffffffffffULL);
	OUT("no cgroup %d\n", cgroup == 0);
	if (cgroup)
		bpf_cgroup_release(cgroup);
	cast = bpf_rdonly_cast((void *)task->group_leader, bpf_core_type_id_kernel(struct task_struct));
	OUT("cast %s\n", cast->comm);
	cast = bpf_rdonly_cast(0, bpf_core_type_id_kernel(struct task_struct));
	OUT("of null %d\n", cast->pid);
	cast = bpf_rdonly_cast((void *)0xdead000000000000, bpf_core_type_id_kernel(struct task_struct));
	OUT("of a wild pointer %d\n", cast->tgid);
	bpf_rcu_read_lock();
	OUT("parent %d\n", task->real_parent->tgid);
	bpf_rcu_read_unlock();
	return 0;
}
