// What a task is connected with: a program that follows pointers.
//
// Prints  for each thread a block: its ids and comm, the ancestors of its process up to the first, its memory and executable,
//         its cgroup, its namespaces and its credentials. A kernel thread has no memory, a dead task no namespaces.
// Parameters  --pid N: the threads of one process; --tid N: one thread; none: all.
// Globals  depth: the most ancestors to show (8 when not set, at most 32).
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define MAX_DEPTH 32

const volatile __u32 depth = 8;

static void show_ancestors(struct seq_file *seq, struct task_struct *task)
{
	__u32 i;

	BPF_SEQ_PRINTF(seq, "\tparents");
	for (i = 0; i < MAX_DEPTH && i < depth; i++) {
		task = task->real_parent;
		if (!task || task->tgid == 0)
			break;
		task = task->group_leader;
		BPF_SEQ_PRINTF(seq, " %d (%s)", task->tgid, task->comm);
	}
	BPF_SEQ_PRINTF(seq, "\n");
}

static void show_memory(struct seq_file *seq, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	if (!mm)
		return;
	BPF_SEQ_PRINTF(seq, "\tmm total_vm %lu data_vm %lu stack_vm %lu map_count %d", mm->total_vm, mm->data_vm, mm->stack_vm,
		       mm->map_count);
	if (mm->exe_file)
		BPF_SEQ_PRINTF(seq, " exe %s", mm->exe_file->f_path.dentry->d_name.name);
	BPF_SEQ_PRINTF(seq, "\n");
}

static void show_namespaces(struct seq_file *seq, struct task_struct *task)
{
	struct nsproxy *ns = task->nsproxy;

	if (!ns)
		return;
	BPF_SEQ_PRINTF(seq, "\tns uts %u ipc %u mnt %u pid %u", ns->uts_ns->ns.inum, ns->ipc_ns->ns.inum, ns->mnt_ns->ns.inum,
		       ns->pid_ns_for_children->ns.inum);
	BPF_SEQ_PRINTF(seq, " net %u time %u cgroup %u\n", ns->net_ns->ns.inum, ns->time_ns->ns.inum, ns->cgroup_ns->ns.inum);
}

SEC("iter/task")
int dump_task_tree(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct cgroup *cgroup;
	const struct cred *cred;

	if (!task)
		return 0;
	BPF_SEQ_PRINTF(seq, "%d %d %s\n", task->tgid, task->pid, task->comm);
	show_ancestors(seq, task);
	show_memory(seq, task);
	cgroup = task->cgroups->dfl_cgrp;
	if (cgroup)
		BPF_SEQ_PRINTF(seq, "\tcgroup %d \"%s\"\n", cgroup->level, cgroup->kn->name);
	show_namespaces(seq, task);
	cred = task->cred;
	BPF_SEQ_PRINTF(seq, "\tcred uid %u %u %u %u gid %u %u %u %u cap %llx\n", cred->uid.val, cred->euid.val, cred->suid.val,
		       cred->fsuid.val, cred->gid.val, cred->egid.val, cred->sgid.val, cred->fsgid.val, cred->cap_effective.val);
	return 0;
}
