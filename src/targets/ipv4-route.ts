// The target ipv4_route, which no kernel has: struct fib_rt_info is what the kernel puts together of a route to tell user space of it.
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import { ipv4Routes } from '../sources/ipv4-route.ts'
import type { SourceHooks } from '../sources/session.ts'
import { netListTarget } from './net-list.ts'

/** Every route of every IPv4 table, table by table, ascending by destination in each. */
export const ipv4RouteTarget = (platform: Platform, hooks: SourceHooks): IterReg =>
  netListTarget(platform, hooks, {
    target: 'ipv4_route',
    startToken: true,
    ctx_arg_info: [{ name: 'rt', type: 'struct fib_rt_info *', orNull: true }],
    list: ipv4Routes,
    ctx: route => ({ rt: view('fib_rt_info', route) }),
  })
