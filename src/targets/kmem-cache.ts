// The target kmem_cache: the slab caches, newest first (kernel/bpf/kmem_cache_iter.c).
import { BPF_ITER_RESCHED, type IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { SeqOperations } from '../seq/seq-operations.ts'
import { slabCaches } from '../sources/slab.ts'
import { ListOps } from './list.ts'

export const kmemCacheTarget = (platform: Platform): IterReg => ({
  target: 'kmem_cache',
  ctx_arg_info: [{ name: 's', type: 'struct kmem_cache *', orNull: true, trusted: true }],
  feature: BPF_ITER_RESCHED,
  show_fdinfo: () => 'kmem_cache iter\n',
  seq_info: { open: () => new ListOps(slabCaches(platform), cache => ({ s: view('kmem_cache', cache) })) as SeqOperations },
})
