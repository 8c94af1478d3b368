// Field offsets: structs of our own with other members, order and size than the target's.
#include "compare.h"

struct mm_struct___mine {
	int map_count;
	unsigned long total_vm;
};

struct task_struct___mine {
	char comm[16];
	struct mm_struct___mine *mm;
	struct task_struct___mine *group_leader;
	struct {
		struct {
			unsigned long sig[1];
		} signal;
	} pending;
	int tgid, pid;
} __attribute__((preserve_access_index));

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct___mine *mine = (void *)ctx->task;
	char comm[16], cut[4] = "";
	int pid = 0;
	long ret;

	if (!mine)
		return 0;
	OUT("BPF_CORE_READ %d %d\n", BPF_CORE_READ(mine, tgid), BPF_CORE_READ(mine, pid));
	OUT("two pointers %d %lu\n", BPF_CORE_READ(mine, group_leader, pid), BPF_CORE_READ(mine, mm, total_vm));
	OUT("map_count %d\n", BPF_CORE_READ(mine, group_leader, group_leader, mm, map_count));
	OUT("nested %lx\n", BPF_CORE_READ(mine, pending.signal.sig[0]));
	ret = BPF_CORE_READ_INTO(&pid, mine, group_leader, tgid);
	OUT("into %ld %d\n", ret, pid);
	ret = BPF_CORE_READ_STR_INTO(&comm, mine, comm);
	OUT("str into %ld %s\n", ret, comm);
	ret = bpf_core_read_str(cut, sizeof(cut), &mine->comm);
	OUT("cut %ld %s\n", ret, cut);
	ret = bpf_core_read(&pid, sizeof(pid), &mine->pid);
	OUT("bpf_core_read %ld %d\n", ret, pid);
	OUT("element %c %c\n", BPF_CORE_READ(mine, comm[0]), BPF_CORE_READ(mine, comm[5]));
	OUT("null %d %ld\n", BPF_CORE_READ(mine, mm, map_count) != 0, BPF_CORE_READ_INTO(&pid, (struct task_struct___mine *)0, pid));
	return 0;
}
