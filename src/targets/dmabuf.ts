// The target dmabuf: DMA buffers, newest first, without a call at the end (kernel/bpf/dmabuf_iter.c).
import { BPF_ITER_RESCHED, type IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { SeqOperations } from '../seq/seq-operations.ts'
import { dmabufs } from '../sources/dmabuf.ts'
import type { SourceHooks } from '../sources/session.ts'
import { ListOps } from './list.ts'

export const dmabufTarget = (platform: Platform, hooks: SourceHooks): IterReg => ({
  target: 'dmabuf',
  ctx_arg_info: [{ name: 'dmabuf', type: 'struct dma_buf *', orNull: true }],
  feature: BPF_ITER_RESCHED,
  show_fdinfo: () => 'dmabuf iter\n',
  seq_info: {
    open: () => new ListOps(dmabufs(platform, hooks), dmabuf => dmabuf && { dmabuf: view('dma_buf', dmabuf) }) as SeqOperations,
  },
})
