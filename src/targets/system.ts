import type { IterReg } from '../iter/reg.ts'
import type { Platform } from '../platform/platform.ts'
import type { SourceHooks } from '../sources/session.ts'
import { dmabufTarget } from './dmabuf.ts'
import { kmemCacheTarget } from './kmem-cache.ts'
import { ksymTarget } from './ksym.ts'
import { moduleTarget } from './module.ts'
import { mountTarget } from './mount.ts'
import { netnsTarget } from './netns.ts'

/** The targets of what the kernel has once, whoever asks. */
export const systemTargets = (platform: Platform, hooks: SourceHooks): IterReg[] => [
  ksymTarget(platform),
  kmemCacheTarget(platform),
  dmabufTarget(platform, hooks),
]

/** Those that no kernel has. */
export const ownSystemTargets = (platform: Platform, hooks: SourceHooks): IterReg[] => [
  moduleTarget(platform),
  mountTarget(platform),
  netnsTarget(platform, hooks),
]
