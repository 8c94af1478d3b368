// strncmp, strtol and strtoul: signs, bases, spaces, overflows, what follows the number.
#include "compare.h"

#define NUMBER(text, base)                                                                                                          \
	do {                                                                                                                        \
		static const char from[] = text;                                                                                    \
		long value = -7;                                                                                                    \
		unsigned long positive = 7;                                                                                         \
		long ret = bpf_strtol(from, sizeof(from), base, &value);                                                            \
		OUT("[%s] %d: %ld %ld, ", from, base, ret, value);                                                                  \
		ret = bpf_strtoul(from, sizeof(from), base, &positive);                                                             \
		OUT("%ld %lu\n", ret, positive);                                                                                    \
	} while (0)

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	char comm[16];

	if (!task)
		return 0;
	NUMBER("42", 0);
	NUMBER("-42", 0);
	NUMBER("+42", 0);
	NUMBER("  42 more", 10);
	NUMBER("0x1fG", 0);
	NUMBER("0x1f", 16);
	NUMBER("017", 0);
	NUMBER("017", 10);
	NUMBER("778", 8);
	NUMBER("", 0);
	NUMBER("x", 0);
	NUMBER("-", 10);
	NUMBER("9223372036854775807", 0);
	NUMBER("9223372036854775808", 0);
	NUMBER("-9223372036854775808", 0);
	NUMBER("18446744073709551615", 0);
	NUMBER("18446744073709551616", 0);
	NUMBER("42", 7);
	bpf_probe_read_kernel_str(comm, sizeof(comm), task->comm);
#define COMPARE(size, with) OUT(#size " " with " %ld\n", (long)bpf_strncmp(comm, size, with))
	COMPARE(6, "leader");
	COMPARE(16, "leader");
	COMPARE(6, "leadfr");
	COMPARE(6, "leaddr");
	COMPARE(1, "x");
	COMPARE(16, "leader (x) y");
	return 0;
}
