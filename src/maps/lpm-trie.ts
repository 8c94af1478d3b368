// BPF_MAP_TYPE_LPM_TRIE: a binary trie of prefixes, as the kernel has it (kernel/bpf/lpm_trie.c), so that keys come in its order: more
// specific ones first. The bytes of a node are its data and its value, each 8-aligned; its words two children, the length of the prefix, flags.
import { EINVAL, ENOENT, ENOMEM, ENOSPC } from '../util/errno.ts'
import { BaseMap, checkExists, copy, type MapEnv } from './base.ts'
import type { Blocks } from './blocks.ts'
import { BPF_EXIST, roundUp8 } from './flags.ts'
import type { MapAttr } from './map.ts'
import { Pool } from './pool.ts'

/** sizeof(struct lpm_trie_node) of Linux 6.18 on x86-64 */
const SIZEOF_NODE = 24

const WORDS = 5
const CHILD = 1
const LENGTH = 3
const FLAGS = 4
/** Where the root is: a child of number 0, which is no node. */
const ROOT = CHILD
/** Node that only joins two others and has no value. */
const INTERMEDIATE = 1

export class LpmTrieMap extends BaseMap {
  readonly #dataSize: number
  readonly #maxLength: number
  readonly #valueOff: number
  readonly #nodes: Pool
  #count = 0

  constructor(attr: MapAttr, env: MapEnv, blocks: Blocks) {
    super(attr, env, blocks)
    this.#dataSize = attr.keySize - 4
    this.#maxLength = this.#dataSize * 8
    this.#valueOff = roundUp8(this.#dataSize)
    this.#nodes = new Pool(blocks, this.#valueOff + roundUp8(attr.valueSize), WORDS, CHILD, 0)
  }

  get memlock(): number {
    return (SIZEOF_NODE + this.#dataSize + this.attr.valueSize) * this.#count
  }

  override lookup(key: number): number {
    const { words } = this.#nodes
    if (this.#lengthOf(key) > this.#maxLength) return 0
    let found = 0
    for (let node = words[ROOT]!; node !== 0; ) {
      const length = words[node * WORDS + LENGTH]!
      const matched = this.#match(node, key)
      if (matched === this.#maxLength) {
        found = node
        break
      }
      if (matched < length) break
      if (!this.#intermediate(node)) found = node
      node = words[this.#child(node, this.#bit(key + 4, length))]!
    }
    return found === 0 ? 0 : this.#nodes.at(found) + this.#valueOff
  }

  override update(key: number, value: number, flags: number): number {
    if (!(flags >= 0 && flags <= BPF_EXIST) || this.#lengthOf(key) > this.#maxLength) return -EINVAL
    const length = this.#lengthOf(key)
    const { slot, node, matched } = this.#descend(key)
    const same = node !== 0 && this.#nodes.words[node * WORDS + LENGTH] === matched && matched === length
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
    const { words } = this.#nodes
    this.#fill(fresh, length, 0, key + 4)
    this.initValue(this.#nodes.at(fresh) + this.#valueOff, value)
    if (!replaces) this.#count++
    if (same) {
      for (const which of [0, 1]) words[this.#child(fresh, which)] = words[this.#child(node, which)]!
      this.#nodes.free(node)
    } else if (joins) {
      this.#fill(join, matched, INTERMEDIATE, this.#nodes.at(node))
      const bit = this.#bit(key + 4, matched)
      words[this.#child(join, bit)] = fresh
      words[this.#child(join, 1 - bit)] = node
    } else if (node !== 0) {
      words[this.#child(fresh, this.#bit(this.#nodes.at(node), matched))] = node
    }
    words[slot] = joins ? join : fresh
    return 0
  }

  override delete(key: number): number {
    const { words } = this.#nodes
    if (this.#lengthOf(key) > this.#maxLength) return -EINVAL
    const { slot, node, matched, parent, parentSlot } = this.#descend(key)
    const length = this.#lengthOf(key)
    if (node === 0 || words[node * WORDS + LENGTH] !== length || matched !== length || this.#intermediate(node)) return -ENOENT
    this.#count--
    const left = words[this.#child(node, 0)]!
    const right = words[this.#child(node, 1)]!
    if (left !== 0 && right !== 0) {
      words[node * WORDS + FLAGS] = INTERMEDIATE
      return 0
    }
    if (left === 0 && right === 0 && parent !== 0 && this.#intermediate(parent)) {
      const first = words[this.#child(parent, 0)]!
      words[parentSlot] = first === node ? words[this.#child(parent, 1)]! : first
      this.#nodes.free(parent)
    } else words[slot] = left || right
    this.#nodes.free(node)
    return 0
  }

  protected override sysNext(key: number): Uint8Array | number {
    const { words } = this.#nodes
    const root = words[ROOT]!
    if (root === 0) return -ENOENT
    if (key === 0 || this.#lengthOf(key) > this.#maxLength) return this.#keyOf(this.#leftmost(root))
    const path: number[] = []
    const length = this.#lengthOf(key)
    let node = root
    while (node !== 0) {
      path.push(node)
      const own = words[node * WORDS + LENGTH]!
      if (this.#match(node, key) !== own || own === length) break
      node = words[this.#child(node, this.#bit(key + 4, own))]!
    }
    if (node === 0 || words[node * WORDS + LENGTH] !== length || this.#intermediate(node))
      return this.#keyOf(this.#leftmost(root))
    for (let i = path.length - 2; i >= 0; i--) {
      const parent = path[i]!
      const right = words[this.#child(parent, 1)]!
      if (words[this.#child(parent, 0)] === node && right !== 0) return this.#keyOf(this.#leftmost(right))
      if (!this.#intermediate(parent)) return this.#keyOf(parent)
      node = parent
    }
    return -ENOENT
  }

  /** Walks towards the key: the word that holds the last node, and that node (0: none), its parent, and how many bits match. */
  #descend(key: number): { slot: number; node: number; matched: number; parent: number; parentSlot: number } {
    const { words } = this.#nodes
    const length = this.#lengthOf(key)
    let slot = ROOT
    let parentSlot = slot
    let parent = 0
    let matched = 0
    let node = words[slot]!
    while (node !== 0) {
      const own = words[node * WORDS + LENGTH]!
      matched = this.#match(node, key)
      if (own !== matched || own === length) break
      parent = node
      parentSlot = slot
      slot = this.#child(node, this.#bit(key + 4, own))
      node = words[slot]!
    }
    return { slot, node, matched, parent, parentSlot }
  }

  /** The first node in post-order below `node`. */
  #leftmost(node: number): number {
    const { words } = this.#nodes
    for (let found = node; ; ) {
      const next = words[this.#child(node, 0)]! || words[this.#child(node, 1)]!
      if (!this.#intermediate(node)) found = node
      if (next === 0) return found
      node = next
    }
  }

  #keyOf(node: number): Uint8Array {
    const key = new Uint8Array(this.attr.keySize)
    const { words } = this.#nodes
    new DataView(key.buffer).setUint32(0, words[node * WORDS + LENGTH]!, true)
    key.set(this.space.u8.subarray(this.#nodes.at(node), this.#nodes.at(node) + this.#dataSize), 4)
    return key
  }

  /** longest_prefix_match(): bits that node and key have in common, at most the shorter prefix. */
  #match(node: number, key: number): number {
    const { u8 } = this.space
    const { words } = this.#nodes
    const data = this.#nodes.at(node)
    const limit = Math.min(words[node * WORDS + LENGTH]!, this.#lengthOf(key))
    let bits = 0
    for (let i = 0; i < this.#dataSize; i++) {
      const differ = u8[data + i]! ^ u8[key + 4 + i]!
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
    return this.#nodes.words[node * WORDS + FLAGS] === INTERMEDIATE
  }

  #child(node: number, which: number): number {
    return node * WORDS + CHILD + which
  }

  #bit(data: number, index: number): number {
    return (this.space.u8[data + (index >>> 3)]! >> (7 - (index & 7))) & 1
  }

  #fill(node: number, length: number, flags: number, data: number): void {
    const { words } = this.#nodes
    words.set([0, 0, length, flags], node * WORDS + CHILD)
    copy(this.space, this.#nodes.at(node), data, this.#dataSize)
  }
}
