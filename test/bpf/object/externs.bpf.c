// What comes from the kernel: configuration, symbols, kfuncs; there and not there.
#include "mini.h"

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	int pid;
	int tgid;
	int not_there;
} CORE;

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_BPF_COOKIE __kconfig;
extern unsigned int CONFIG_HZ __kconfig;
extern bool CONFIG_BPF __kconfig;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL __kconfig;
extern char CONFIG_SMP __kconfig;
extern char CONFIG_CC_VERSION_TEXT[8] __kconfig;
extern long CONFIG_PHYSICAL_START __kconfig;
extern bool CONFIG_NO_SUCH_THING __kconfig __weak;
extern int LINUX_NO_SUCH_THING __kconfig __weak;

extern const void schedule __ksym;
extern const void no_such_symbol __ksym __weak;
extern const int no_such_variable __ksym __weak;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern void bpf_no_such_kfunc(struct task_struct *p) __ksym __weak;
extern struct task_struct *bpf_task_acquire___v2(struct task_struct *p) __ksym __weak;

volatile __u64 out[32];

SEC("iter/task")
int reads(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *other;
	int n = 0;
	if (!task)
		return 0;
	out[n++] = LINUX_KERNEL_VERSION;
	out[n++] = LINUX_HAS_BPF_COOKIE;
	out[n++] = CONFIG_HZ;
	out[n++] = CONFIG_BPF;
	out[n++] = CONFIG_BPF_SYSCALL;
	out[n++] = CONFIG_SMP;
	out[n++] = CONFIG_CC_VERSION_TEXT[3];
	out[n++] = CONFIG_PHYSICAL_START;
	out[n++] = (__u64)&schedule;
	out[n++] = (__u64)&no_such_symbol;
	out[n++] = &no_such_variable != NULL;
	/* Without the value in .kconfig known, the poison here would count. */
	if (CONFIG_NO_SUCH_THING || LINUX_NO_SUCH_THING)
		out[n++] = task->not_there;
	other = bpf_task_from_pid(task->pid);
	if (other) {
		out[n++] = other->tgid;
		bpf_task_release(other);
	}
	if (bpf_no_such_kfunc)
		bpf_no_such_kfunc(task);
	return 0;
}
