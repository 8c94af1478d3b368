import { bpf_iter_reg_target } from '../iter/reg.ts'
import type { Platform } from '../platform/platform.ts'
import { mapElemTarget } from './map-elem.ts'
import { type ObjectHooks, Objects, objectTargets } from './objects.ts'
import { systemTargets } from './system.ts'
import { type TaskHooks, taskTargets } from './task.ts'

/** Registers all targets of iterfs, once in a thread. Returns the holder of the objects that bpf_prog and its kin iterate. */
export function registerTargets(platform: Platform, hooks: TaskHooks & ObjectHooks): Objects {
  const objects = new Objects()
  for (const reg of [
    ...taskTargets(platform, hooks),
    ...objectTargets(objects),
    mapElemTarget(hooks),
    ...systemTargets(platform),
  ])
    bpf_iter_reg_target(reg)
  return objects
}
