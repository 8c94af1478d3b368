// Registers of a sleeping task at its entry into the kernel.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct pt_regs *regs;

	if (!task)
		return 0;
	regs = (void *)bpf_task_pt_regs(task);
	OUT("system call %ld ip %lx sp %lx\n", BPF_CORE_READ(regs, orig_ax), BPF_CORE_READ(regs, ip), BPF_CORE_READ(regs, sp));
	OUT("arguments %lx %lx %lx\n", BPF_CORE_READ(regs, di), BPF_CORE_READ(regs, si), BPF_CORE_READ(regs, dx));
	return 0;
}
