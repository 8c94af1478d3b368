// seq_printf_btf and snprintf_btf of structs that are whole on both sides, with all flags.
#include "compare.h"

/* Not of the kernel's BTF: its id means nothing there. */
char text[256];

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct btf_ptr ptr = {};
	struct rlimit limit = {};
	u64 number = 578437695752307201;
	long ret;

	if (!task)
		return 0;
#define SHOW(type, at, flags)                                                                                                       \
	ptr.type_id = bpf_core_type_id_kernel(type);                                                                                \
	ptr.ptr = (void *)(at);                                                                                                     \
	ret = bpf_seq_printf_btf(ctx->meta->seq, &ptr, sizeof(ptr), flags);                                                         \
	OUT("\n" #type " flags %d: %ld\n", flags, ret)
	SHOW(struct rlimit, &task->signal->rlim[7], 0);
	SHOW(struct rlimit, &task->signal->rlim[7], BTF_F_COMPACT);
	SHOW(struct rlimit, &task->signal->rlim[7], BTF_F_COMPACT | BTF_F_NONAME);
	SHOW(struct rlimit, &task->signal->rlim[7], BTF_F_NONAME);
	SHOW(struct rlimit, &limit, 0);
	SHOW(struct rlimit, &limit, BTF_F_ZERO);
	SHOW(struct rlimit, &limit, BTF_F_COMPACT | BTF_F_ZERO);
	SHOW(kuid_t, &task->cred->uid, 0);
	SHOW(kuid_t, &task->cred->uid, BTF_F_ZERO);
	SHOW(kernel_cap_t, &task->cred->cap_bset, BTF_F_COMPACT);
	SHOW(pid_t, &task->pid, 0);
	SHOW(u64, &number, BTF_F_NONAME | BTF_F_COMPACT);
	SHOW(sigset_t, &task->blocked, BTF_F_ZERO);
	SHOW(struct rlimit, 0, 0);
	SHOW(struct rlimit, &limit, 16);
	ptr.ptr = &limit;
	ptr.type_id = 0;
	OUT("no id %ld\n", (long)bpf_seq_printf_btf(ctx->meta->seq, &ptr, sizeof(ptr), 0));
	ptr.type_id = 0x7ffffff;
	OUT("unknown id %ld\n", (long)bpf_seq_printf_btf(ctx->meta->seq, &ptr, sizeof(ptr), 0));
	ptr.type_id = bpf_core_type_id_kernel(struct rlimit);
	ptr.ptr = &task->signal->rlim[7];
	ret = bpf_snprintf_btf(text, sizeof(text), &ptr, sizeof(ptr), BTF_F_COMPACT);
	OUT("snprintf %ld [%s]\n", ret, text);
	ret = bpf_snprintf_btf(text, 12, &ptr, sizeof(ptr), BTF_F_COMPACT);
	OUT("cut %ld [%s]\n", ret, text);
	ret = bpf_snprintf_btf(text, sizeof(text), &ptr, sizeof(ptr), 0);
	OUT("lines %ld [%s]\n", ret, text);
	return 0;
}
