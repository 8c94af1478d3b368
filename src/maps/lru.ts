// BPF_MAP_TYPE_LRU_HASH and LRU_PERCPU_HASH: hashes that make room by dropping elements.
import { EINVAL, ENOMEM } from '../util/errno.ts'
import { checkExists, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_EXIST, BPF_F_NO_COMMON_LRU } from './flags.ts'
import { HashMap } from './hash.ts'
import { LruList } from './lru-list.ts'
import type { MapAttr } from './map.ts'

export class LruHashMap extends HashMap {
  readonly #list: LruList
  readonly #percpu: boolean

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks, percpu: boolean) {
    super(attr, env, blocks, { percpu })
    this.#percpu = percpu
    const ownLists = (attr.flags & BPF_F_NO_COMMON_LRU) !== 0
    this.#list = new LruList(blocks, attr.maxEntries, env.cpus, ownLists, elem => this.unlink(elem))
  }

  override get memlock(): number {
    return this.usage(false, false)
  }

  /** A lookup by a program keeps the element young; one of the control plane does not. */
  override lookup(key: number): number {
    const elem = this.find(key, this.hash(key))
    if (elem === 0) return 0
    this.#list.touch(elem)
    return this.seenValue(elem)
  }

  override lookupPercpu(key: number, cpu: number): number {
    const at = super.lookupPercpu(key, cpu)
    if (at !== 0) this.lookup(key)
    return at
  }

  /** Room is made before it is known whether it will be needed, as in the kernel. */
  protected override put(key: number, value: number, flags: number, all: boolean): number {
    if (!(flags >= 0 && flags <= BPF_EXIST)) return -EINVAL
    const reserved = !this.#percpu || flags !== BPF_EXIST
    if (reserved && !this.#list.reserve()) return -ENOMEM
    const hash = this.hash(key)
    const old = this.find(key, hash)
    const wrong = checkExists(old !== 0, flags)
    if (wrong || (old !== 0 && this.#percpu)) {
      if (reserved) this.#list.release()
      if (wrong) return wrong
      this.#list.touch(old)
      this.overwrite(old, value, all)
      return 0
    }
    const elem = this.insert(key, hash, value, all)
    if (elem < 0) {
      this.#list.release()
      return elem
    }
    this.#list.add(elem, old !== 0)
    if (old !== 0) this.remove(old)
    return 0
  }

  protected override remove(elem: number): void {
    this.unlink(elem)
    this.#list.remove(elem)
  }
}
