// The target netdev, which no kernel has: network devices with their counters.
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import { netDevices } from '../sources/netdev.ts'
import type { SourceHooks } from '../sources/session.ts'
import { netListTarget } from './net-list.ts'

/** All network devices, ascending by number. */
export const netdevTarget = (platform: Platform, hooks: SourceHooks): IterReg =>
  netListTarget(platform, hooks, {
    target: 'netdev',
    startToken: true,
    ctx_arg_info: [
      { name: 'dev', type: 'struct net_device *', orNull: true },
      { name: 'stats', type: 'struct rtnl_link_stats64 *', orNull: true },
    ],
    list: netDevices,
    ctx: object => ({ dev: view('net_device', object?.device ?? null), stats: view('rtnl_link_stats64', object) }),
  })
