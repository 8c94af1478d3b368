import { bpf_iter_reg_target, type IterReg } from '../iter/reg.ts'
import type { Platform } from '../platform/platform.ts'
import { type CgroupHooks, cgroupTarget } from './cgroup.ts'
import { inetTargets } from './inet.ts'
import { ipv4RouteTarget } from './ipv4-route.ts'
import { ipv6RouteTarget } from './ipv6-route.ts'
import { mapElemTarget } from './map-elem.ts'
import { neighTarget } from './neigh.ts'
import { netdevTarget } from './netdev.ts'
import { type ObjectHooks, Objects, objectTargets } from './objects.ts'
import { skStorageTarget } from './sk-storage.ts'
import { sockmapTarget } from './sockmap.ts'
import { ownSystemTargets, systemTargets } from './system.ts'
import { type TaskHooks, taskTargets } from './task.ts'
import { unixTargets } from './unix.ts'

type Hooks = TaskHooks & ObjectHooks & CgroupHooks

/** The targets that Linux has. */
const kernelTargets = (platform: Platform, hooks: Hooks, objects: Objects): IterReg[] => [
  ...taskTargets(platform, hooks),
  ...objectTargets(objects),
  mapElemTarget(hooks),
  sockmapTarget(hooks),
  skStorageTarget(hooks),
  cgroupTarget(platform, hooks),
  ...inetTargets(platform, hooks),
  ...unixTargets(platform, hooks),
  ipv6RouteTarget(platform, hooks),
  ...systemTargets(platform, hooks),
]

/** The targets that no kernel has. Their programs load in iterfs only. */
export const ownTargets = (platform: Platform, hooks: Hooks): IterReg[] => [
  ipv4RouteTarget(platform, hooks),
  neighTarget(platform, hooks),
  netdevTarget(platform, hooks),
  ...ownSystemTargets(platform, hooks),
]

/** Registers all targets of iterfs, once in a thread. Returns the holder of the objects that bpf_prog and its kin iterate. */
export function registerTargets(platform: Platform, hooks: Hooks): Objects {
  const objects = new Objects()
  for (const reg of [...kernelTargets(platform, hooks, objects), ...ownTargets(platform, hooks)]) bpf_iter_reg_target(reg)
  return objects
}
