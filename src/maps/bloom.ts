// BPF_MAP_TYPE_BLOOM_FILTER: a set of bits; peek says whether a value may have been pushed.
import { EINVAL, ENOENT, EOPNOTSUPP } from '../util/errno.ts'
import { BaseMap, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_ANY, BPF_F_ZERO_SEED, powerOfTwo } from './flags.ts'
import { jhash } from './jhash.ts'
import type { MapAttr } from './map.ts'

/** sizeof(struct bpf_bloom_filter) of Linux 6.18 on x86-64 */
const SIZEOF_BLOOM_FILTER = 312
const DEFAULT_HASHES = 5

export class BloomMap extends BaseMap {
  readonly #hashes: number
  readonly #seed: number
  readonly #bits: number
  readonly #base: number

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks) {
    super(attr, env, blocks)
    this.#hashes = Number(attr.mapExtra) || DEFAULT_HASHES
    this.#seed = attr.flags & BPF_F_ZERO_SEED ? 0 : (env.random?.() ?? Math.floor(Math.random() * 2 ** 32))
    this.#bits = bitsOf(attr.maxEntries, this.#hashes)
    this.#base = blocks.alloc(this.#bits / 8)
  }

  get memlock(): number {
    return SIZEOF_BLOOM_FILTER + this.#bits / 8
  }

  override update(_key: number, _value: number, _flags: number): number {
    return -EINVAL
  }

  override push(value: number, flags: number): number {
    if (flags !== BPF_ANY) return -EINVAL
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(value, i)
      const at = this.#base + Math.floor(bit / 8)
      this.space.u8[at]! |= 1 << (bit & 7)
    }
    return 0
  }

  override peek(value: number): number {
    for (let i = 0; i < this.#hashes; i++) {
      const bit = this.#bit(value, i)
      if (!(this.space.u8[this.#base + Math.floor(bit / 8)]! & (1 << (bit & 7)))) return -ENOENT
    }
    return 0
  }

  #bit(value: number, hash: number): number {
    return (jhash(this.space.view, value, this.attr.valueSize, this.#seed + hash) >>> 0) % this.#bits
  }

  /** BPF_MAP_LOOKUP_ELEM has no key here; the value to look for is sent as the key. */
  override userLookup(value: Uint8Array): Uint8Array | number {
    if (value.length !== this.attr.valueSize) return -EINVAL
    this.space.u8.set(value, this.valueAt)
    return this.peek(this.valueAt) || value
  }

  protected override sysUpdate(_key: number, value: number, flags: number): number {
    return this.push(value, flags)
  }

  protected override sysNext(_key: number): number {
    return -EOPNOTSUPP
  }
}

/** Bits of the set: entries * hashes / ln 2, about, as a power of two from 64 to 2^32. */
function bitsOf(entries: number, hashes: number): number {
  const product = entries * hashes
  const bits = Math.floor(product / 5) * 7
  if (product > 0xffff_ffff || bits > 2 ** 31) return 2 ** 32
  return bits <= 64 ? 64 : powerOfTwo(bits)
}
