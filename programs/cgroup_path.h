// The path of a cgroup from the root of its hierarchy, for programs that print one.

/* Names that a path may have. */
#define MAX_LEVEL 256

static __always_inline const char *cgroup_name(struct cgroup *cgroup)
{
	struct kernfs_node *node = 0;
	const char *name = 0;

	bpf_probe_read_kernel(&node, sizeof(node), &cgroup->kn);
	if (node)
		bpf_probe_read_kernel(&name, sizeof(name), &node->name);
	return name;
}

/* The one on its way from the root, itself at its own level. */
static __always_inline struct cgroup *cgroup_above(struct cgroup *cgroup, __u32 level)
{
	struct cgroup *above = 0;

	bpf_probe_read_kernel(&above, sizeof(above), &cgroup->ancestors[level]);
	return above;
}

static __always_inline void print_cgroup_path(struct seq_file *seq, struct cgroup *cgroup)
{
	__u32 level = cgroup->level, i;
	struct cgroup *above;

	if (level == 0)
		BPF_SEQ_PRINTF(seq, "/");
	for (i = 1; i <= MAX_LEVEL && i <= level; i++) {
		above = cgroup_above(cgroup, i);
		BPF_SEQ_PRINTF(seq, "/%s", above ? cgroup_name(above) : 0);
	}
}
