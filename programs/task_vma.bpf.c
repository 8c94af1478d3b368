// Memory maps in the format of /proc/PID/maps, without the names in brackets that only the kernel knows.
//
// Prints  for each mapping: addresses, permissions, offset, device, inode and, after a tab, the path of the file.
// Parameters  --pid N or --tid N: the mappings of one process; none: of all.
// Globals  none. A path longer than PATH_MAX is left out.
#include "path_buffer.h"
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define VM_READ 0x1
#define VM_WRITE 0x2
#define VM_EXEC 0x4
#define VM_MAYSHARE 0x80
#define PAGE_SHIFT 12
#define MINOR_BITS 20

SEC("iter/task_vma")
int proc_maps(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct vm_area_struct *vma = ctx->vma;
	struct path_buffer *path;
	char perms[5] = "---p";
	struct file *file;
	__u32 zero = 0, dev;

	if (!ctx->task || !vma)
		return 0;
	if (vma->vm_flags & VM_READ)
		perms[0] = 'r';
	if (vma->vm_flags & VM_WRITE)
		perms[1] = 'w';
	if (vma->vm_flags & VM_EXEC)
		perms[2] = 'x';
	if (vma->vm_flags & VM_MAYSHARE)
		perms[3] = 's';
	BPF_SEQ_PRINTF(seq, "%08llx-%08llx %s ", vma->vm_start, vma->vm_end, perms);
	file = vma->vm_file;
	path = bpf_map_lookup_elem(&buffers, &zero);
	if (!file || !path) {
		BPF_SEQ_PRINTF(seq, "%08llx 00:00 0\n", 0ULL);
		return 0;
	}
	dev = file->f_inode->i_sb->s_dev;
	BPF_SEQ_PRINTF(seq, "%08llx %02x:%02x %lu", vma->vm_pgoff << PAGE_SHIFT, dev >> MINOR_BITS,
		       dev & ((1 << MINOR_BITS) - 1), file->f_inode->i_ino);
	if (bpf_d_path((struct path *)&file->f_path, path->text, sizeof(path->text)) > 0)
		BPF_SEQ_PRINTF(seq, "\t%s\n", path->text);
	else
		BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
