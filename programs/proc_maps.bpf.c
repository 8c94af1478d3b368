// Memory maps as /proc/PID/maps has them, with the names in brackets.
//
// Prints  for each mapping the line of /proc/PID/maps, but for [vsyscall], which belongs to no process.
// Parameters  --pid N or --tid N: the mappings of one process; none: of all.
// Globals  none. A path longer than PATH_MAX is left out; a newline in one is printed as it is.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define VM_READ 0x1
#define VM_WRITE 0x2
#define VM_EXEC 0x4
#define VM_MAYSHARE 0x80
#define PAGE_SHIFT 12
#define MINOR_BITS 20
#define MINOR(dev) ((dev) & ((1 << MINOR_BITS) - 1))

/* Only the kernel has these fields. */
struct mm_struct___kernel {
	unsigned long brk;
} __attribute__((preserve_access_index));
struct vm_area_struct___kernel {
	const void *vm_ops;
	void *vm_private_data;
	struct anon_vma_name___kernel *anon_name;
} __attribute__((preserve_access_index));
struct vm_special_mapping___kernel {
	const char *name;
} __attribute__((preserve_access_index));
struct anon_vma_name___kernel {
	char name[0];
} __attribute__((preserve_access_index));
/* iterfs has the name itself. */
struct vm_area_struct___iterfs {
	const char *iterfs_name;
} __attribute__((preserve_access_index));

struct line_buffer {
	char start[128];
	char path[4096];
};

/* Of each CPU its own: two readers may run at the same time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct line_buffer);
} buffers SEC(".maps");

/* What a mapping without a file is called, in line->path; false for none. */
static bool name_of(struct vm_area_struct *vma, struct line_buffer *line)
{
	struct vm_area_struct___kernel *kernel = (void *)vma;
	struct mm_struct *mm = vma->vm_mm;
	const char *name;

	line->path[0] = 0;
	if (bpf_core_field_exists(((struct vm_area_struct___iterfs *)vma)->iterfs_name)) {
		name = ((struct vm_area_struct___iterfs *)vma)->iterfs_name;
		bpf_probe_read_kernel_str(line->path, sizeof(line->path), name);
		return line->path[0];
	}
	/* Memory that is neither a file's nor anonymous is the kernel's. */
	if (kernel->vm_ops) {
		struct vm_special_mapping___kernel *special = kernel->vm_private_data;

		name = BPF_CORE_READ(special, name);
		bpf_probe_read_kernel_str(line->path, sizeof(line->path), name);
		return true;
	}
	if (!mm)
		return false;
	if (vma->vm_start < ((struct mm_struct___kernel *)mm)->brk && vma->vm_end > mm->start_brk) {
		__builtin_memcpy(line->path, "[heap]", sizeof("[heap]"));
		return true;
	}
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack) {
		__builtin_memcpy(line->path, "[stack]", sizeof("[stack]"));
		return true;
	}
	if (bpf_core_field_exists(kernel->anon_name) && kernel->anon_name) {
		__builtin_memcpy(line->path, "[anon:", sizeof("[anon:"));
		long size = bpf_probe_read_kernel_str(line->path + 6, 256, &kernel->anon_name->name);

		if (size > 0 && size <= 256)
			__builtin_memcpy(line->path + 5 + size, "]", sizeof("]"));
		return true;
	}
	return false;
}

SEC("iter/task_vma")
int proc_maps(struct bpf_iter__task_vma *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct vm_area_struct *vma = ctx->vma;
	unsigned long offset = 0, ino = 0, flags;
	struct line_buffer *line;
	char perms[5] = "---p";
	struct file *file;
	__u32 zero = 0, dev = 0;
	bool named;

	if (!ctx->task || !vma)
		return 0;
	line = bpf_map_lookup_elem(&buffers, &zero);
	if (!line)
		return 0;
	flags = vma->vm_flags;
	if (flags & VM_READ)
		perms[0] = 'r';
	if (flags & VM_WRITE)
		perms[1] = 'w';
	if (flags & VM_EXEC)
		perms[2] = 'x';
	if (flags & VM_MAYSHARE)
		perms[3] = 's';
	file = vma->vm_file;
	if (file) {
		dev = file->f_inode->i_sb->s_dev;
		ino = file->f_inode->i_ino;
		offset = vma->vm_pgoff << PAGE_SHIFT;
		named = bpf_d_path((struct path *)&file->f_path, line->path, sizeof(line->path)) > 0;
	} else
		named = name_of(vma, line);
	BPF_SNPRINTF(line->start, sizeof(line->start), "%08lx-%08lx %s %08lx %02x:%02x %lu ", vma->vm_start, vma->vm_end, perms, offset,
		     dev >> MINOR_BITS, MINOR(dev), ino);
	/* seq_setwidth() and seq_pad() of show_map_vma(). */
	if (named)
		BPF_SEQ_PRINTF(seq, "%-72s %s\n", line->start, line->path);
	else
		BPF_SEQ_PRINTF(seq, "%s\n", line->start);
	return 0;
}
