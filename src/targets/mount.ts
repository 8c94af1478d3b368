// The target mount, which no kernel has: the mounts of the opener's mount namespace.
import { BPF_ITER_RESCHED, type IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { SeqOperations } from '../seq/seq-operations.ts'
import { mountsOf } from '../sources/mount.ts'
import { ListOps } from './list.ts'

/** All mounts below the opener's root in the order of its mountinfo. */
export const mountTarget = (platform: Platform): IterReg => ({
  target: 'mount',
  ctx_arg_info: [{ name: 'mount', type: 'struct mount *', orNull: true }],
  feature: BPF_ITER_RESCHED,
  seq_info: {
    open: (_aux, opener) =>
      new ListOps(mountsOf(platform, opener.pid), mount => ({ mount: view('mount', mount) })) as SeqOperations,
  },
})
