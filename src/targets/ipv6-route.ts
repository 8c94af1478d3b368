// The target ipv6_route (net/ipv6/route.c).
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import { ipv6Routes } from '../sources/ipv6-route.ts'
import type { SourceHooks } from '../sources/session.ts'
import { netListTarget } from './net-list.ts'

/** Every route of every IPv6 table, in the order of /proc/net/ipv6_route. */
export const ipv6RouteTarget = (platform: Platform, hooks: SourceHooks): IterReg =>
  netListTarget(platform, hooks, {
    target: 'ipv6_route',
    ctx_arg_info: [{ name: 'rt', type: 'struct fib6_info *', orNull: true }],
    list: ipv6Routes,
    ctx: route => ({ rt: view('fib6_info', route) }),
  })
