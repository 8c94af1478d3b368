// CO-RE against the kernel's own types.
#include "mini.h"

char LICENSE[] SEC("license") = "GPL";

typedef struct {
	int counter;
} CORE atomic_t;
struct qstr {
	const unsigned char *name;
	__u32 len;
} CORE;
struct dentry {
	struct qstr d_name;
} CORE;
struct vfsmount;
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} CORE;
struct file {
	struct path f_path;
	long long f_pos;
} CORE;
struct files_struct {
	struct file *fd_array[4];
} CORE;
struct mm_struct {
	unsigned long start_stack;
	atomic_t mm_users;
} CORE;
struct task_struct {
	struct files_struct *files;
	const struct mm_struct *mm;
	int tgid;
	int pid;
	char comm[16];
	struct task_struct *real_parent;
	__u32 jobctl;
	unsigned sched_reset_on_fork : 1;
	unsigned in_execve : 1;
	int exit_code;
	long gone_for_ever;
} CORE;
struct task_struct___old {
	volatile long state;
	struct {
		int depth;
	} never;
} CORE;
struct task_struct___new {
	unsigned int __state;
} CORE;
struct tcp_sock {
	__u32 snd_nxt;
} CORE;
union sigval {
	int sival_int;
};
enum pid_type { PIDTYPE_PID, PIDTYPE_TGID = 20, PIDTYPE_NONE };
#if __clang_major__ >= 15
enum bpf_link_type { BPF_LINK_TYPE_ITER = 77 };
#endif
typedef int pid_t;
struct never_there {
	int x;
};

volatile __u64 out[64];

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	int n = 0;
	if (!task)
		return 0;
	out[n++] = task->tgid;
	out[n++] = task->real_parent->real_parent->pid;
	out[n++] = BPF_CORE_READ(task, mm, start_stack);
	out[n++] = BPF_CORE_READ(task, mm, mm_users.counter);
	out[n++] = BPF_CORE_READ(task, files, fd_array[1], f_path.dentry, d_name.len);
	out[n++] = BPF_CORE_READ_BITFIELD(task, sched_reset_on_fork);
	out[n++] = BPF_CORE_READ_BITFIELD_PROBED(task, in_execve);
	out[n++] = task->comm[3];
	out[n++] = task->jobctl;
	if (bpf_core_field_exists(((struct task_struct___old *)task)->state))
		out[n++] = ((struct task_struct___old *)task)->state;
	else
		out[n++] = ((struct task_struct___new *)task)->__state;
	if (bpf_core_field_exists(task->gone_for_ever))
		out[n++] = task->gone_for_ever;
	out[n++] = bpf_core_field_exists(((struct task_struct___old *)task)->never.depth);
	out[n++] = bpf_core_field_size(task->comm);
	out[n++] = bpf_core_field_exists(((struct tcp_sock *)task)->snd_nxt);
	out[n++] = bpf_core_type_exists(union sigval);
	out[n++] = bpf_core_type_exists(struct never_there);
	out[n++] = bpf_core_type_size(struct task_struct);
	out[n++] = bpf_core_type_size(pid_t);
	out[n++] = bpf_core_type_id_kernel(struct mm_struct);
	out[n++] = bpf_core_type_id_local(struct mm_struct);
	out[n++] = bpf_core_enum_value(enum pid_type, PIDTYPE_TGID);
	out[n++] = bpf_core_enum_value_exists(enum pid_type, PIDTYPE_NONE);
#if __clang_major__ >= 15
	out[n++] = bpf_core_enum_value(enum bpf_link_type, BPF_LINK_TYPE_ITER);
	out[n++] = bpf_core_type_matches(struct never_there);
	out[n++] = bpf_core_type_matches(struct qstr);
#endif
	return 0;
}
