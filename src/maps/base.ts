// What map types share: the control plane's side (keys and values as bytes), copying of values, and errno of operations that a type does not have.
import { EEXIST, EINVAL, ENOENT, ENOTSUPP, EOPNOTSUPP, EPERM } from '../util/errno.ts'
import type { AddressSpace } from '../vm/memory.ts'
import type { Blocks } from './blocks.ts'
import { type ValueField, valueFields } from './fields.ts'
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST, roundUp8 } from './flags.ts'
import type { BpfMap, MapAttr, MapWalk } from './map.ts'

/** What a map asks of the rest of the engine. Hooks that are absent name nothing. */
export interface MapEnv {
  readonly id: number
  readonly space: AddressSpace
  /** Possible CPUs. */
  readonly cpus: number
  /** The CPU of the running program, 0 by default: which value of a per-CPU map it sees. */
  readonly cpu?: () => number
  /** 32 random bits, for the seed of hashes. */
  readonly random?: () => number
  /** Maps of maps: the map with an id, taking a reference, which put() gives back; null when there is none. */
  readonly maps?: {
    get(id: number): BpfMap | null
    put(id: number): void
    /** Offset of the map's struct bpf_map: what a lookup in the outer map gives to programs. */
    pointer(map: BpfMap): number
  }
  /** Maps of programs: takes a reference to the program with an id; 0, or a negative errno. */
  readonly progs?: { get(id: number): number; put(id: number): void }
  /** Local storage: the key of the owner that a descriptor of the control plane's caller names, or a negative errno. `type`: of the map. */
  readonly owner?: (type: number, fd: number) => string | number
  /** Sockets that maps hold. Each has a key, which no later socket gets. */
  readonly sockets?: {
    /** The one that may go into a map behind a descriptor of the control plane's caller; or a negative errno. */
    at(fd: number): string | number
    /** Takes a reference, which put() gives back, to the socket that was named last, or one that a map holds already. */
    hold(key: string): void
    put(key: string): void
    isOpen(key: string): boolean
    cookie(key: string): bigint
  }
}

export abstract class BaseMap implements BpfMap {
  readonly id: number
  readonly attr: MapAttr
  readonly space: AddressSpace
  frozen = false
  readonly userValueSize: number
  protected readonly env: MapEnv
  protected readonly blocks: Blocks
  /** Special fields of the value; empty for most maps. */
  protected readonly fields: readonly ValueField[]
  protected readonly hasLock: boolean
  /** Where keys and values of the control plane are put for the operations: the key, then, 8-aligned, userValueSize bytes. */
  protected readonly keyAt: number
  protected readonly valueAt: number

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks, userValueSize: number = attr.valueSize) {
    this.id = env.id
    this.attr = attr
    this.space = env.space
    this.env = env
    this.blocks = blocks
    this.userValueSize = userValueSize
    this.fields = attr.btf ? valueFields(attr.btf.btf, attr.btf.valueTypeId, attr.valueSize) : []
    this.hasLock = this.fields.some(field => field.kind === 'spin_lock')
    this.keyAt = blocks.alloc(roundUp8(attr.keySize) + roundUp8(userValueSize) + 8)
    this.valueAt = this.keyAt + roundUp8(attr.keySize)
  }

  get elemCount(): number {
    return 0
  }

  abstract get memlock(): number

  lookup(_key: number): number {
    return 0
  }

  lookupPercpu(_key: number, _cpu: number): number {
    return 0
  }

  update(_key: number, _value: number, _flags: number): number {
    return -EOPNOTSUPP
  }

  delete(_key: number): number {
    return -EOPNOTSUPP
  }

  push(_value: number, _flags: number): number {
    return -EOPNOTSUPP
  }

  pop(_value: number): number {
    return -EOPNOTSUPP
  }

  peek(_value: number): number {
    return -EOPNOTSUPP
  }

  nextKey(key: Uint8Array | null): Uint8Array | null {
    const next = this.userNextKey(key)
    return typeof next === 'number' ? null : next
  }

  /** BPF_MAP_GET_NEXT_KEY: as nextKey(), with the negative errno, -ENOENT at the end. */
  userNextKey(key: Uint8Array | null): Uint8Array | number {
    if (key && key.length !== this.attr.keySize) return -EINVAL
    return this.sysNext(key === null ? 0 : this.#put(this.keyAt, key))
  }

  userLookup(key: Uint8Array): Uint8Array | number {
    if (key.length !== this.attr.keySize) return -EINVAL
    const at = this.sysLookup(this.#put(this.keyAt, key))
    return at > 0 ? this.copyOut(at) : at === 0 ? -ENOENT : at
  }

  /** Where a key, put into the memory, and the value that userLookup() would copy are; null when there is none. Until the next call. */
  locate(key: Uint8Array): { readonly key: number; readonly value: number } | null {
    if (key.length !== this.attr.keySize) return null
    const value = this.sysLookup(this.#put(this.keyAt, key))
    return value > 0 ? { key: this.keyAt, value } : null
  }

  userUpdate(key: Uint8Array, value: Uint8Array, flags: number): number {
    if (this.frozen) return -EPERM
    if (key.length !== this.attr.keySize || value.length !== this.userValueSize) return -EINVAL
    if (flags & BPF_F_LOCK && !this.hasLock) return -EINVAL
    return this.sysUpdate(this.#put(this.keyAt, key), this.#put(this.valueAt, value), flags)
  }

  userDelete(key: Uint8Array): number {
    if (this.frozen) return -EPERM
    if (key.length !== this.attr.keySize) return -EINVAL
    return this.sysDelete(this.#put(this.keyAt, key))
  }

  /** BPF_MAP_LOOKUP_AND_DELETE_ELEM: the bytes of the value that is gone now, or a negative errno. */
  userLookupAndDelete(key: Uint8Array): Uint8Array | number {
    if (this.frozen) return -EPERM
    if (key.length !== this.attr.keySize) return -EINVAL
    return this.sysLookupAndDelete(this.#put(this.keyAt, key))
  }

  /** As the operations of bpf(2), with key and value in the memory: an offset, 0 for none, or a negative errno. */
  protected sysLookup(key: number): number {
    return this.lookup(key)
  }

  protected sysUpdate(key: number, value: number, flags: number): number {
    return this.update(key, value, flags)
  }

  protected sysDelete(key: number): number {
    return this.delete(key)
  }

  protected sysLookupAndDelete(_key: number): Uint8Array | number {
    return -ENOTSUPP
  }

  /** The key behind the one at `key` (0: the first), or a negative errno. */
  protected sysNext(_key: number): Uint8Array | number {
    return -ENOTSUPP
  }

  forEach(_call: (key: number, value: number) => number): number {
    return -EINVAL
  }

  elements(): MapWalk | null {
    return null
  }

  destroy(): void {
    this.blocks.freeAll()
  }

  #put(at: number, bytes: Uint8Array): number {
    this.space.u8.set(bytes, at)
    return at
  }

  /** A copy of what lies at `at`, as the control plane gets it: special fields read as zero. */
  protected copyOut(at: number): Uint8Array {
    const bytes = this.space.u8.slice(at, at + this.userValueSize)
    const step = roundUp8(this.attr.valueSize)
    for (const { off, size } of this.fields)
      for (let base = 0; base < bytes.length; base += step) bytes.fill(0, base + off, base + off + size)
    return bytes
  }

  protected keyBytes(at: number): Uint8Array {
    return this.space.u8.slice(at, at + this.attr.keySize)
  }

  /** copy_map_value() into an element that is in use: special fields stay. */
  protected copyValue(to: number, from: number): void {
    const size = this.attr.valueSize
    if (this.fields.length === 0) return copy(this.space, to, from, size)
    let done = 0
    for (const field of this.fields) {
      copy(this.space, to + done, from + done, field.off - done)
      done = field.off + field.size
    }
    copy(this.space, to + done, from + done, size - done)
  }

  /** Fills an element that was not in use: special fields become zero. */
  protected initValue(to: number, from: number): void {
    copy(this.space, to, from, this.attr.valueSize)
    for (const { off, size } of this.fields) this.space.u8.fill(0, to + off, to + off + size)
  }
}

/** Copies bytes inside the memory; short pieces without a call into the runtime. */
export function copy(space: AddressSpace, to: number, from: number, size: number): void {
  if (size > 64) {
    space.u8.copyWithin(to, from, from + size)
    return
  }
  const { view } = space
  let i = 0
  for (; i + 4 <= size; i += 4) view.setInt32(to + i, view.getInt32(from + i, true), true)
  for (; i < size; i++) view.setUint8(to + i, view.getUint8(from + i))
}

/** Whether flags of an update are known: 0 or -EINVAL (BPF_F_LOCK only where the value has a lock). */
export function checkUpdateFlags(flags: number, hasLock: boolean): number {
  const lock = flags & BPF_F_LOCK
  if (!(flags - lock >= 0 && flags - lock <= BPF_EXIST)) return -EINVAL
  return lock && !hasLock ? -EINVAL : 0
}

/** check_flags() of hashes and storage: whether an element that is there or not fits BPF_NOEXIST or BPF_EXIST. */
export function checkExists(exists: boolean, flags: number): number {
  const wanted = flags & ~BPF_F_LOCK
  if (exists && wanted === BPF_NOEXIST) return -EEXIST
  return !exists && wanted === BPF_EXIST ? -ENOENT : 0
}
