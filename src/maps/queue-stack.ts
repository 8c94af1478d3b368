// BPF_MAP_TYPE_QUEUE and STACK: a ring of max_entries + 1 values, as struct bpf_queue_stack.
import { E2BIG, EINVAL, ENOENT } from '../util/errno.ts'
import { BaseMap, copy, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_EXIST, BPF_NOEXIST } from './flags.ts'
import type { MapAttr } from './map.ts'

/** sizeof(struct bpf_queue_stack) of Linux 6.18 on x86-64 */
const SIZEOF_QUEUE_STACK = 312

export class QueueStackMap extends BaseMap {
  readonly #stack: boolean
  readonly #slots: number
  readonly #base: number
  /** Where the next value goes, and where the oldest one is. */
  #head = 0
  #tail = 0

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks, stack: boolean) {
    super(attr, env, blocks)
    this.#stack = stack
    this.#slots = attr.maxEntries + 1
    this.#base = blocks.alloc(this.#slots * attr.valueSize)
  }

  get memlock(): number {
    return SIZEOF_QUEUE_STACK + this.#slots * this.attr.valueSize
  }

  override update(_key: number, _value: number, _flags: number): number {
    return -EINVAL
  }

  override delete(_key: number): number {
    return -EINVAL
  }

  override push(value: number, flags: number): number {
    if (flags & BPF_NOEXIST || !(flags >= 0 && flags <= BPF_EXIST)) return -EINVAL
    const next = this.#after(this.#head)
    if (next === this.#tail) {
      if (flags !== BPF_EXIST) return -E2BIG
      this.#tail = this.#after(this.#tail)
    }
    copy(this.space, this.#slot(this.#head), value, this.attr.valueSize)
    this.#head = next
    return 0
  }

  override pop(value: number): number {
    const error = this.peek(value)
    if (error) return error
    if (this.#stack) this.#head = this.#top()
    else this.#tail = this.#after(this.#tail)
    return 0
  }

  override peek(value: number): number {
    const at = this.#next()
    if (at === 0) {
      this.space.u8.fill(0, value, value + this.attr.valueSize)
      return -ENOENT
    }
    copy(this.space, value, at, this.attr.valueSize)
    return 0
  }

  protected override sysLookup(_key: number): number {
    return this.#next()
  }

  protected override sysUpdate(_key: number, value: number, flags: number): number {
    return this.push(value, flags)
  }

  protected override sysLookupAndDelete(_key: number): Uint8Array | number {
    const error = this.pop(this.valueAt)
    return error || this.copyOut(this.valueAt)
  }

  protected override sysNext(_key: number): number {
    return -EINVAL
  }

  /** Offset of the value that the next pop gives, 0 when there is none. */
  #next(): number {
    if (this.#head === this.#tail) return 0
    return this.#slot(this.#stack ? this.#top() : this.#tail)
  }

  #top(): number {
    return (this.#head === 0 ? this.#slots : this.#head) - 1
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots ? 0 : slot + 1
  }

  #slot(slot: number): number {
    return this.#base + slot * this.attr.valueSize
  }
}
