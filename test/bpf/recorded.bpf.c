// Prints what differs between two readers, two moments, two machines: all of it is part of a recording.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

extern const void vfs_read __ksym;

SEC("iter.s/task")
int dump(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	__u64 ids = bpf_get_current_pid_tgid(), user = bpf_get_current_uid_gid();
	char comm[16] = "", args[16] = "";

	if (!task || !task->mm)
		return 0;
	bpf_get_current_comm(comm, sizeof(comm));
	BPF_SEQ_PRINTF(seq, "reader %d %d uid %d gid %d comm %s", ids >> 32, (__u32)ids, (__u32)user, user >> 32, comm);
	BPF_SEQ_PRINTF(seq, " cgroup %llu\n", bpf_get_current_cgroup_id());
	BPF_SEQ_PRINTF(seq, "clocks %llu %llu %llu\n", bpf_ktime_get_ns(), bpf_ktime_get_boot_ns(), bpf_ktime_get_tai_ns());
	BPF_SEQ_PRINTF(seq, "jiffies %llu cpu %d\n", bpf_jiffies64(), bpf_get_smp_processor_id());
	bpf_copy_from_user_task(args, sizeof(args) - 1, (void *)task->mm->arg_start, task, 0);
	BPF_SEQ_PRINTF(seq, "task %d %p %px args %s\n", task->pid, task, task, args);
	BPF_SEQ_PRINTF(seq, "symbol %px %pS\n", &vfs_read, &vfs_read);
	return 0;
}
