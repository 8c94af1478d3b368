// BPF_MAP_TYPE_SOCKMAP and SOCKHASH: slots that sockets are in until they are closed (net/core/sock_map.c).
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT, ENOSPC } from '../util/errno.ts'
import { IndexedMap } from './array.ts'
import { BaseMap, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_EXIST, BPF_NOEXIST, powerOfTwo, roundUp8 } from './flags.ts'
import { jhash } from './jhash.ts'
import type { MapAttr } from './map.ts'

/** sizeof struct bpf_stab, struct bpf_shtab, struct bpf_shtab_bucket, struct bpf_shtab_elem, of Linux 6.18 on x86-64 */
const SIZEOF_STAB = 376
const SIZEOF_SHTAB = 384
const SIZEOF_SHTAB_BUCKET = 16
const SIZEOF_SHTAB_ELEM = 48
const S32_MAX = 0x7fff_ffff

/** The position of a sockmap session (sock_map_seq_ops, sock_hash_seq_ops). */
export interface SocketWalk {
  /** The slot at the position, without moving; false at the end. Sets key and socket. */
  current(): boolean
  /** Moves behind the current slot; as current(). */
  advance(): boolean
  /** Offset of the key. */
  key: number
  /** Key of the socket, null for an empty slot. */
  socket: string | null
  /** Whether empty slots are among them. */
  readonly showsEmpty: boolean
  close(): void
}

/** A map of sockets, as programs and the target sockmap use it. */
export interface SocketMap extends BaseMap {
  /** bpf_map_update_elem() of a program: puts in the socket that was named last. 0 or a negative errno. */
  putSocket(key: number, socket: string, flags: number): number
  sockets(): SocketWalk
}

export const isSocketMap = (map: unknown): map is SocketMap => map instanceof SockMap || map instanceof SockHash

/** The socket whose descriptor the value is, or a negative errno (sock_map_update_elem_sys). */
function socketAt(map: BaseMap, env: MapEnv, value: number): string | number {
  const { view } = map.space
  const fd = view.getUint32(value, true)
  const high = map.attr.valueSize === 8 ? view.getUint32(value + 4, true) : 0
  if (fd > S32_MAX || high !== 0) return -EINVAL
  return env.sockets?.at(fd) ?? -EBADF
}

/** The cookie of a socket where the control plane reads it: its offset (sock_map_lookup_sys). */
function cookieAt(map: BaseMap, env: MapEnv, at: number, socket: string | null): number {
  if (map.attr.valueSize !== 8) return -ENOSPC
  if (socket === null) return 0
  map.space.view.setBigUint64(at, env.sockets!.cookie(socket), true)
  return at
}

/** Whether an update may go on where a socket is or not. */
function checkSlot(exists: boolean, flags: number): number {
  if (exists && flags === BPF_NOEXIST) return -EEXIST
  return !exists && flags === BPF_EXIST ? -ENOENT : 0
}

export class SockMap extends IndexedMap implements SocketMap {
  /** Sockets by index. */
  readonly #slots = new Map<number, string>()

  get memlock(): number {
    return SIZEOF_STAB + this.attr.maxEntries * 8
  }

  protected override sysLookup(key: number): number {
    return cookieAt(this, this.env, this.valueAt, this.#at(this.#index(key)))
  }

  protected override sysUpdate(key: number, value: number, flags: number): number {
    const socket = socketAt(this, this.env, value)
    return typeof socket === 'number' ? socket : this.putSocket(key, socket, flags)
  }

  putSocket(key: number, socket: string, flags: number): number {
    if (flags > BPF_EXIST) return -EINVAL
    const index = this.#index(key)
    if (index >= this.attr.maxEntries) return -E2BIG
    this.env.sockets!.hold(socket)
    const wrong = checkSlot(this.#at(index) !== null, flags)
    if (wrong) {
      this.env.sockets!.put(socket)
      return wrong
    }
    this.#empty(index)
    this.#slots.set(index, socket)
    return 0
  }

  override delete(key: number): number {
    const index = this.#index(key)
    if (this.#at(index) === null) return -EINVAL
    this.#empty(index)
    return 0
  }

  sockets(): SocketWalk {
    return new IndexWalk(this, this.blocks, index => this.#at(index))
  }

  override destroy(): void {
    for (const index of [...this.#slots.keys()]) this.#empty(index)
    super.destroy()
  }

  #index(key: number): number {
    return this.space.view.getUint32(key, true)
  }

  /** The socket of a slot, which is emptied when that was closed. */
  #at(index: number): string | null {
    const socket = this.#slots.get(index)
    if (socket === undefined) return null
    if (this.env.sockets!.isOpen(socket)) return socket
    this.#empty(index)
    return null
  }

  #empty(index: number): void {
    const socket = this.#slots.get(index)
    if (socket === undefined) return
    this.#slots.delete(index)
    this.env.sockets!.put(socket)
  }
}

/** All indexes, those of empty slots too. */
class IndexWalk implements SocketWalk {
  readonly showsEmpty = true
  readonly key: number
  socket: string | null = null
  readonly #map: BaseMap
  readonly #blocks: Blocks
  readonly #at: (index: number) => string | null
  #index = 0

  constructor(map: BaseMap, blocks: Blocks, at: (index: number) => string | null) {
    this.#map = map
    this.#blocks = blocks
    this.#at = at
    this.key = blocks.alloc(8)
  }

  current(): boolean {
    if (this.#index >= this.#map.attr.maxEntries) return false
    this.#map.space.view.setUint32(this.key, this.#index, true)
    this.socket = this.#at(this.#index)
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

interface HashSlot {
  readonly key: Uint8Array
  readonly socket: string
  /** Counts the slots that were ever made: those of a bucket stand in descending order. */
  readonly serial: number
}

/** Buckets are lists with the newest slot first; the hash has no seed, so that the order of a walk is the kernel's. */
export class SockHash extends BaseMap implements SocketMap {
  readonly #buckets = new Map<number, HashSlot[]>()
  readonly #mask: number
  /** Numbers of the buckets that have slots, ascending; null when that has changed. */
  #order: number[] | null = null
  #count = 0
  #serial = 0

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks) {
    super(attr, env, blocks)
    this.#mask = powerOfTwo(attr.maxEntries) - 1
  }

  get memlock(): number {
    const slots = this.#count * (SIZEOF_SHTAB_ELEM + roundUp8(this.attr.keySize))
    return SIZEOF_SHTAB + SIZEOF_SHTAB_BUCKET * (this.#mask + 1) + slots
  }

  protected override sysLookup(key: number): number {
    return cookieAt(this, this.env, this.valueAt, this.#find(key)?.socket ?? null)
  }

  protected override sysUpdate(key: number, value: number, flags: number): number {
    const socket = socketAt(this, this.env, value)
    return typeof socket === 'number' ? socket : this.putSocket(key, socket, flags)
  }

  putSocket(key: number, socket: string, flags: number): number {
    if (flags > BPF_EXIST) return -EINVAL
    this.env.sockets!.hold(socket)
    const old = this.#find(key)
    let wrong = checkSlot(old !== null, flags)
    if (!wrong && !old && this.#count >= this.attr.maxEntries) {
      for (const bucket of [...this.#buckets.keys()]) this.#open(bucket)
      if (this.#count >= this.attr.maxEntries) wrong = -E2BIG
    }
    if (wrong) {
      this.env.sockets!.put(socket)
      return wrong
    }
    if (old) this.#remove(this.#bucket(key), old)
    const bucket = this.#bucket(key)
    const slot = { key: this.keyBytes(key), socket, serial: ++this.#serial }
    this.#buckets.set(bucket, [slot, ...(this.#buckets.get(bucket) ?? [])])
    this.#order = null
    this.#count++
    return 0
  }

  override delete(key: number): number {
    const found = this.#find(key)
    if (!found) return -ENOENT
    this.#remove(this.#bucket(key), found)
    return 0
  }

  protected override sysNext(key: number): Uint8Array | number {
    const found = key === 0 ? null : this.#find(key)
    const next = found ? this.behind(this.#bucket(key), found.serial) : this.behind(0, Infinity)
    return next?.slot.key.slice() ?? -ENOENT
  }

  sockets(): SocketWalk {
    return new BucketWalk(this, this.blocks)
  }

  /** The first slot in a bucket with a serial below this one, or of a later bucket; null at the end. */
  behind(bucket: number, serial: number): { readonly bucket: number; readonly slot: HashSlot } | null {
    const slot = this.#open(bucket).find(slot => slot.serial < serial)
    if (slot) return { bucket, slot }
    for (let later = this.#next(bucket); later >= 0; later = this.#next(later)) {
      const [first] = this.#open(later)
      if (first) return { bucket: later, slot: first }
    }
    return null
  }

  /** The first bucket behind this one that has slots; -1 for none. */
  #next(bucket: number): number {
    this.#order ??= [...this.#buckets.keys()].sort((a, b) => a - b)
    let [low, high] = [0, this.#order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#order[middle]! <= bucket) low = middle + 1
      else high = middle
    }
    return this.#order[low] ?? -1
  }

  override destroy(): void {
    for (const slots of this.#buckets.values()) for (const { socket } of slots) this.env.sockets!.put(socket)
    this.#buckets.clear()
    super.destroy()
  }

  #bucket(key: number): number {
    return jhash(this.space.view, key, this.attr.keySize, 0) & this.#mask
  }

  #find(key: number): HashSlot | null {
    const wanted = this.keyBytes(key)
    return this.#open(this.#bucket(key)).find(slot => slot.key.every((byte, i) => byte === wanted[i])) ?? null
  }

  /** The slots of a bucket, without those whose sockets were closed. */
  #open(bucket: number): readonly HashSlot[] {
    for (const slot of [...(this.#buckets.get(bucket) ?? [])])
      if (!this.env.sockets!.isOpen(slot.socket)) this.#remove(bucket, slot)
    return this.#buckets.get(bucket) ?? []
  }

  #remove(bucket: number, slot: HashSlot): void {
    const left = this.#buckets.get(bucket)!.filter(other => other !== slot)
    if (left.length > 0) this.#buckets.set(bucket, left)
    else {
      this.#buckets.delete(bucket)
      this.#order = null
    }
    this.#count--
    this.env.sockets!.put(slot.socket)
  }
}

/** Bucket by bucket; goes on behind the slot that it stood on, also when that is gone. */
class BucketWalk implements SocketWalk {
  readonly showsEmpty = false
  readonly key: number
  socket: string | null = null
  readonly #map: SockHash
  readonly #blocks: Blocks
  /** The slot at the position has a serial below this one, or is in a later bucket. */
  #bucket = 0
  #above = Number.POSITIVE_INFINITY

  constructor(map: SockHash, blocks: Blocks) {
    this.#map = map
    this.#blocks = blocks
    this.key = blocks.alloc(roundUp8(map.attr.keySize))
  }

  current(): boolean {
    const found = this.#map.behind(this.#bucket, this.#above)
    if (!found) return false
    this.#bucket = found.bucket
    this.#above = found.slot.serial + 1
    this.#map.space.u8.set(found.slot.key, this.key)
    this.socket = found.slot.socket
    return true
  }

  advance(): boolean {
    this.#above--
    return this.current()
  }

  close(): void {
    this.#blocks.free(this.key)
  }
}
