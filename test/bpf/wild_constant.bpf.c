// A load from in front of the constants decides whether a helper is called that cannot be had.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

const volatile int flag = 1;

SEC("iter/task")
int in_order(struct bpf_iter__task *ctx)
{
	return 0;
}

SEC("iter/task")
int before_the_constants(struct bpf_iter__task *ctx)
{
	const volatile void *at = &flag;
	int value;

	asm volatile("%[value] = *(u32 *)(%[at] - 8)" : [value] "=r"(value) : [at] "r"(at));
	if (value)
		bpf_override_return((void *)ctx, 0);
	return 0;
}
