// kfuncs that walk cgroups and the tasks in them, locks that are only counted here.
#include "compare.h"

extern struct cgroup *bpf_cgroup_from_id(u64 cgid) __ksym;
extern struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp) __ksym;
extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgrp) __ksym;
extern long bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor) __ksym;
extern int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start, unsigned int flags) __ksym;
extern struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it) __ksym;
extern void bpf_iter_css_destroy(struct bpf_iter_css *it) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

#define DESCENDANTS_PRE 2

volatile __u32 count;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct cgroup *root, *again;
	struct cgroup_subsys_state *css;
	struct bpf_iter_css states;

	if (!task)
		return 0;
	bpf_preempt_disable();
	count = 1;
	bpf_preempt_enable();
	root = bpf_cgroup_from_id(1);
	if (!root) {
		OUT("no root\n");
		return 0;
	}
	OUT("root level %d name \"%s\" id %llu\n", root->level, root->kn->name, root->kn->id);
	OUT("%s is under it %ld\n", task->comm, bpf_task_under_cgroup(task, root));
	again = bpf_cgroup_ancestor(root, 0);
	if (again) {
		OUT("its ancestor %d\n", again->kn->id == 1);
		bpf_cgroup_release(again);
	}
	again = bpf_cgroup_ancestor(root, 1);
	OUT("no such level %d\n", again == 0);
	if (again)
		bpf_cgroup_release(again);
	count = 0;
	bpf_rcu_read_lock();
	bpf_iter_css_new(&states, &root->self, DESCENDANTS_PRE);
	while ((css = bpf_iter_css_next(&states)))
		count++;
	bpf_iter_css_destroy(&states);
	bpf_rcu_read_unlock();
	OUT("cgroups %d\n", count > 0);
	bpf_cgroup_release(root);
	return 0;
}
