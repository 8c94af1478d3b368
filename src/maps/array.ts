// BPF_MAP_TYPE_ARRAY and PERCPU_ARRAY: index times stride. Per-CPU values of one index lie side by side, each rounded up to 8 bytes.
import { E2BIG, EEXIST, EINVAL, ENOENT } from '../util/errno.ts'
import { BaseMap, checkUpdateFlags, copy, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_F_LOCK, BPF_F_MMAPABLE, BPF_NOEXIST, PAGE_SIZE, roundUp8 } from './flags.ts'
import type { MapAttr, MapWalk } from './map.ts'

/** sizeof(struct bpf_array) of Linux 6.18 on x86-64 */
const SIZEOF_BPF_ARRAY = 312

/** The index of the key at `key`. */
const indexAt = (map: BaseMap, key: number): number => map.space.view.getUint32(key, true)

/** What arrays of all kinds say about keys. */
export abstract class IndexedMap extends BaseMap {
  protected override sysNext(key: number): Uint8Array | number {
    const { maxEntries } = this.attr
    const index = key === 0 ? maxEntries : indexAt(this, key)
    if (index === maxEntries - 1) return -ENOENT
    const next = new Uint8Array(4)
    new DataView(next.buffer).setUint32(0, index >= maxEntries ? 0 : index + 1, true)
    return next
  }
}

export class ArrayMap extends IndexedMap {
  readonly #base: number
  readonly #stride: number

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks) {
    super(attr, env, blocks)
    this.#stride = roundUp8(attr.valueSize)
    this.#base = blocks.alloc(this.#stride * attr.maxEntries)
  }

  get memlock(): number {
    const { maxEntries, flags } = this.attr
    const bytes = maxEntries * this.#stride
    if (!(flags & BPF_F_MMAPABLE)) return SIZEOF_BPF_ARRAY + bytes
    return PAGE_SIZE + Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE
  }

  /** Offset of the value of index 0: where globals lie. */
  get base(): number {
    return this.#base
  }

  override lookup(key: number): number {
    const index = indexAt(this, key)
    return index < this.attr.maxEntries ? this.#base + index * this.#stride : 0
  }

  override update(key: number, value: number, flags: number): number {
    const bad = checkUpdateFlags(flags, this.hasLock)
    if (bad) return bad
    const at = this.lookup(key)
    if (at === 0) return -E2BIG
    if ((flags & ~BPF_F_LOCK) === BPF_NOEXIST) return -EEXIST
    this.copyValue(at, value)
    return 0
  }

  override delete(_key: number): number {
    return -EINVAL
  }

  override forEach(call: (key: number, value: number) => number): number {
    return forEachIndex(this, call, index => this.#base + index * this.#stride)
  }

  override elements(): MapWalk {
    return new ArrayWalk(this, this.blocks, index => this.#base + index * this.#stride, 0)
  }
}

export class PercpuArrayMap extends IndexedMap {
  readonly #base: number
  readonly #step: number
  readonly #stride: number

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks) {
    const step = roundUp8(attr.valueSize)
    super(attr, env, blocks, step * env.cpus)
    this.#step = step
    this.#stride = step * env.cpus
    this.#base = blocks.alloc(this.#stride * attr.maxEntries)
  }

  get memlock(): number {
    return SIZEOF_BPF_ARRAY + this.attr.maxEntries * (8 + this.#stride)
  }

  override lookup(key: number): number {
    return this.lookupPercpu(key, this.env.cpu?.() ?? 0)
  }

  override lookupPercpu(key: number, cpu: number): number {
    const index = indexAt(this, key)
    if (index >= this.attr.maxEntries || cpu >= this.env.cpus) return 0
    return this.#base + index * this.#stride + cpu * this.#step
  }

  override update(key: number, value: number, flags: number): number {
    const bad = this.#check(key, flags)
    if (bad) return bad
    this.copyValue(this.lookup(key), value)
    return 0
  }

  override delete(_key: number): number {
    return -EINVAL
  }

  protected override sysLookup(key: number): number {
    return this.lookupPercpu(key, 0)
  }

  protected override sysUpdate(key: number, value: number, flags: number): number {
    const bad = this.#check(key, flags)
    if (bad) return bad
    copy(this.space, this.lookupPercpu(key, 0), value, this.userValueSize)
    return 0
  }

  #check(key: number, flags: number): number {
    const bad = checkUpdateFlags(flags, false)
    if (bad) return bad
    if (indexAt(this, key) >= this.attr.maxEntries) return -E2BIG
    return flags === BPF_NOEXIST ? -EEXIST : 0
  }

  override forEach(call: (key: number, value: number) => number): number {
    const at = this.#base + (this.env.cpu?.() ?? 0) * this.#step
    return forEachIndex(this, call, index => at + index * this.#stride)
  }

  override elements(): MapWalk {
    return new ArrayWalk(this, this.blocks, index => this.#base + index * this.#stride, this.#stride)
  }
}

/** bpf_for_each_array_elem(): the key is a copy on the stack there, one for all calls. */
function forEachIndex(map: BaseMap, call: (key: number, value: number) => number, valueAt: (index: number) => number): number {
  const { space, attr } = map
  const key = space.alloc(8)
  try {
    for (let index = 0; index < attr.maxEntries; ) {
      space.view.setUint32(key, index, true)
      const value = valueAt(index++)
      if (call(key, value) !== 0) return index
    }
    return attr.maxEntries
  } finally {
    space.free(key, 8)
  }
}

/** bpf_array_map_seq_ops; `copied` bytes of a per-CPU value are copied, 0: values in place. */
class ArrayWalk implements MapWalk {
  key: number
  value = 0
  readonly #map: BaseMap
  readonly #blocks: Blocks
  readonly #valueAt: (index: number) => number
  readonly #copied: number
  readonly #buffer: number
  #index = 0

  constructor(map: BaseMap, blocks: Blocks, valueAt: (index: number) => number, copied: number) {
    this.#map = map
    this.#blocks = blocks
    this.#valueAt = valueAt
    this.#copied = copied
    this.key = blocks.alloc(8 + copied)
    this.#buffer = this.key + 8
  }

  current(): boolean {
    const { space, attr } = this.#map
    if (this.#index >= attr.maxEntries) return false
    space.view.setUint32(this.key, this.#index, true)
    this.value = this.#valueAt(this.#index)
    if (this.#copied > 0) {
      copy(space, this.#buffer, this.value, this.#copied)
      this.value = this.#buffer
    }
    return true
  }

  advance(): boolean {
    this.#index++
    return this.current()
  }

  close(): void {
    this.#blocks.free(this.key)
  }
}
