// Much text: more than one buffer, objects of many sizes, so that reads end within them.
#include "compare.h"

#define LINES 40

SEC("iter/task_vma")
int dump(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *vma = ctx->vma;
	int i;

	if (!ctx->task || !vma) {
		OUT("end\n");
		return 0;
	}
	for (i = 0; i < LINES; i++)
		OUT("%llu %d %lx-%lx %lx\n", ctx->meta->seq_num, i, vma->vm_start, vma->vm_end, vma->vm_flags & 7);
	return 0;
}
