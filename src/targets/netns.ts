// The target netns, which no kernel has: network namespaces.
import { BPF_ITER_RESCHED, type IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { SeqOperations } from '../seq/seq-operations.ts'
import { netNamespaces } from '../sources/net-namespaces.ts'
import type { SourceHooks } from '../sources/session.ts'
import { ListOps } from './list.ts'

/** All network namespaces that the daemon can see, ascending by number. */
export const netnsTarget = (platform: Platform, hooks: SourceHooks): IterReg => ({
  target: 'netns',
  ctx_arg_info: [
    { name: 'net', type: 'struct net *', orNull: true },
    { name: 'info', type: 'struct iterfs_netns *', orNull: true },
  ],
  feature: BPF_ITER_RESCHED,
  seq_info: {
    open: () =>
      new ListOps(netNamespaces(platform, hooks), found => ({
        net: view('net', found?.inum ?? null),
        info: view('iterfs_netns', found),
      })) as SeqOperations,
  },
})
