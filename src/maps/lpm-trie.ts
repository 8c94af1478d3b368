// BPF_MAP_TYPE_LPM_TRIE: a binary trie of prefixes, as the kernel has it (kernel/bpf/lpm_trie.c), so that keys come in its order: more
// specific ones first. A node lies in the memory as: two children (u32 offsets), prefix length u32, flags u32, data, value, each 8-aligned.
import { EINVAL, ENOENT, ENOMEM, ENOSPC } from '../util/errno.ts'
import { BaseMap, checkExists, copy, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_EXIST, roundUp8 } from './flags.ts'
import type { MapAttr } from './map.ts'
import { Pool } from './pool.ts'

/** sizeof(struct lpm_trie_node) of Linux 6.18 on x86-64 */
const SIZEOF_NODE = 24

const CHILD = 0
const LENGTH = 8
const FLAGS = 12
const DATA = 16
/** Node that only joins two others and has no value. */
const INTERMEDIATE = 1

export class LpmTrieMap extends BaseMap {
  readonly #dataSize: number
  readonly #maxLength: number
  readonly #valueOff: number
  readonly #nodes: Pool
  /** Holds the offset of the root, as a child field of a node does. */
  readonly #root: number
  #count = 0

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks) {
    super(attr, env, blocks)
    this.#dataSize = attr.keySize - 4
    this.#maxLength = this.#dataSize * 8
    this.#valueOff = DATA + roundUp8(this.#dataSize)
    this.#nodes = new Pool(env.space, blocks, this.#valueOff + roundUp8(attr.valueSize), CHILD, 0)
    this.#root = blocks.alloc(8)
  }

  get memlock(): number {
    return (SIZEOF_NODE + this.#dataSize + this.attr.valueSize) * this.#count
  }

  override lookup(key: number): number {
    const { view } = this.space
    if (this.#lengthOf(key) > this.#maxLength) return 0
    let found = 0
    for (let node = view.getUint32(this.#root, true); node !== 0; ) {
      const length = view.getUint32(node + LENGTH, true)
      const matched = this.#match(node, key)
      if (matched === this.#maxLength) {
        found = node
        break
      }
      if (matched < length) break
      if (!this.#intermediate(node)) found = node
      node = view.getUint32(this.#child(node, this.#bit(key + 4, length)), true)
    }
    return found === 0 ? 0 : found + this.#valueOff
  }

  override update(key: number, value: number, flags: number): number {
    const { view } = this.space
    if (!(flags >= 0 && flags <= BPF_EXIST) || this.#lengthOf(key) > this.#maxLength) return -EINVAL
    const length = this.#lengthOf(key)
    const { slot, node, matched } = this.#descend(key)
    const same = node !== 0 && view.getUint32(node + LENGTH, true) === matched && matched === length
    const replaces = same && !this.#intermediate(node)
    const wrong = checkExists(replaces, flags)
    if (wrong) return wrong
    if (!replaces && this.#count === this.attr.maxEntries) return -ENOSPC
    const joins = node !== 0 && !same && matched !== length
    const fresh = this.#nodes.take()
    const join = joins && fresh !== 0 ? this.#nodes.take() : 0
    if (fresh === 0 || (joins && join === 0)) {
      if (fresh !== 0) this.#nodes.free(fresh)
      return -ENOMEM
    }
    this.#fill(fresh, length, 0, key + 4)
    this.initValue(fresh + this.#valueOff, value)
    if (!replaces) this.#count++
    if (same) {
      copy(this.space, fresh + CHILD, node + CHILD, 8)
      this.#nodes.free(node)
    } else if (joins) {
      this.#fill(join, matched, INTERMEDIATE, node + DATA)
      const bit = this.#bit(key + 4, matched)
      view.setUint32(this.#child(join, bit), fresh, true)
      view.setUint32(this.#child(join, 1 - bit), node, true)
    } else if (node !== 0) {
      view.setUint32(this.#child(fresh, this.#bit(node + DATA, matched)), node, true)
    }
    view.setUint32(slot, joins ? join : fresh, true)
    return 0
  }

  override delete(key: number): number {
    const { view } = this.space
    if (this.#lengthOf(key) > this.#maxLength) return -EINVAL
    const { slot, node, matched, parent, parentSlot } = this.#descend(key)
    const length = this.#lengthOf(key)
    if (node === 0 || view.getUint32(node + LENGTH, true) !== length || matched !== length || this.#intermediate(node))
      return -ENOENT
    this.#count--
    const left = view.getUint32(this.#child(node, 0), true)
    const right = view.getUint32(this.#child(node, 1), true)
    if (left !== 0 && right !== 0) {
      view.setUint32(node + FLAGS, INTERMEDIATE, true)
      return 0
    }
    if (left === 0 && right === 0 && parent !== 0 && this.#intermediate(parent)) {
      const first = view.getUint32(this.#child(parent, 0), true)
      view.setUint32(parentSlot, first === node ? view.getUint32(this.#child(parent, 1), true) : first, true)
      this.#nodes.free(parent)
    } else view.setUint32(slot, left || right, true)
    this.#nodes.free(node)
    return 0
  }

  protected override sysNext(key: number): Uint8Array | number {
    const { view } = this.space
    const root = view.getUint32(this.#root, true)
    if (root === 0) return -ENOENT
    if (key === 0 || this.#lengthOf(key) > this.#maxLength) return this.#keyOf(this.#leftmost(root))
    const path: number[] = []
    const length = this.#lengthOf(key)
    let node = root
    while (node !== 0) {
      path.push(node)
      const own = view.getUint32(node + LENGTH, true)
      if (this.#match(node, key) !== own || own === length) break
      node = view.getUint32(this.#child(node, this.#bit(key + 4, own)), true)
    }
    if (node === 0 || view.getUint32(node + LENGTH, true) !== length || this.#intermediate(node))
      return this.#keyOf(this.#leftmost(root))
    for (let i = path.length - 2; i >= 0; i--) {
      const parent = path[i]!
      const right = view.getUint32(this.#child(parent, 1), true)
      if (view.getUint32(this.#child(parent, 0), true) === node && right !== 0) return this.#keyOf(this.#leftmost(right))
      if (!this.#intermediate(parent)) return this.#keyOf(parent)
      node = parent
    }
    return -ENOENT
  }

  /** Walks towards the key: the field that holds the last node, and that node (0: none), its parent, and how many bits match. */
  #descend(key: number): { slot: number; node: number; matched: number; parent: number; parentSlot: number } {
    const { view } = this.space
    const length = this.#lengthOf(key)
    let slot = this.#root
    let parentSlot = slot
    let parent = 0
    let matched = 0
    let node = view.getUint32(slot, true)
    while (node !== 0) {
      const own = view.getUint32(node + LENGTH, true)
      matched = this.#match(node, key)
      if (own !== matched || own === length) break
      parent = node
      parentSlot = slot
      slot = this.#child(node, this.#bit(key + 4, own))
      node = view.getUint32(slot, true)
    }
    return { slot, node, matched, parent, parentSlot }
  }

  /** The first node in post-order below `node`. */
  #leftmost(node: number): number {
    const { view } = this.space
    for (let found = node; ; ) {
      const next = view.getUint32(this.#child(node, 0), true) || view.getUint32(this.#child(node, 1), true)
      if (!this.#intermediate(node)) found = node
      if (next === 0) return found
      node = next
    }
  }

  #keyOf(node: number): Uint8Array {
    const key = new Uint8Array(this.attr.keySize)
    new DataView(key.buffer).setUint32(0, this.space.view.getUint32(node + LENGTH, true), true)
    key.set(this.space.u8.subarray(node + DATA, node + DATA + this.#dataSize), 4)
    return key
  }

  /** longest_prefix_match(): bits that node and key have in common, at most the shorter prefix. */
  #match(node: number, key: number): number {
    const { u8, view } = this.space
    const limit = Math.min(view.getUint32(node + LENGTH, true), this.#lengthOf(key))
    let bits = 0
    for (let i = 0; i < this.#dataSize; i++) {
      const differ = u8[node + DATA + i]! ^ u8[key + 4 + i]!
      bits += Math.clz32(differ) - 24
      if (bits >= limit) return limit
      if (differ !== 0) return bits
    }
    return bits
  }

  #lengthOf(key: number): number {
    return this.space.view.getUint32(key, true)
  }

  #intermediate(node: number): boolean {
    return this.space.view.getUint32(node + FLAGS, true) === INTERMEDIATE
  }

  #child(node: number, which: number): number {
    return node + CHILD + which * 4
  }

  #bit(data: number, index: number): number {
    return (this.space.u8[data + (index >>> 3)]! >> (7 - (index & 7))) & 1
  }

  #fill(node: number, length: number, flags: number, data: number): void {
    const { view } = this.space
    view.setUint32(node + CHILD, 0, true)
    view.setUint32(node + CHILD + 4, 0, true)
    view.setUint32(node + LENGTH, length, true)
    view.setUint32(node + FLAGS, flags, true)
    copy(this.space, node + DATA, data, this.#dataSize)
  }
}
