// Mounts in the format of /proc/PID/mountinfo. The target is iterfs's own: no kernel has it.
//
// Prints  for each mount: numbers of it and of what it is mounted on, device, root, mount point, options, shared:1 and the like, type, source
//         and the options of the file system. As the process that opens the file sees them.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define MNT_NOSUID 0x01
#define MNT_NODEV 0x02
#define MNT_NOEXEC 0x04
#define MNT_NOATIME 0x08
#define MNT_NODIRATIME 0x10
#define MNT_RELATIME 0x20
#define MNT_READONLY 0x40
#define MNT_NOSYMFOLLOW 0x80
#define MINOR_BITS 20

/* A path of PATH_MAX bytes, each as four. */
#define MAX_TEXT 16384

struct text_buffer {
	char text[MAX_TEXT];
};

/* Of each CPU its own: two readers may run at the same time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct text_buffer);
} buffers SEC(".maps");

/* Texts are longer than a call of BPF_SEQ_PRINTF takes. */
static void show_text(struct seq_file *seq, char before, const char *text)
{
	struct text_buffer *buffer;
	__u32 zero = 0;
	long size;

	buffer = bpf_map_lookup_elem(&buffers, &zero);
	if (!buffer)
		return;
	BPF_SEQ_PRINTF(seq, "%c", before);
	size = bpf_probe_read_kernel_str(buffer->text, sizeof(buffer->text), text);
	if (size > 1 && size <= MAX_TEXT)
		bpf_seq_write(seq, buffer->text, size - 1);
}

#define SHOW(flag, text)                     \
	do {                                 \
		if (flags & (flag))          \
			BPF_SEQ_PRINTF(seq, text); \
	} while (0)

SEC("iter/mount")
int proc_mountinfo(struct bpf_iter__mount *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct mount *mount = ctx->mount;
	__u32 dev;
	int flags;

	if (!mount)
		return 0;
	dev = mount->mnt.mnt_sb->s_dev;
	flags = mount->mnt.mnt_flags;
	BPF_SEQ_PRINTF(seq, "%d %d %u:%u", mount->mnt_id, mount->mnt_parent->mnt_id, dev >> MINOR_BITS,
		       dev & ((1 << MINOR_BITS) - 1));
	show_text(seq, ' ', mount->iterfs_root);
	show_text(seq, ' ', mount->iterfs_mountpoint);
	if (flags & MNT_READONLY)
		BPF_SEQ_PRINTF(seq, " ro");
	else
		BPF_SEQ_PRINTF(seq, " rw");
	SHOW(MNT_NOSUID, ",nosuid");
	SHOW(MNT_NODEV, ",nodev");
	SHOW(MNT_NOEXEC, ",noexec");
	SHOW(MNT_NOATIME, ",noatime");
	SHOW(MNT_NODIRATIME, ",nodiratime");
	SHOW(MNT_RELATIME, ",relatime");
	SHOW(MNT_NOSYMFOLLOW, ",nosymfollow");
	if (mount->iterfs_idmapped)
		BPF_SEQ_PRINTF(seq, ",idmapped");
	if (mount->iterfs_optional[0])
		show_text(seq, ' ', mount->iterfs_optional);
	BPF_SEQ_PRINTF(seq, " - %s", mount->iterfs_type);
	show_text(seq, ' ', mount->iterfs_source);
	show_text(seq, ' ', mount->iterfs_super_options);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
