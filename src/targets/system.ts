import type { IterReg } from '../iter/reg.ts'
import type { Platform } from '../platform/platform.ts'
import { kmemCacheTarget } from './kmem-cache.ts'
import { ksymTarget } from './ksym.ts'

/** The targets of what the kernel has once, whoever asks. */
export const systemTargets = (platform: Platform): IterReg[] => [ksymTarget(platform), kmemCacheTarget(platform)]
