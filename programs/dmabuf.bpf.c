// DMA buffers, newest first.
//
// Prints  for each buffer: inode number, bytes, exporter, and its name, which a dash stands for where it has none.
// Parameters  none.
// Globals  none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/dmabuf")
int dump_dmabuf(struct bpf_iter__dmabuf *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct dma_buf *dmabuf = ctx->dmabuf;

	if (!dmabuf)
		return 0;
	BPF_SEQ_PRINTF(seq, "%8lu %12lu %s ", dmabuf->file->f_inode->i_ino, dmabuf->size, dmabuf->exp_name);
	if (dmabuf->name)
		BPF_SEQ_PRINTF(seq, "%s\n", dmabuf->name);
	else
		BPF_SEQ_PRINTF(seq, "-\n");
	return 0;
}
