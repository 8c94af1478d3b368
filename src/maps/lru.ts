// BPF_MAP_TYPE_LRU_HASH and LRU_PERCPU_HASH. The kernel keeps an active and an inactive list and a small list for each CPU, and evicts up to 128
// elements at a time, so how many elements a full map holds varies there. Here one list in order of age holds exactly max_entries: the oldest
// element that no program looked up since it was last passed over goes (a second chance for the others).
import type { MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { HashMap, HEAD_SIZE } from './hash.ts'
import type { MapAttr } from './map.ts'

/** In the element's head: neighbours in order of age (u32 offsets, 0: none), and whether a program looked it up. */
const OLDER = HEAD_SIZE
const NEWER = HEAD_SIZE + 4
const USED = HEAD_SIZE + 8
const EXTRA = 16

export class LruHashMap extends HashMap {
  #newest = 0
  #oldest = 0

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks, percpu: boolean) {
    super(attr, env, blocks, { extra: EXTRA, percpu })
  }

  override get memlock(): number {
    return this.usage(false, false)
  }

  override lookup(key: number): number {
    const elem = this.find(key, this.hash(key))
    if (elem === 0) return 0
    this.touched(elem)
    return this.seenValue(elem)
  }

  protected override touched(elem: number): void {
    this.space.view.setUint8(elem + USED, 1)
  }

  protected override added(elem: number, replaced: boolean): void {
    this.#append(elem, replaced ? 1 : 0)
  }

  protected override take(old: number): number {
    if (old === 0 && this.count >= this.attr.maxEntries) this.#evict()
    return super.take(old)
  }

  #evict(): void {
    const { view } = this.space
    while (view.getUint8(this.#oldest + USED) !== 0) {
      const elem = this.#oldest
      this.removed(elem)
      this.#append(elem, 0)
    }
    this.remove(this.#oldest)
  }

  #append(elem: number, used: number): void {
    const { view } = this.space
    view.setUint32(elem + OLDER, this.#newest, true)
    view.setUint32(elem + NEWER, 0, true)
    view.setUint8(elem + USED, used)
    if (this.#newest !== 0) view.setUint32(this.#newest + NEWER, elem, true)
    else this.#oldest = elem
    this.#newest = elem
  }

  protected override removed(elem: number): void {
    const { view } = this.space
    const older = view.getUint32(elem + OLDER, true)
    const newer = view.getUint32(elem + NEWER, true)
    if (older !== 0) view.setUint32(older + NEWER, newer, true)
    else this.#oldest = newer
    if (newer !== 0) view.setUint32(newer + OLDER, older, true)
    else this.#newest = older
  }
}
