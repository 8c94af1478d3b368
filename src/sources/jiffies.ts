// The kernel's clock of timers, as programs compare it with bpf_jiffies64().
import type { Platform } from '../platform/platform.ts'

/** INITIAL_JIFFIES: the kernel's counter begins five minutes before its low 32 bits wrap. */
const INITIAL_JIFFIES_S = -300n
const NS_PER_S = 1_000_000_000n
const DEFAULT_HZ = 250

const known = new WeakMap<Platform, bigint>()

/** Jiffies a second: CONFIG_HZ; 250 where the configuration is not to be read. */
export function kernelHz(platform: Platform): bigint {
  let hz = known.get(platform)
  if (hz === undefined) {
    hz = BigInt(/^CONFIG_HZ=(\d+)$/m.exec(platform.kconfig() ?? '')?.[1] ?? DEFAULT_HZ)
    known.set(platform, hz)
  }
  return hz
}

/** Jiffies now, 64 bits. */
export function jiffies(platform: Platform): bigint {
  const hz = kernelHz(platform)
  return ((INITIAL_JIFFIES_S * hz) & 0xffff_ffffn) + (platform.clockNs('monotonic') * hz) / NS_PER_S
}

/** A moment, for times that are told as what is left of them. */
export class Moment {
  readonly #now: bigint
  readonly #hz: bigint

  constructor(platform: Platform) {
    this.#now = jiffies(platform)
    this.#hz = kernelHz(platform)
  }

  /** Jiffies that `count` parts of a second are: the fewest that the kernel prints as so many. */
  span(count: number, perSecond: number): bigint {
    const parts = BigInt(perSecond)
    return (BigInt(count) * this.#hz + parts - 1n) / parts
  }

  /** Jiffies `count` parts of a second from then on. */
  after(count: number, perSecond: number): bigint {
    return this.#now + this.span(count, perSecond)
  }
}
