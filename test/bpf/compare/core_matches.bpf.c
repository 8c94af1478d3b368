// Type matching: by members and their types, the names of integers included (`unsigned long` is not `long unsigned int`). Needs clang 15.
#include "compare.h"

struct rlimit___same {
	unsigned long rlim_max;
	unsigned long rlim_cur;
};

struct rlimit___part {
	unsigned long rlim_cur;
};

struct rlimit___more {
	unsigned long rlim_cur;
	unsigned long rlim_max;
	unsigned long rlim_third;
};

struct rlimit___int {
	int rlim_cur;
};

struct task_struct___pointers {
	struct mm_struct *mm;
	struct task_struct *real_parent;
};

struct task_struct___wrong {
	struct file *mm;
};

typedef struct {
	unsigned int val;
} kuid_t___same;

typedef struct {
	int val;
} kuid_t___signed;

struct upid___part {
	int nr;
};

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		return 0;
	OUT("itself %d\n", bpf_core_type_matches(struct rlimit));
	OUT("other order %d part %d\n", bpf_core_type_matches(struct rlimit___same), bpf_core_type_matches(struct rlimit___part));
	OUT("more members %d another size %d\n", bpf_core_type_matches(struct rlimit___more), bpf_core_type_matches(struct rlimit___int));
	OUT("pointers %d wrong pointer %d\n", bpf_core_type_matches(struct task_struct___pointers), bpf_core_type_matches(struct task_struct___wrong));
	OUT("struct of a typedef %d %d %d\n", bpf_core_type_matches(kuid_t), bpf_core_type_matches(kuid_t___same), bpf_core_type_matches(kuid_t___signed));
	OUT("int of the same name %d\n", bpf_core_type_matches(struct upid___part));
	OUT("typedef %d\n", bpf_core_type_matches(pid_t));
	return 0;
}
