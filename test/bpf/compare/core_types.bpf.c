// Relocations about types: existence and size in the target, ids in our own BTF and in the target's.
#include "compare.h"

struct no_such_struct {
	int x;
};

struct rlimit___mine {
	char one;
};

enum no_such_enum { NO_SUCH_VALUE };

typedef int no_such_typedef;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		return 0;
	OUT("exists task_struct %d no_such_struct %d\n", bpf_core_type_exists(struct task_struct), bpf_core_type_exists(struct no_such_struct));
	OUT("exists pid_t %d no_such_typedef %d\n", bpf_core_type_exists(pid_t), bpf_core_type_exists(no_such_typedef));
	OUT("exists enum %d %d\n", bpf_core_type_exists(enum bpf_map_type), bpf_core_type_exists(enum no_such_enum));
	OUT("exists of a flavour %d\n", bpf_core_type_exists(struct rlimit___mine));
	OUT("size rlimit %d of a flavour %d\n", bpf_core_type_size(struct rlimit), bpf_core_type_size(struct rlimit___mine));
	OUT("size pid_t %d u64 %d umode_t %d\n", bpf_core_type_size(pid_t), bpf_core_type_size(u64), bpf_core_type_size(umode_t));
	OUT("size kuid_t %d kernel_cap_t %d\n", bpf_core_type_size(kuid_t), bpf_core_type_size(kernel_cap_t));
	OUT("size of what is not there %d\n", bpf_core_type_exists(struct no_such_struct) ? bpf_core_type_size(struct no_such_struct) : -1);
	OUT("local id of our own %d %d\n", bpf_core_type_id_local(struct no_such_struct), bpf_core_type_id_local(struct rlimit___mine));
	OUT("id in the target %d, not there %d\n", bpf_core_type_id_kernel(struct task_struct) != 0, bpf_core_type_id_kernel(struct no_such_struct));
	OUT("same id %d\n", bpf_core_type_id_kernel(struct rlimit) == bpf_core_type_id_kernel(struct rlimit___mine));
	return 0;
}
