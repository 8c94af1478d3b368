// Processes with their cgroups and containers.
//
// Prints  a heading, then for each process its id and comm, the id of its v2 cgroup, its container, and the path of the cgroup. The container is
//         what Docker, containerd, Podman and CRI-O call the cgroup after: 64 hexadecimal digits in its name or in that of one above it, the
//         innermost of those that have them; "-" without.
// Parameters  --pid N: one process; none: all.
// Globals  whole_id: all digits of the container's id, and not only the first 12, which are what Docker shows.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "cgroup_path.h"

char LICENSE[] SEC("license") = "GPL";

const volatile bool whole_id = false;

#define ID_DIGITS 64
#define SHORT_ID 12
#define NAME_MAX 255
/* Levels that are looked at for a container. */
#define ID_LEVELS 16

struct name_buffer {
	char text[NAME_MAX + 1];
	char id[ID_DIGITS + 1];
};

/* Of each CPU its own: two readers may run at the same time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct name_buffer);
} buffers SEC(".maps");

/* ~0 for a hexadecimal digit: a count of them then needs no branch, of which the verifier would follow each. */
static const volatile __u32 is_hex[256] = {
	['0'] = ~0U, ['1'] = ~0U, ['2'] = ~0U, ['3'] = ~0U, ['4'] = ~0U, ['5'] = ~0U, ['6'] = ~0U, ['7'] = ~0U,
	['8'] = ~0U, ['9'] = ~0U, ['a'] = ~0U, ['b'] = ~0U, ['c'] = ~0U, ['d'] = ~0U, ['e'] = ~0U, ['f'] = ~0U,
};

/* Where 64 digits begin in the name, no more and no less in a row; -1 when they do not. Not static: it is verified once. */
__noinline int id_in_name(__u32 cpu_slot)
{
	struct name_buffer *name = bpf_map_lookup_elem(&buffers, &cpu_slot);
	__u32 run = 0, before, i;

	if (!name)
		return -1;
	for (i = 0; i <= NAME_MAX; i++) {
		before = run;
		run = (run + 1) & is_hex[(__u8)name->text[i]];
		if (before == ID_DIGITS && run == 0)
			return i - ID_DIGITS;
		if (!name->text[i])
			break;
	}
	return -1;
}

/* The container's id in name->id; it is empty without. */
static void find_container(struct cgroup *cgroup, struct name_buffer *name)
{
	__u32 zero = 0, i;
	int level, start;
	struct cgroup *at;

	name->id[0] = 0;
	for (i = 0; i < ID_LEVELS; i++) {
		level = cgroup->level - (int)i;
		if (level < 1)
			break;
		at = cgroup_above(cgroup, level);
		if (!at || bpf_probe_read_kernel_str(name->text, sizeof(name->text), cgroup_name(at)) <= ID_DIGITS)
			continue;
		start = id_in_name(zero);
		if (start < 0 || start > NAME_MAX - ID_DIGITS)
			continue;
		bpf_probe_read_kernel(name->id, ID_DIGITS, name->text + start);
		name->id[whole_id ? ID_DIGITS : SHORT_ID] = 0;
		break;
	}
}

SEC("iter/task")
int task_cgroup(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct name_buffer *name;
	struct cgroup *cgroup;
	__u32 zero = 0;

	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "     pid comm               cgroup container    path\n");
	if (task->pid != task->tgid)
		return 0;
	cgroup = task->cgroups->dfl_cgrp;
	name = bpf_map_lookup_elem(&buffers, &zero);
	if (!cgroup || !name)
		return 0;
	find_container(cgroup, name);
	if (!name->id[0]) {
		name->id[0] = '-';
		name->id[1] = 0;
	}
	BPF_SEQ_PRINTF(seq, "%8d %-16s %8llu %-12s ", task->tgid, task->comm, cgroup->kn->id, name->id);
	print_cgroup_path(seq, cgroup);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
