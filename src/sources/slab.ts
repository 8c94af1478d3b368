// Slab caches: /proc/slabinfo, which has the kernel's order (newest first), and what /sys/kernel/slab says of each.
import type { Platform } from '../platform/platform.ts'
import { ENODATA, ENOENT, ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { latin1 } from './text.ts'

const SLABINFO = '/proc/slabinfo'
const SYSFS = '/sys/kernel/slab'
/** Caches that the kernel sets up by hand (kmem_cache_init). sysfs shows their refcount of -1 as one of 1. */
const BOOT = new Set(['kmem_cache', 'kmem_cache_node'])
const BOOT_REFCOUNT = -1

/** struct kmem_cache_node: the part of a cache in one NUMA node. */
export class SlabNodeSource {
  readonly cache: SlabSource
  readonly number: number
  constructor(cache: SlabSource, number: number) {
    this.cache = cache
    this.number = number
  }
  get id(): string {
    return `${this.number} of ${this.cache.name}`
  }
  /** slabinfo's number where there is one node: so all of a row is of one moment. */
  get slabs(): number {
    return this.cache.isOneNode ? this.cache.counts.slabs : this.#count('slabs')
  }
  get objects(): number {
    return this.cache.isOneNode ? this.cache.counts.objects : this.#count('total_objects')
  }
  get partial(): number {
    return this.#count('partial')
  }

  /** `36 N0=20 N1=16`; without nodes on a kernel without NUMA, and without those that have none. */
  #count(name: string): number {
    const text = this.cache.text(name)
    const own = new RegExp(` N${this.number}=(\\d+)`).exec(text)
    return own ? Number(own[1]) : this.number === 0 && !text.includes(' N') ? Number.parseInt(text, 10) : 0
  }
}

interface Counts {
  readonly active: number
  readonly objects: number
  readonly size: number
  readonly perSlab: number
  readonly pages: number
  readonly slabs: number
}

/** struct kmem_cache: a line of slabinfo. */
export class SlabSource {
  readonly name: string
  readonly counts: Counts
  readonly #platform: Platform
  readonly #nodes: readonly number[]

  constructor(platform: Platform, nodes: readonly number[], name: string, counts: Counts) {
    this.#platform = platform
    this.#nodes = nodes
    this.name = name
    this.counts = counts
  }

  get id(): string {
    return this.name
  }

  get isOneNode(): boolean {
    return this.#nodes.length === 1
  }

  /** The parts of all NUMA nodes by number. */
  get nodes(): (SlabNodeSource | null)[] {
    const parts = Array.from({ length: Math.max(...this.#nodes) + 1 }, () => null as SlabNodeSource | null)
    for (const number of this.#nodes) parts[number] = new SlabNodeSource(this, number)
    return parts
  }

  /** References, with the one of an iterator that shows it (kmem_cache_iter_seq_next). */
  get refcount(): number {
    if (BOOT.has(this.name)) return BOOT_REFCOUNT
    return this.number('aliases') + 2
  }

  /**
   * A file of the cache in sysfs.
   * @throws ObjectGone when the cache is gone, ErrnoError when the file is not there or may not be read
   */
  text(file: string): string {
    const dir = `${SYSFS}/${this.name.replaceAll('/', '!')}`
    try {
      return latin1(this.#platform.read(`${dir}/${file}`)).trim()
    } catch (err) {
      const isNoFile = err instanceof ErrnoError && err.errno === ENOENT
      if (isNoFile && this.#platform.exists(SYSFS) && !this.#platform.exists(dir)) throw new ObjectGone(dir)
      throw err
    }
  }

  number(file: string): number {
    return Number.parseInt(this.text(file), 10)
  }
}

const LINE = /^(.*\S) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) : tunables .* : slabdata +\d+ +(\d+) +\d+$/

/** All caches at this moment. @throws ErrnoError when slabinfo is not there, may not be read, or has another form than that of SLUB */
export function slabCaches(platform: Platform): SlabSource[] {
  const [version, , ...lines] = latin1(platform.read(SLABINFO)).split('\n')
  if (version !== 'slabinfo - version: 2.1') throw new ErrnoError(ENODATA, `${SLABINFO}: want version 2.1, got "${version}"`)
  const nodes = onlineNodes(platform)
  return lines.filter(Boolean).map(line => {
    const [, name, ...numbers] = LINE.exec(line) ?? []
    if (name === undefined) throw new ErrnoError(ENODATA, `${SLABINFO}: want a line of version 2.1, got "${line}"`)
    const [active, objects, size, perSlab, pages, slabs] = numbers.map(Number) as [number, number, number, number, number, number]
    return new SlabSource(platform, nodes, name, { active, objects, size, perSlab, pages, slabs })
  })
}

/** Numbers of the NUMA nodes: `0`, `0-1,4`. */
function onlineNodes(platform: Platform): number[] {
  try {
    const ranges = latin1(platform.read('/sys/devices/system/node/online')).trim().split(',')
    return ranges.flatMap(range => {
      const [first, last = first] = range.split('-').map(Number) as [number, number?]
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
  } catch {
    return [0] // a kernel without NUMA
  }
}
