// Kernel objects as BPF programs see them: bytes at addresses. An object that a program may look at gets pages of the address space,
// and next to them a shadow of the same size. A field's bytes are written, and marked in the shadow, when the program first loads
// from them: so only what is looked at is read. Objects live for one call of the program; their addresses are those that the same
// object has always (src/util/address.ts), so that programs may compare and keep them.
import type { SourceSession } from '../sources/session.ts'
import { TaskSource } from '../sources/task.ts'
import { Lines } from '../sources/text.ts'
import { OBJECT_BASE_HI, PAGE_SHIFT, pageAt, pageOf } from '../util/address.ts'
import { encodeText } from '../util/bytes.ts'
import { ENOMEM, ErrnoError } from '../util/errno.ts'
import { type AddressSpace, LAYOUT, MEM_BASE_HI, TLB_ENTRY } from '../vm/memory.ts'
import type { Leaf, StructLeaves } from './leaves.ts'
import type { SourceOf } from './types.ts'
import { keyOf, outermost, type StructName, symbolOf } from './view.ts'

const PAGE = 1 << PAGE_SHIFT
const PAGE_MASK = PAGE - 1
/** OBJECT_BASE as a page number of the whole address space. */
const FIRST_PAGE = OBJECT_BASE_HI * 2 ** (32 - PAGE_SHIFT)
/** Pages taken from the address space at a time, each with its shadow. */
const CHUNK_PAGES = 16
/** Objects that one call of a program may look at. */
const MAX_OBJECTS = 65_536
/** Objects whose addresses programs have put into maps; the oldest are forgotten. */
const MAX_KEPT = 65_536
/** What marks a byte in the shadow as there. */
const THERE = 0xff

interface Region {
  /** Tells objects apart: struct and identity. */
  readonly key: string
  /** First page, counted from OBJECT_BASE. */
  readonly page: number
  /** Offset of the bytes, and of the shadow. */
  readonly mem: number
  readonly shadow: number
  /** Bytes. */
  readonly size: number
  /** Null for a text, whose bytes are all there. */
  readonly struct: StructName | null
  readonly source: unknown
}

/** An object that comes back when an address of it is used in a later call. */
interface Kept {
  readonly struct: StructName
  /** Made anew: a source may hold what it read for one call. */
  readonly source: () => unknown
}

interface Chunk {
  readonly at: number
  readonly pages: number
}

/** An object, or a struct embedded in one, that an address leads to. */
export interface Found {
  readonly struct: StructName
  readonly source: unknown
  /** Tells objects apart; the same for all structs embedded in one. */
  readonly key: string
}

export class KernelMemory {
  readonly space: AddressSpace
  readonly #leaves: StructLeaves
  /** Sources of objects that programs ask for by number. */
  readonly #session: SourceSession
  /** Every page of every region of this call. */
  readonly #pages = new Map<number, Region>()
  readonly #regions: Region[] = []
  /** Objects whose addresses programs keep from call to call, by page. */
  readonly #kept = new Map<number, Kept>()
  readonly #chunks: Chunk[] = []
  #chunk = 0
  #usedPages = 0
  readonly #tlbSlots: number[] = []

  constructor(space: AddressSpace, leaves: StructLeaves, session: SourceSession) {
    this.space = space
    this.#leaves = leaves
    this.#session = session
  }

  /** Writes the address of an object, 8 bytes, at `at`; 0 for null. */
  writeAddress(at: number, struct: StructName, source: unknown): void {
    const { view } = this.space
    if (source === null || source === undefined) {
      view.setInt32(at, 0, true)
      view.setInt32(at + 4, 0, true)
      return
    }
    const symbol = symbolOf(struct, source)
    if (symbol !== null) view.setBigUint64(at, symbol, true)
    else this.#writePage(at, this.#regionOf(struct, source).page)
  }

  /** Writes the address of an object of which programs have no more than that. */
  writeOpaque(at: number, name: string): void {
    this.#writePage(at, pageOf(name))
  }

  /** Writes the address of a text, with a NUL behind it. `key` tells texts apart. */
  writeText(at: number, key: string, text: string): void {
    const bytes = encodeText(text)
    const block = new Uint8Array(bytes.length + 1)
    block.set(bytes)
    this.writeBlock(at, key, block)
  }

  /** Writes the address of bytes, 0 for null. `key` tells them apart. */
  writeBlock(at: number, key: string, bytes: Uint8Array | null): void {
    if (!bytes) return this.space.view.setBigUint64(at, 0n, true)
    const known = this.#find(key)
    if (known) return this.#writePage(at, known.page)
    const region = this.#make(key, bytes.length, null, null)
    this.space.u8.set(bytes, region.mem)
    this.space.u8.fill(THERE, region.shadow, region.shadow + region.size)
    this.#writePage(at, region.page)
  }

  /** Puts an object into the window for good, with all its fields; its offset. It takes StructLeaves.roomOf() bytes. */
  place(struct: StructName, source: unknown): number {
    const at = this.space.alloc(this.#leaves.roomOf(struct))
    for (const leaf of this.#leaves.leavesOf(struct)) leaf.write(this, at + leaf.off, source, `placed ${struct}`)
    return at
  }

  /** Lets the object's address lead to it in all calls, until forget(). The page it lies at. */
  keep(struct: StructName, source: () => unknown): number {
    const now = source()
    const outer = outermost(struct, now)
    const page = pageOf(keyOf(outer, now))
    this.#kept.set(page, { struct: outer, source })
    return page
  }

  /** As keep(), for the object that begins at the address in this call. */
  keepAt(lo: number, hi: number): void {
    const region = this.#startingAt(lo, hi)
    if (!region || region.struct === null) return
    const { struct, source } = region
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(region.page, { struct, source: () => (source instanceof TaskSource ? source.again(this.#session) : source) })
  }

  forget(page: number): void {
    this.#kept.delete(page)
  }

  /** See Translate. */
  readonly translate = (lo: number, hi: number, size: number): number => {
    if (hi >>> 0 === MEM_BASE_HI) return Math.max(this.space.offsetOf(lo, hi, size), LAYOUT.ZERO)
    const page = pageAt(lo, hi)
    const region = this.#regionAt(page)
    if (!region) return LAYOUT.ZERO
    const off = (page - region.page) * PAGE + (lo & PAGE_MASK)
    if (off >= region.size) return LAYOUT.ZERO
    if (region.struct !== null) this.#fill(region, off, Math.min(off + size, region.size))
    this.#remember(page, region)
    return region.mem + off
  }

  /**
   * How many of the `size` bytes at hi:lo belong to one object and are there then: 0 when none is. For helpers that copy more than
   * a load does. The offset is left in `foundAt`.
   */
  available(lo: number, hi: number, size: number): number {
    const page = pageAt(lo, hi)
    const region = this.#regionAt(page)
    if (!region) return 0
    const off = (page - region.page) * PAGE + (lo & PAGE_MASK)
    if (off >= region.size) return 0
    const end = Math.min(off + size, region.size)
    if (region.struct !== null) this.#fill(region, off, end)
    this.foundAt = region.mem + off
    return end - off
  }
  foundAt = 0

  /** The object that begins at the address, or the struct `want` embedded there. */
  find(lo: number, hi: number, want: StructName): Found | null {
    const page = pageAt(lo, hi)
    const region = this.#regionAt(page)
    if (!region || region.struct === null) return null
    const off = (page - region.page) * PAGE + (lo & PAGE_MASK)
    if (off === 0 && region.struct === want) return { struct: want, source: region.source, key: region.key }
    const embedded = this.#leaves.embeddedAt(region.struct, off, want)
    return embedded && { struct: want, source: embedded.source(region.source), key: region.key }
  }

  /** Name of the struct that begins at the address; null for none. */
  structAt(lo: number, hi: number): StructName | null {
    return this.#startingAt(lo, hi)?.struct ?? null
  }

  /** Tells the object that begins at the address apart from all others; null when none does. */
  keyAt(lo: number, hi: number): string | null {
    return this.#startingAt(lo, hi)?.key ?? null
  }

  /** The task with this id in the daemon's namespace; null when there is none. */
  task(tid: number): TaskSource | null {
    try {
      const tgid = new Lines(this.#session.platform.read(`/proc/${tid}/status`)).number('Tgid')
      return tgid ? new TaskSource(this.#session, tgid, tid) : null
    } catch {
      return null
    }
  }

  /** The call is over: its objects are gone. */
  reset(): void {
    const { u8 } = this.space
    for (const { shadow, mem, size } of this.#regions) {
      u8.fill(0, shadow, shadow + size)
      u8.fill(0, mem, mem + size)
    }
    // Whole entries: an empty one has page 0, which is also that of NULL, and must lead to LAYOUT.ZERO.
    for (const at of this.#tlbSlots) u8.fill(0, at, at + TLB_ENTRY.SIZE)
    this.#tlbSlots.length = 0
    this.#regions.length = 0
    this.#pages.clear()
    this.#chunk = 0
    this.#usedPages = 0
    this.#session.release()
  }

  #startingAt(lo: number, hi: number): Region | null {
    const page = pageAt(lo, hi)
    const region = (lo & PAGE_MASK) !== 0 ? undefined : this.#regionAt(page)
    return region && region.page === page ? region : null
  }

  #regionAt(page: number): Region | undefined {
    const region = this.#pages.get(page)
    if (region) return region
    const kept = this.#kept.get(page)
    return kept && this.#regionOf(kept.struct, kept.source())
  }

  #regionOf(struct: StructName, source: unknown): Region {
    const outer = outermost(struct, source)
    const key = keyOf(outer, source)
    return this.#find(key) ?? this.#make(key, this.#leaves.roomOf(outer), outer, source)
  }

  #find(key: string): Region | undefined {
    for (let page = pageOf(key); ; page++) {
      const region = this.#pages.get(page)
      if (!region || region.key === key) return region
    }
  }

  #make(key: string, size: number, struct: StructName | null, source: unknown): Region {
    if (this.#regions.length >= MAX_OBJECTS) {
      throw new ErrnoError(ENOMEM, `want at most ${MAX_OBJECTS} kernel objects looked at in one call of a program`)
    }
    const count = Math.max(1, Math.ceil(size / PAGE))
    const chunk = this.#take(count)
    const first = this.#usedPages - count
    const mem = chunk.at + first * PAGE
    const region: Region = { key, page: this.#freePage(key, count), mem, shadow: mem + chunk.pages * PAGE, size, struct, source }
    for (let i = 0; i < count; i++) this.#pages.set(region.page + i, region)
    this.#regions.push(region)
    return region
  }

  /** Where the object lies; further on when another object of this call is there, which hashes of 34 bits make rare. */
  #freePage(key: string, count: number): number {
    for (let page = pageOf(key); ; page++) {
      let free = true
      for (let i = 0; i < count && free; i++) free = !this.#pages.has(page + i)
      if (free) return page
    }
  }

  /** A chunk with `count` pages more in use, which end at #usedPages. */
  #take(count: number): Chunk {
    for (; ; this.#chunk++, this.#usedPages = 0) {
      const chunk = this.#chunks[this.#chunk]
      if (!chunk) break
      if (this.#usedPages + count <= chunk.pages) {
        this.#usedPages += count
        return chunk
      }
    }
    const pages = Math.max(CHUNK_PAGES, count)
    const chunk = { at: this.space.alloc(2 * pages * PAGE), pages }
    this.#chunks.push(chunk)
    this.#usedPages = count
    return chunk
  }

  #writePage(at: number, page: number): void {
    const { view } = this.space
    view.setUint32(at, ((page & 0xfffff) << PAGE_SHIFT) >>> 0, true)
    view.setUint32(at + 4, OBJECT_BASE_HI + Math.floor(page / 2 ** 20), true)
  }

  /** Makes the bytes from `off` to `end` be there. */
  #fill(region: Region, off: number, end: number): void {
    const leaves = this.#leaves.leavesOf(region.struct!)
    const { shadow } = region
    for (let i = firstLeaf(leaves, off); i < leaves.length && leaves[i]!.off < end; i++) {
      const leaf = leaves[i]!
      if (this.space.u8[shadow + leaf.off] === THERE) continue
      leaf.write(this, region.mem + leaf.off, region.source, region.key)
      this.space.u8.fill(THERE, shadow + leaf.off, shadow + leaf.end)
    }
    this.space.u8.fill(THERE, shadow + off, shadow + end) // what lies between fields
  }

  /** Lets loads from the page find it without being asked for. */
  #remember(page: number, region: Region): void {
    const { view } = this.space
    const at = LAYOUT.TLB + (page & (TLB_ENTRY.COUNT - 1)) * TLB_ENTRY.SIZE
    const within = (page - region.page) * PAGE
    const number = FIRST_PAGE + page
    view.setUint32(at + TLB_ENTRY.PAGE, number >>> 0, true)
    view.setUint32(at + TLB_ENTRY.PAGE + 4, Math.floor(number / 2 ** 32), true)
    view.setUint32(at + TLB_ENTRY.BYTES, region.mem + within, true)
    view.setUint32(at + TLB_ENTRY.SHADOW, region.shadow + within, true)
    this.#tlbSlots.push(at)
  }
}

/** Index of the first leaf that ends behind `off`. */
function firstLeaf(leaves: readonly Leaf[], off: number): number {
  let [low, high] = [0, leaves.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (leaves[middle]!.end <= off) low = middle + 1
    else high = middle
  }
  return low
}

/** The source behind a struct. */
export type Source<N extends StructName> = SourceOf[N]
