// Reading memory: sizes, bad addresses, strings that are cut, what is left in the buffer.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	static const char text[] = "a text of ours";
	char buf[24];
	long ret;

	if (!task)
		return 0;
#define CALL(name, what)                                                                                                            \
	__builtin_memset(buf, 'z', sizeof(buf));                                                                                    \
	buf[sizeof(buf) - 1] = 0;                                                                                                   \
	ret = what;                                                                                                                 \
	OUT(name " %ld %02x%02x%02x%02x ", ret, (__u8)buf[0], (__u8)buf[1], (__u8)buf[2], (__u8)buf[3]);                         \
	OUT("%02x%02x%02x [%s]\n", (__u8)buf[7], (__u8)buf[8], (__u8)buf[15], buf)
	CALL("kernel", bpf_probe_read_kernel(buf, 16, task->comm));
	CALL("part", bpf_probe_read_kernel(buf, 3, task->comm));
	CALL("nothing", bpf_probe_read_kernel(buf, 0, task->comm));
	CALL("null", bpf_probe_read_kernel(buf, 8, 0));
	CALL("low", bpf_probe_read_kernel(buf, 8, (void *)1));
	CALL("user address", bpf_probe_read_kernel(buf, 8, (void *)task->mm->start_stack));
	CALL("not canonical", bpf_probe_read_kernel(buf, 8, (void *)0x7fffffff00000000));
	CALL("minus one", bpf_probe_read_kernel(buf, 8, (void *)-1L));
	CALL("kernel_str", bpf_probe_read_kernel_str(buf, sizeof(buf), task->comm));
	CALL("str cut", bpf_probe_read_kernel_str(buf, 5, task->comm));
	CALL("str of one", bpf_probe_read_kernel_str(buf, 1, task->comm));
	CALL("str of none", bpf_probe_read_kernel_str(buf, 0, task->comm));
	CALL("str null", bpf_probe_read_kernel_str(buf, 8, 0));
	CALL("str bad", bpf_probe_read_kernel_str(buf, 8, (void *)0xffff000000000000));
	CALL("own constant", bpf_probe_read_kernel(buf, sizeof(text), text));
	CALL("own constant str", bpf_probe_read_kernel_str(buf, sizeof(buf), text + 2));
	CALL("user of null", bpf_probe_read_user(buf, 8, 0));
	CALL("user of kernel", bpf_probe_read_user(buf, 8, task->comm));
	CALL("user_str of null", bpf_probe_read_user_str(buf, 8, 0));
	CALL("old name", bpf_probe_read(buf, 8, task->comm));
	return 0;
}
