// BPF_MAP_TYPE_HASH and PERCPU_HASH, and what LRU hashes and HASH_OF_MAPS share with them. Buckets are chains of elements as the kernel has
// them: new elements go to the head, so with BPF_F_ZERO_SEED the order of a walk is the kernel's.
//
// The bytes of an element are key and value, each 8-aligned. Its words, which programs do not see: the next element of its chain (0 ends
// it), its hash, and those of a subclass. One that is taken out keeps `next`, so that a walk that stands on it goes on behind it; the list of
// free ones uses `hash`.
import { E2BIG, ENOENT, ENOMEM } from '../util/errno.ts'
import type { AddressSpace } from '../vm/memory.ts'
import { BaseMap, checkExists, checkUpdateFlags, copy, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_F_LOCK, BPF_F_NO_PREALLOC, BPF_F_ZERO_SEED, powerOfTwo, roundUp8 } from './flags.ts'
import { jhash } from './jhash.ts'
import type { MapAttr, MapWalk } from './map.ts'
import { Pool } from './pool.ts'

/** Sizes of Linux 6.18 on x86-64: struct bpf_htab, struct bucket, struct htab_elem. */
const SIZEOF_BPF_HTAB = 832
const SIZEOF_BUCKET = 16
const SIZEOF_HTAB_ELEM = 48
/** Lock counters of each CPU (HASHTAB_MAP_LOCK_COUNT of 4 bytes). */
const LOCKS = 32

const NEXT = 1
const HASH = 2
/** Words of an element without those of a subclass. */
export const HASH_WORDS = 3

/** How kinds of hashes differ. */
export interface HashOptions {
  /** More words of an element. */
  readonly extra?: number
  /** Bytes of the value area, when not those of bpf(2). */
  readonly valueBytes?: number
  readonly percpu?: boolean
  /** An update of an element that is there writes its value, as per-CPU maps always do; others put in a new element. */
  readonly inPlace?: boolean
}

export class HashMap extends BaseMap {
  /** Elements in the map. */
  protected count = 0
  /** Bytes of one value area: all CPUs. */
  protected readonly valueBytes: number
  readonly #valueOff: number
  readonly #percpu: boolean
  readonly #inPlace: boolean
  /** The first element of each bucket. */
  readonly #buckets: Int32Array
  readonly #mask: number
  readonly #seed: number
  readonly #prealloc: boolean
  protected readonly pool: Pool
  /** Words of an element. */
  protected readonly stride: number

  override get elemCount(): number {
    return this.count
  }

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks, options: HashOptions = {}) {
    const percpu = options.percpu ?? false
    const userSize = percpu ? roundUp8(attr.valueSize) * env.cpus : attr.valueSize
    super(attr, env, blocks, userSize)
    this.#percpu = percpu
    this.#inPlace = percpu || options.inPlace === true
    this.valueBytes = options.valueBytes ?? userSize
    this.#valueOff = roundUp8(attr.keySize)
    this.stride = HASH_WORDS + (options.extra ?? 0)
    const buckets = powerOfTwo(attr.maxEntries)
    this.#buckets = blocks.words(buckets)
    this.#mask = buckets - 1
    this.#seed = attr.flags & BPF_F_ZERO_SEED ? 0 : (env.random?.() ?? Math.floor(Math.random() * 2 ** 32))
    this.#prealloc = !(attr.flags & BPF_F_NO_PREALLOC)
    const count = this.#prealloc ? attr.maxEntries + (this.#inPlace ? 0 : env.cpus) : 0
    this.pool = new Pool(blocks, this.#valueOff + roundUp8(this.valueBytes), this.stride, HASH, count)
  }

  get memlock(): number {
    return this.usage(!this.#percpu, !this.#inPlace)
  }

  /** htab_map_mem_usage(); `pointers` to one more element for each CPU, and those `extras`. */
  protected usage(pointers: boolean, extras: boolean): number {
    const { keySize, valueSize, maxEntries } = this.attr
    const { cpus } = this.env
    const elem = SIZEOF_HTAB_ELEM + roundUp8(keySize) + (this.#percpu ? 8 : roundUp8(valueSize))
    const values = this.#percpu ? roundUp8(valueSize) * cpus : 0
    const fixed = SIZEOF_BPF_HTAB + SIZEOF_BUCKET * (this.#mask + 1) + LOCKS * cpus
    if (!this.#prealloc) return fixed + this.count * (elem + 8 + (this.#percpu ? 16 + values : 0))
    return fixed + (elem + values) * (maxEntries + (extras ? cpus : 0)) + (pointers ? 8 * cpus : 0)
  }

  override lookup(key: number): number {
    const elem = this.find(key, this.hash(key))
    return elem === 0 ? 0 : this.seenValue(elem)
  }

  override lookupPercpu(key: number, cpu: number): number {
    if (!this.#percpu || cpu >= this.env.cpus) return 0
    const elem = this.find(key, this.hash(key))
    return elem === 0 ? 0 : this.place(elem) + cpu * roundUp8(this.attr.valueSize)
  }

  /** Offset of the value of an element. */
  protected place(elem: number): number {
    return this.pool.at(elem) + this.#valueOff
  }

  /** What programs see as the value of an element. */
  protected seenValue(elem: number): number {
    const at = this.place(elem)
    return this.#percpu ? at + (this.env.cpu?.() ?? 0) * roundUp8(this.attr.valueSize) : at
  }

  override update(key: number, value: number, flags: number): number {
    return this.put(key, value, flags, false)
  }

  protected override sysUpdate(key: number, value: number, flags: number): number {
    return this.put(key, value, flags, true)
  }

  /** An update; `all`: `value` has the values of all CPUs. */
  protected put(key: number, value: number, flags: number, all: boolean): number {
    const bad = checkUpdateFlags(flags, this.hasLock && !this.#percpu)
    if (bad) return bad
    const hash = this.hash(key)
    const old = this.find(key, hash)
    const wrong = checkExists(old !== 0, flags)
    if (wrong) return wrong
    if (old !== 0 && (this.#inPlace || flags & BPF_F_LOCK)) {
      this.overwrite(old, value, all)
      return 0
    }
    if (old === 0 && this.count >= this.attr.maxEntries) return -E2BIG
    const elem = this.insert(key, hash, value, all)
    if (elem < 0) return elem
    if (old !== 0) this.remove(old)
    return 0
  }

  /** Writes the value of an element in place. */
  protected overwrite(elem: number, value: number, all: boolean): void {
    if (this.#percpu && all) copy(this.space, this.place(elem), value, this.valueBytes)
    else this.copyValue(this.seenValue(elem), value)
  }

  /** Puts in a new element at the head of its bucket: its number, or -ENOMEM. */
  protected insert(key: number, hash: number, value: number, all: boolean): number {
    const elem = this.pool.take()
    if (elem === 0) return -ENOMEM
    this.#fill(elem, key, value, all)
    const { words } = this.pool
    const bucket = hash & this.#mask
    words[elem * this.stride + HASH] = hash
    words[elem * this.stride + NEXT] = this.#buckets[bucket]!
    this.#buckets[bucket] = elem
    this.count++
    return elem
  }

  #fill(elem: number, key: number, value: number, all: boolean): void {
    const { u8 } = this.space
    const at = this.place(elem)
    copy(this.space, this.pool.at(elem), key, this.attr.keySize)
    if (!this.#percpu) return this.initValue(at, value)
    if (all) return copy(this.space, at, value, this.valueBytes)
    u8.fill(0, at, at + this.valueBytes)
    this.initValue(this.seenValue(elem), value)
  }

  override delete(key: number): number {
    const elem = this.find(key, this.hash(key))
    if (elem === 0) return -ENOENT
    this.remove(elem)
    return 0
  }

  protected override sysLookup(key: number): number {
    const elem = this.find(key, this.hash(key))
    return elem === 0 ? 0 : this.place(elem)
  }

  protected override sysLookupAndDelete(key: number): Uint8Array | number {
    const elem = this.find(key, this.hash(key))
    if (elem === 0) return -ENOENT
    const bytes = this.copyOut(this.place(elem))
    this.remove(elem)
    return bytes
  }

  protected hash(key: number): number {
    return jhash(this.space.view, key, this.attr.keySize, this.#seed)
  }

  /** The element with the key at `key`, 0 when there is none. */
  protected find(key: number, hash: number): number {
    const { view } = this.space
    const { keySize } = this.attr
    const { stride } = this
    const { words } = this.pool
    for (let elem = this.#buckets[hash & this.#mask]!; elem !== 0; elem = words[elem * stride + NEXT]!)
      if (words[elem * stride + HASH] === hash && sameKey(view, words[elem * stride]! >>> 0, key, keySize)) return elem
    return 0
  }

  /** Takes an element out for good. */
  protected remove(elem: number): void {
    this.unlink(elem)
  }

  /** Takes an element out of its chain and frees it. */
  protected unlink(elem: number): void {
    const { words } = this.pool
    const { stride } = this
    const bucket = words[elem * stride + HASH]! & this.#mask
    const behind = words[elem * stride + NEXT]!
    let before = this.#buckets[bucket]!
    if (before === elem) this.#buckets[bucket] = behind
    else {
      for (let next = 0; before !== 0; before = next) {
        next = words[before * stride + NEXT]!
        if (next === elem) break
      }
      if (before === 0) return
      words[before * stride + NEXT] = behind
    }
    this.count--
    this.pool.free(elem)
  }

  protected override sysNext(key: number): Uint8Array | number {
    let bucket = 0
    if (key !== 0) {
      const hash = this.hash(key)
      const elem = this.find(key, hash)
      if (elem !== 0) {
        const next = this.pool.words[elem * this.stride + NEXT]!
        if (next !== 0) return this.keyBytes(this.pool.at(next))
        bucket = (hash & this.#mask) + 1
      }
    }
    const next = this.#firstFrom(bucket)
    return next === 0 ? -ENOENT : this.keyBytes(this.pool.at(next))
  }

  /** The first element of the buckets from `bucket` on, 0 at the end. */
  #firstFrom(bucket: number): number {
    for (let at = bucket; at <= this.#mask; at++) if (this.#buckets[at] !== 0) return this.#buckets[at]!
    return 0
  }

  /** Calls with each element until one call returns true; the element may be taken out meanwhile. */
  protected each(call: (elem: number) => boolean): void {
    for (let bucket = 0; bucket <= this.#mask; bucket++) {
      let elem = this.#buckets[bucket]!
      while (elem !== 0) {
        const next = this.pool.words[elem * this.stride + NEXT]!
        if (call(elem)) return
        elem = next
      }
    }
  }

  override forEach(call: (key: number, value: number) => number): number {
    let calls = 0
    this.each(elem => {
      calls++
      return call(this.pool.at(elem), this.seenValue(elem)) !== 0
    })
    return calls
  }

  override elements(): MapWalk | null {
    return new HashWalk(this.space, this.blocks, {
      buckets: this.#buckets,
      pool: this.pool,
      stride: this.stride,
      valueOff: this.#valueOff,
      copied: this.#percpu ? this.valueBytes : 0,
    })
  }
}

/** Whether two keys have the same bytes. The first is 8-aligned and padded. */
function sameKey(view: DataView, a: number, b: number, size: number): boolean {
  if (size === 4) return view.getInt32(a, true) === view.getInt32(b, true)
  let i = 0
  for (; i + 4 <= size; i += 4) if (view.getInt32(a + i, true) !== view.getInt32(b + i, true)) return false
  for (; i < size; i++) if (view.getUint8(a + i) !== view.getUint8(b + i)) return false
  return true
}

/** Where the elements of a hash lie; `copied` bytes of per-CPU values are copied, 0: values in place. */
interface HashLayout {
  readonly buckets: Int32Array
  readonly pool: Pool
  readonly stride: number
  readonly valueOff: number
  readonly copied: number
}

/** bpf_hash_map_seq_ops: the position is a bucket and how many of its elements are done. */
class HashWalk implements MapWalk {
  key = 0
  value = 0
  readonly #space: AddressSpace
  readonly #blocks: Blocks
  readonly #layout: HashLayout
  readonly #buffer: number
  #bucket = 0
  #skip = 0
  #elem = 0

  constructor(space: AddressSpace, blocks: Blocks, layout: HashLayout) {
    this.#space = space
    this.#blocks = blocks
    this.#layout = layout
    this.#buffer = layout.copied > 0 ? blocks.alloc(layout.copied) : 0
  }

  current(): boolean {
    return this.#seek(this.#skip)
  }

  advance(): boolean {
    this.#skip++
    if (this.#elem === 0) return this.current()
    const { pool, stride } = this.#layout
    const next = pool.words[this.#elem * stride + NEXT]!
    if (next !== 0) return this.#at(next)
    this.#bucket++
    return this.#seek(0)
  }

  /** The first element from the bucket on, behind `skip` elements of that bucket. */
  #seek(skip: number): boolean {
    const { buckets, pool, stride } = this.#layout
    for (let bucket = this.#bucket; bucket < buckets.length; bucket++) {
      let elem = buckets[bucket]!
      let passed = 0
      for (; elem !== 0 && passed < skip; passed++) elem = pool.words[elem * stride + NEXT]!
      if (elem !== 0) {
        this.#bucket = bucket
        this.#skip = passed
        return this.#at(elem)
      }
      skip = 0
    }
    this.#bucket = buckets.length
    this.#skip = 0
    this.#elem = 0
    return false
  }

  #at(elem: number): true {
    const { pool, valueOff, copied } = this.#layout
    this.#elem = elem
    this.key = pool.at(elem)
    this.value = this.key + valueOff
    if (copied > 0) {
      copy(this.#space, this.#buffer, this.value, copied)
      this.value = this.#buffer
    }
    return true
  }

  close(): void {
    if (this.#buffer > 0) this.#blocks.free(this.#buffer)
  }
}
