// The memory controller's side of a cgroup: struct mem_cgroup, from the files of v1 or v2.
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import type { CgroupSource } from './cgroup.ts'
import { subsystemId } from './hierarchy.ts'

/** What a controller has for a cgroup: struct cgroup_subsys_state as the first member of the controller's own struct. */
export class CssSource {
  readonly cgroup: CgroupSource
  /** enum cgroup_subsys_id */
  readonly subsystem: number

  constructor(cgroup: CgroupSource, subsystem: number) {
    this.cgroup = cgroup
    this.subsystem = subsystem
  }

  /** Tells them apart, for addresses. */
  get id(): string {
    return `${this.subsystem} of ${this.cgroup.id}`
  }

  get isMemory(): boolean {
    return this.subsystem === MEMORY
  }
}

const MEMORY = subsystemId('memory')
/** CGROUP_SUBSYS_COUNT */
const SUBSYSTEM_COUNT = 12

/** cgroup->subsys: null where the controller is not enabled. */
export function subsystemsOf(cgroup: CgroupSource): (CssSource | null)[] {
  const mask = cgroup.subsystems()
  return Array.from({ length: SUBSYSTEM_COUNT }, (_, id) => (mask & (1 << id) ? new CssSource(cgroup, id) : null))
}

/** The counters of struct mem_cgroup, by the middle of their files' names. v1 counts memory and swap together where v2 counts swap alone. */
const FILES = {
  memory: { v1: 'memory', v2: 'memory' },
  swap: { v1: 'memory.memsw', v2: 'memory.swap' },
  kmem: { v1: 'memory.kmem', v2: null },
  tcpmem: { v1: 'memory.kmem.tcp', v2: null },
} as const
export type CounterName = keyof typeof FILES

/** LONG_MAX, which in pages is PAGE_COUNTER_MAX: no limit. */
const NO_LIMIT = 0x7fff_ffff_ffff_ffffn

/** struct page_counter. All numbers are pages. */
export class CounterSource {
  readonly css: CssSource
  readonly name: CounterName

  constructor(css: CssSource, name: CounterName) {
    this.css = css
    this.name = name
  }

  get id(): string {
    return `${this.name} of ${this.css.id}`
  }

  /** The root has no such files in v2, and in v1 one that counts what is not charged to it: its counter has the sum of its children. */
  get usage(): bigint {
    const { cgroup, subsystem } = this.css
    if (!cgroup.isRoot || FILES[this.name].v2 === null) return this.#pages('usage_in_bytes', 'current', 0n)
    return cgroup
      .children()
      .filter(child => child.subsystems() & (1 << subsystem))
      .reduce((sum, child) => sum + new CounterSource(new CssSource(child, subsystem), this.name).usage, 0n)
  }
  get max(): bigint {
    return this.#pages('limit_in_bytes', 'max', NO_LIMIT)
  }
  get watermark(): bigint {
    return this.#pages('max_usage_in_bytes', 'peak', 0n)
  }
  get failcnt(): bigint {
    return this.css.cgroup.isV2 ? 0n : BigInt(this.#file('failcnt', null)?.trim() ?? 0)
  }
  get min(): bigint {
    return this.#pages(null, 'min', 0n)
  }
  get low(): bigint {
    return this.#pages(null, 'low', 0n)
  }
  /** The counters that v2 does not use never had it set. */
  get high(): bigint {
    return FILES[this.name].v2 === null ? 0n : this.#pages(null, 'high', NO_LIMIT)
  }

  /** A file of bytes as pages; `none` bytes where this version has no such file, or the root lacks it. @throws ErrnoError EOPNOTSUPP for one that is missing */
  #pages(v1: string | null, v2: string, none: bigint): bigint {
    const text = this.#file(v1, v2)?.trim()
    const bytes = text === undefined ? none : text === 'max' ? NO_LIMIT : BigInt(text)
    return bytes / BigInt(this.css.cgroup.hierarchy.platform.pageSize)
  }

  #file(v1: string | null, v2: string | null): string | null {
    const { cgroup } = this.css
    const base = cgroup.isV2 ? FILES[this.name].v2 : FILES[this.name].v1
    const rest = cgroup.isV2 ? v2 : v1
    if (base === null || rest === null || (cgroup.isV2 && cgroup.isRoot)) return null
    const text = cgroup.file(`${base}.${rest}`)
    if (text === null) throw new ErrnoError(EOPNOTSUPP, `cgroup ${cgroup.path}: want the file ${base}.${rest}, there is none`)
    return text
  }
}
