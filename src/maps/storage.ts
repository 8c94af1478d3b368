// BPF_MAP_TYPE_SK_STORAGE, INODE_STORAGE, TASK_STORAGE and CGRP_STORAGE: one value for each owner that a program asked for. An owner is
// known by a key (KernelObjects.storageKey), which must never name another object later.
import { EBADF, ENOENT, ENOMEM } from '../util/errno.ts'
import { BaseMap, checkExists, checkUpdateFlags, copy } from './base.ts'
import { BPF_F_LOCK, powerOfTwo, roundUp8 } from './flags.ts'

/** sizeof struct bpf_local_storage_map and its bucket, of Linux 6.18 on x86-64 */
const SIZEOF_STORAGE_MAP = 448
const SIZEOF_BUCKET = 16

/** BPF_LOCAL_STORAGE_GET_F_CREATE, also as BPF_SK_STORAGE_GET_F_CREATE */
export const BPF_LOCAL_STORAGE_GET_F_CREATE = 1

/** BPF_MAP_TYPE_SK_STORAGE */
export const SK_STORAGE = 24
/** How many owners that are sockets a map has when it first looks which of them were closed. */
const FIRST_SWEEP = 64

/** The position of a bpf_sk_storage_map session. */
export interface StorageWalk {
  /** The value at the position, without moving; false at the end. Sets owner and value. */
  current(): boolean
  /** Moves behind the current value; as current(). */
  advance(): boolean
  /** Key of the owner. */
  owner: string
  /** Offset of the value. */
  value: number
}

interface Stored {
  readonly at: number
  /** Counts the values that were ever made. */
  readonly serial: number
}

export class StorageMap extends BaseMap {
  /** The values, by owner, oldest first. */
  readonly #values = new Map<string, Stored>()
  #serial = 0
  /** How many values there are when those of sockets that were closed are next taken out. */
  #sweepAt = FIRST_SWEEP

  get memlock(): number {
    return SIZEOF_STORAGE_MAP + SIZEOF_BUCKET * Math.max(2, powerOfTwo(this.env.cpus))
  }

  /**
   * bpf_task_storage_get() and its kin: the offset of the owner's value; with BPF_LOCAL_STORAGE_GET_F_CREATE it is made when there is none,
   * from the value at `init` (0: zeroes). 0 when there is none, or no memory.
   */
  storageGet(owner: string, flags: number, init = 0): number {
    const found = this.#values.get(owner)?.at ?? 0
    if (flags !== 0 && flags !== BPF_LOCAL_STORAGE_GET_F_CREATE) return 0
    return found !== 0 || flags === 0 ? found : this.#add(owner, init)
  }

  /** bpf_task_storage_delete() and its kin: 0 or -ENOENT. */
  storageDelete(owner: string): number {
    const stored = this.#values.get(owner)
    if (!stored) return -ENOENT
    this.#values.delete(owner)
    this.blocks.free(stored.at)
    if (this.#ofSockets) this.env.sockets?.put(owner)
    return 0
  }

  /** The values of owners that are there, newest first. */
  walk(): StorageWalk {
    return new NewestFirst(this.#values, owner => this.#isThere(owner))
  }

  override destroy(): void {
    for (const owner of [...this.#values.keys()]) this.storageDelete(owner)
    super.destroy()
  }

  get #ofSockets(): boolean {
    return this.attr.type === SK_STORAGE
  }

  /** Whether the owner is there; the value of a socket that was closed goes. */
  #isThere(owner: string): boolean {
    if (!this.#ofSockets || !this.env.sockets || this.env.sockets.isOpen(owner)) return true
    this.storageDelete(owner)
    return false
  }

  #add(owner: string, init: number): number {
    if (this.#values.size >= this.#sweepAt) {
      for (const owner of [...this.#values.keys()]) this.#isThere(owner)
      this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#values.size)
    }
    const at = this.blocks.tryAlloc(roundUp8(this.attr.valueSize))
    if (at === 0) return 0
    if (init !== 0) this.initValue(at, init)
    if (this.#ofSockets) this.env.sockets?.hold(owner)
    this.#values.set(owner, { at, serial: ++this.#serial })
    return at
  }

  /** The owner whose descriptor the key is, or a negative errno. */
  #ownerOf(key: number): string | number {
    return this.env.owner?.(this.attr.type, this.space.view.getInt32(key, true)) ?? -EBADF
  }

  protected override sysLookup(key: number): number {
    const owner = this.#ownerOf(key)
    return typeof owner === 'number' ? owner : (this.#values.get(owner)?.at ?? 0)
  }

  protected override sysUpdate(key: number, value: number, flags: number): number {
    const owner = this.#ownerOf(key)
    if (typeof owner === 'number') return owner
    const bad = checkUpdateFlags(flags, this.hasLock)
    if (bad) return bad
    const old = this.#values.get(owner)?.at
    const wrong = checkExists(old !== undefined, flags)
    if (wrong) return wrong
    if (old === undefined) return this.#add(owner, value) === 0 ? -ENOMEM : 0
    if (flags & BPF_F_LOCK) this.copyValue(old, value)
    else copy(this.space, old, value, this.attr.valueSize)
    return 0
  }

  protected override sysDelete(key: number): number {
    const owner = this.#ownerOf(key)
    return typeof owner === 'number' ? owner : this.storageDelete(owner)
  }
}

class NewestFirst implements StorageWalk {
  owner = ''
  value = 0
  readonly #values: ReadonlyMap<string, Stored>
  readonly #isThere: (owner: string) => boolean
  /** Owners from the newest to the oldest, from #at on those that are still to come. */
  #owners: readonly string[]
  #at = 0
  #serial = Number.POSITIVE_INFINITY

  constructor(values: ReadonlyMap<string, Stored>, isThere: (owner: string) => boolean) {
    this.#values = values
    this.#isThere = isThere
    this.#owners = [...values.keys()].reverse()
  }

  current(): boolean {
    for (; this.#at < this.#owners.length; this.#at++) {
      const owner = this.#owners[this.#at]!
      const stored = this.#values.get(owner)
      // One that was deleted and made again is newer than all that are to come.
      if (!stored || stored.serial > this.#serial || !this.#isThere(owner)) continue
      this.owner = owner
      this.value = stored.at
      this.#serial = stored.serial
      return true
    }
    return false
  }

  advance(): boolean {
    this.#at++
    return this.current()
  }
}
