// Strings: kernel and user pointers, widths, pointers that cannot be read, the space that one call has for its arguments.
#include "compare.h"

const char long_text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
char in_data[8] = "mutable";

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	static const char text[] = "text";
	char on_stack[8] = "stack";

	if (!task)
		return 0;
	OUT("%s|%s|%s|%s\n", text, in_data, on_stack, task->comm);
	OUT("%10s|%-10s|%010s|%2s|\n", text, text, text, text);
	OUT("%s,%s;%s_%s\n", text, text, text, text);
	OUT("%s|%s|%s|%s|\n", (char *)0, (char *)1, (char *)-1, (char *)-4095);
	OUT("%5s|%-5s|\n", (char *)0, (char *)1);
	OUT("%pks|%pks|%pus|\n", text, (char *)0, (char *)0);
	OUT("%10pks|%-10pks|\n", text, text);
	OUT("%s|%s|%s|end\n", long_text, long_text, long_text);
	OUT("%s\n", task->group_leader->real_parent ? "a parent" : "none");
	OUT("%s\n", "");
	return 0;
}
