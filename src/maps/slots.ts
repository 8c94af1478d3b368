// Maps whose values are references to other objects: programs and maps.
import { E2BIG, EBADF, EINVAL, ENOENT, ENOTSUPP } from '../util/errno.ts'
import type { AddressSpace } from '../vm/memory.ts'
import { IndexedMap } from './array.ts'
import type { MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_ANY } from './flags.ts'
import { HASH_WORDS, HashMap } from './hash.ts'
import type { BpfMap, MapAttr, MapWalk } from './map.ts'

const SIZEOF_BPF_ARRAY = 312

/** What programs get for each index, and the ids that the control plane gets (0: empty). */
abstract class SlotArray extends IndexedMap {
  protected readonly pointers: Int32Array
  protected readonly ids: Int32Array

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks) {
    super(attr, env, blocks)
    this.pointers = blocks.words(attr.maxEntries)
    this.ids = blocks.words(attr.maxEntries)
  }

  get memlock(): number {
    return SIZEOF_BPF_ARRAY + this.attr.maxEntries * 8
  }

  /** Takes a reference to object `id`: what programs get for it, or a negative errno. */
  protected abstract get(id: number): number
  protected abstract put(id: number): void

  /** The index at `key`, -1 for one that is too large. */
  protected index(key: number): number {
    const index = this.space.view.getUint32(key, true)
    return index < this.attr.maxEntries ? index : -1
  }

  protected override sysLookup(key: number): number {
    const id = this.ids[this.index(key)] ?? 0
    return id === 0 ? 0 : shownId(this.space, this.valueAt, id)
  }

  override update(_key: number, _value: number, _flags: number): number {
    return -EINVAL
  }

  override delete(_key: number): number {
    return -EINVAL
  }

  protected override sysUpdate(key: number, value: number, flags: number): number {
    if (flags !== BPF_ANY) return -EINVAL
    const index = this.index(key)
    if (index < 0) return -E2BIG
    const id = this.space.view.getUint32(value, true)
    const pointer = this.get(id)
    if (pointer < 0) return pointer
    const old = this.ids[index]!
    this.pointers[index] = pointer
    this.ids[index] = id
    if (old !== 0) this.put(old)
    return 0
  }

  protected override sysDelete(key: number): number {
    const index = this.index(key)
    if (index < 0) return -E2BIG
    const old = this.ids[index]!
    if (old === 0) return -ENOENT
    this.pointers[index] = 0
    this.ids[index] = 0
    this.put(old)
    return 0
  }

  override destroy(): void {
    for (const id of this.ids) if (id !== 0) this.put(id)
    super.destroy()
  }
}

/** BPF_MAP_TYPE_PROG_ARRAY: values are program ids. */
export class ProgArrayMap extends SlotArray {
  protected get(id: number): number {
    return this.env.progs?.get(id) ?? -EBADF
  }

  protected put(id: number): void {
    this.env.progs?.put(id)
  }

  /** Id of the program at an index, 0 when the slot is empty: where bpf_tail_call() goes. */
  progAt(index: number): number {
    return this.ids[index] ?? 0
  }
}

/**
 * bpf_map_meta_equal(), and for arrays that are not BPF_F_INNER_MAP the same number of elements: whether `map` may be an inner map of
 * one with this template.
 */
export function metaEqual(template: MapAttr, map: MapAttr, isArray: boolean, isInnerArray: boolean): boolean {
  return (
    template.type === map.type &&
    template.keySize === map.keySize &&
    template.valueSize === map.valueSize &&
    template.flags === map.flags &&
    (!isArray || isInnerArray || template.maxEntries === map.maxEntries)
  )
}

/** Takes a reference to an inner map: the offset of its struct bpf_map, or a negative errno. */
function getInner(env: MapEnv, id: number, fits: (inner: MapAttr) => boolean): number {
  const map: BpfMap | null = env.maps?.get(id) ?? null
  if (!map || !env.maps) return -EBADF
  if (fits(map.attr)) return env.maps.pointer(map)
  env.maps.put(id)
  return -EINVAL
}

/** BPF_MAP_TYPE_ARRAY_OF_MAPS: values are map ids, programs get map pointers. */
export class ArrayOfMaps extends SlotArray {
  readonly #fits: (inner: MapAttr) => boolean

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks, fits: (inner: MapAttr) => boolean) {
    super(attr, env, blocks)
    this.#fits = fits
  }

  override lookup(key: number): number {
    return (this.pointers[this.index(key)] ?? 0) >>> 0
  }

  protected get(id: number): number {
    return getInner(this.env, id, this.#fits)
  }

  protected put(id: number): void {
    this.env.maps?.put(id)
  }
}

/** Puts an id where the control plane reads it. */
function shownId({ view }: AddressSpace, at: number, id: number): number {
  view.setUint32(at, id, true)
  return at
}

/** Words of an element of HASH_OF_MAPS behind those of a hash: as the slots above. */
const [POINTER, ID] = [HASH_WORDS, HASH_WORDS + 1]

/** BPF_MAP_TYPE_HASH_OF_MAPS */
export class HashOfMaps extends HashMap {
  readonly #fits: (inner: MapAttr) => boolean
  /** What the update puts in. */
  #given = { pointer: 0, id: 0 }

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks, fits: (inner: MapAttr) => boolean) {
    super(attr, env, blocks, { extra: 2, valueBytes: 0, inPlace: true })
    this.#fits = fits
  }

  override lookup(key: number): number {
    const elem = this.find(key, this.hash(key))
    return elem === 0 ? 0 : this.pool.words[elem * this.stride + POINTER]! >>> 0
  }

  override update(_key: number, _value: number, _flags: number): number {
    return -EINVAL
  }

  override delete(_key: number): number {
    return -EINVAL
  }

  protected override sysLookup(key: number): number {
    const elem = this.find(key, this.hash(key))
    return elem === 0 ? 0 : shownId(this.space, this.valueAt, this.pool.words[elem * this.stride + ID]!)
  }

  protected override sysUpdate(key: number, value: number, flags: number): number {
    const id = this.space.view.getUint32(value, true)
    const pointer = getInner(this.env, id, this.#fits)
    if (pointer < 0) return pointer
    this.#given = { pointer, id }
    const error = super.update(key, value, flags)
    if (error) this.env.maps?.put(id)
    return error
  }

  protected override sysDelete(key: number): number {
    return super.delete(key)
  }

  protected override sysLookupAndDelete(_key: number): number {
    return -ENOTSUPP
  }

  protected override insert(key: number, hash: number, value: number, all: boolean): number {
    const elem = super.insert(key, hash, value, all)
    if (elem > 0) this.#set(elem)
    return elem
  }

  protected override overwrite(elem: number): void {
    const old = this.pool.words[elem * this.stride + ID]!
    this.#set(elem)
    this.env.maps?.put(old)
  }

  /** Elements have no bytes but their keys. */
  protected override initValue(): void {}

  #set(elem: number): void {
    const { words } = this.pool
    words[elem * this.stride + POINTER] = this.#given.pointer
    words[elem * this.stride + ID] = this.#given.id
  }

  protected override remove(elem: number): void {
    super.remove(elem)
    this.env.maps?.put(this.pool.words[elem * this.stride + ID]!)
  }

  override forEach(_call: (key: number, value: number) => number): number {
    return -EINVAL
  }

  override elements(): MapWalk | null {
    return null
  }

  override destroy(): void {
    this.each(elem => {
      this.remove(elem)
      return false
    })
    super.destroy()
  }
}
