// The target neigh, which no kernel has: neighbours, and proxies, which are structs of another kind.
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import { neighbours } from '../sources/neigh.ts'
import type { SourceHooks } from '../sources/session.ts'
import { netListTarget } from './net-list.ts'

/**
 * IPv4 neighbours in the order of /proc/net/arp, IPv4 proxies, then the same of IPv6. Either `neigh` or `pneigh` is set, and `tbl`, the
 * table that it is in: a struct pneigh_entry does not say.
 */
export const neighTarget = (platform: Platform, hooks: SourceHooks): IterReg =>
  netListTarget(platform, hooks, {
    target: 'neigh',
    startToken: true,
    ctx_arg_info: [
      { name: 'neigh', type: 'struct neighbour *', orNull: true },
      { name: 'pneigh', type: 'struct pneigh_entry *', orNull: true },
      { name: 'tbl', type: 'struct neigh_table *', orNull: true },
    ],
    list: neighbours,
    ctx: object => ({
      neigh: view('neighbour', object?.proxy === false ? object : null),
      pneigh: view('pneigh_entry', object?.proxy ? object : null),
      tbl: view('neigh_table', object?.family ?? null),
    }),
  })
