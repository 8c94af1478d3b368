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

export class StorageMap extends BaseMap {
  /** Offsets of the values, by owner, oldest first. */
  readonly #values = new Map<string, number>()

  get memlock(): number {
    return SIZEOF_STORAGE_MAP + SIZEOF_BUCKET * Math.max(2, powerOfTwo(this.env.cpus))
  }

  /**
   * bpf_task_storage_get() and its kin: the offset of the owner's value; with BPF_LOCAL_STORAGE_GET_F_CREATE it is made when there is none,
   * from the value at `init` (0: zeroes). 0 when there is none, or no memory.
   */
  storageGet(owner: string, flags: number, init = 0): number {
    const found = this.#values.get(owner) ?? 0
    if (flags !== 0 && flags !== BPF_LOCAL_STORAGE_GET_F_CREATE) return 0
    return found !== 0 || flags === 0 ? found : this.#add(owner, init)
  }

  /** bpf_task_storage_delete() and its kin: 0 or -ENOENT. */
  storageDelete(owner: string): number {
    const at = this.#values.get(owner)
    if (at === undefined) return -ENOENT
    this.#values.delete(owner)
    this.blocks.free(at)
    return 0
  }

  /** Owners and offsets of their values, newest first. */
  entries(): [owner: string, value: number][] {
    return [...this.#values].reverse()
  }

  #add(owner: string, init: number): number {
    const at = this.blocks.tryAlloc(roundUp8(this.attr.valueSize))
    if (at === 0) return 0
    if (init !== 0) this.initValue(at, init)
    this.#values.set(owner, at)
    return at
  }

  /** The owner whose descriptor the key is, or null. */
  #ownerOf(key: number): string | null {
    return this.env.owner?.(this.space.view.getInt32(key, true)) ?? null
  }

  protected override sysLookup(key: number): number {
    const owner = this.#ownerOf(key)
    return owner === null ? -EBADF : (this.#values.get(owner) ?? 0)
  }

  protected override sysUpdate(key: number, value: number, flags: number): number {
    const owner = this.#ownerOf(key)
    if (owner === null) return -EBADF
    const bad = checkUpdateFlags(flags, this.hasLock)
    if (bad) return bad
    const old = this.#values.get(owner)
    const wrong = checkExists(old !== undefined, flags)
    if (wrong) return wrong
    if (old === undefined) return this.#add(owner, value) === 0 ? -ENOMEM : 0
    if (flags & BPF_F_LOCK) this.copyValue(old, value)
    else copy(this.space, old, value, this.attr.valueSize)
    return 0
  }

  protected override sysDelete(key: number): number {
    const owner = this.#ownerOf(key)
    return owner === null ? -EBADF : this.storageDelete(owner)
  }
}
