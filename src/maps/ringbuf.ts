// BPF_MAP_TYPE_RINGBUF. The kernel maps its pages twice so that a record may run over the end; here the memory is twice as long, and a
// record that begins in the first half stays in one piece. Producers are programs, the consumer is the control plane.
import { EAGAIN, EINVAL, ENOTSUPP } from '../util/errno.ts'
import type { AddressSpace } from '../vm/memory.ts'
import { BaseMap, copy, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { PAGE_SIZE, roundUp8 } from './flags.ts'
import type { MapAttr } from './map.ts'

/** Flags of bpf_ringbuf_output() and submit; nobody sleeps on a ring here, so both are accepted and mean nothing. */
export const BPF_RB_NO_WAKEUP = 1
export const BPF_RB_FORCE_WAKEUP = 2

/** What bpf_ringbuf_query() can be asked. */
export const BPF_RB_AVAIL_DATA = 0
export const BPF_RB_RING_SIZE = 1
export const BPF_RB_CONS_POS = 2
export const BPF_RB_PROD_POS = 3

/** Length word of a record's 8-byte head: still being written, thrown away. */
const BUSY = 0x8000_0000
const DISCARD = 0x4000_0000
const LENGTH = 0x3fff_ffff
const HEAD_SIZE = 8
const MAX_RECORD = 0x3fff_ffff

/** struct bpf_ringbuf_map of Linux 6.18 on x86-64; pages before the data. */
const SIZEOF_RINGBUF_MAP = 304
const META_PAGES = 3

export class RingbufMap extends BaseMap {
  readonly #base: number
  readonly #size: number
  /** Bytes ever produced and consumed. */
  #produced = 0
  #consumed = 0

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks) {
    super(attr, env, blocks)
    this.#size = attr.maxEntries
    this.#base = blocks.alloc(this.#size * 2)
  }

  get memlock(): number {
    const pages = this.#size / PAGE_SIZE
    return SIZEOF_RINGBUF_MAP + (META_PAGES + pages) * PAGE_SIZE + (META_PAGES + 2 * pages) * 8
  }

  override update(_key: number, _value: number, _flags: number): number {
    return -ENOTSUPP
  }

  override delete(_key: number): number {
    return -ENOTSUPP
  }

  protected override sysLookup(_key: number): number {
    return -ENOTSUPP
  }

  /** bpf_ringbuf_reserve(): the offset of `size` bytes to fill, 0 when there is no room. */
  reserve(size: number, flags = 0): number {
    if (flags !== 0 || !(size >= 0 && size <= MAX_RECORD)) return 0
    const length = roundUp8(size + HEAD_SIZE)
    if (length > this.#size || this.#produced + length - this.#consumed > this.#size - 1) return 0
    const head = this.#base + (this.#produced % this.#size)
    this.space.view.setUint32(head, size + BUSY, true)
    this.space.view.setUint32(head + 4, 0, true)
    this.#produced += length
    return head + HEAD_SIZE
  }

  /** bpf_ringbuf_output(): 0 or a negative errno. */
  output(data: number, size: number, flags: number): number {
    if (flags & ~(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP)) return -EINVAL
    const record = this.reserve(size)
    if (record === 0) return -EAGAIN
    copy(this.space, record, data, size)
    commitRecord(this.space, record, false)
    return 0
  }

  /** bpf_ringbuf_query(): a number below 2^53; 0 for what it does not know. */
  query(what: number): number {
    if (what === BPF_RB_AVAIL_DATA) return this.#produced - this.#consumed
    if (what === BPF_RB_RING_SIZE) return this.#size
    if (what === BPF_RB_CONS_POS) return this.#consumed
    return what === BPF_RB_PROD_POS ? this.#produced : 0
  }

  /** The consumer: the next record that was submitted, in a copy; null when there is none yet. */
  consume(): Uint8Array | null {
    while (this.#consumed < this.#produced) {
      const head = this.#base + (this.#consumed % this.#size)
      const word = this.space.view.getUint32(head, true)
      if (word >= BUSY) return null
      // A program may have written over it: what follows is lost then.
      const length = Math.min(word & LENGTH, this.#produced - this.#consumed - HEAD_SIZE)
      this.#consumed += roundUp8(length + HEAD_SIZE)
      if (!(word & DISCARD)) return this.space.u8.slice(head + HEAD_SIZE, head + HEAD_SIZE + length)
    }
    return null
  }
}

/** bpf_ringbuf_submit() and bpf_ringbuf_discard() of what reserve() gave. */
export function commitRecord(space: AddressSpace, record: number, discard: boolean): void {
  const head = record - HEAD_SIZE
  const size = space.view.getUint32(head, true) & LENGTH
  space.view.setUint32(head, discard ? size + DISCARD : size, true)
}
