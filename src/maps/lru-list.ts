// Which elements an LRU hash keeps: the kernel's algorithm (kernel/bpf/bpf_lru_list.c), as if all happened on one CPU. Elements stand in one of three
// lists: those just put in (pending), and of the others the active and the inactive ones. Room is made for several elements at once, so a full map
// holds fewer than max_entries at times. Free elements are all alike, so they are only counted here; the memory comes from the map's pool,
// and nodes have the numbers that elements have there.
import type { Blocks } from './blocks.ts'

/** Words of a node: neighbours towards the older and the newer end, its list, whether it was used. */
const WORDS = 4
const OLDER = 0
const NEWER = 1
const LIST = 2
const USED = 3

/** Values of LIST; each list has an anchor, a node of its own. */
const ACTIVE = 0
const INACTIVE = 1
const PENDING = 2

/** LOCAL_FREE_TARGET, LOCAL_NR_SCANS; PERCPU_FREE_TARGET and PERCPU_NR_SCANS. */
const COMMON_BATCH = 128
const PERCPU_BATCH = 4

export class LruList {
  readonly #words: Int32Array
  /** Number of the first anchor. */
  readonly #anchors: number
  /** Elements whose map has lists of each CPU (BPF_F_NO_COMMON_LRU) are never pending. */
  readonly #percpu: boolean
  /** Takes an element out of the hash. */
  readonly #evict: (node: number) => void
  readonly #target: number
  readonly #scans: number
  /** Free elements, and those of them that are set aside for the next updates. */
  #free: number
  #ready = 0
  #active = 0
  #inactive = 0
  /** Where the rotation of the inactive list goes on. */
  #rotation: number

  /**
   * @param elements how many there are
   * @param cpus of the machine
   * @param evict called with a node that must leave the hash
   */
  constructor(blocks: Blocks, elements: number, cpus: number, percpu: boolean, evict: (node: number) => void) {
    // The map has some elements more than it holds, one for each CPU.
    this.#anchors = 1 + elements + cpus
    this.#words = blocks.words((this.#anchors + 3) * WORDS)
    for (const list of [ACTIVE, INACTIVE, PENDING]) {
      const anchor = this.#anchor(list)
      this.#set(anchor, OLDER, anchor)
      this.#set(anchor, NEWER, anchor)
    }
    this.#percpu = percpu
    this.#evict = evict
    this.#free = percpu ? elements / cpus : elements
    this.#scans = percpu ? PERCPU_BATCH : COMMON_BATCH
    this.#target = percpu ? PERCPU_BATCH : Math.min(COMMON_BATCH, Math.max(1, Math.floor(Math.floor(elements / cpus) / 2)))
    this.#rotation = this.#anchor(INACTIVE)
  }

  /** Sets one free element aside, making room if need be; false when there is none (bpf_lru_pop_free). */
  reserve(): boolean {
    if (this.#percpu) {
      this.#rotate()
      if (this.#free === 0) this.#free += this.#shrink(this.#target)
      if (this.#free === 0) return false
      this.#free--
      return true
    }
    if (this.#ready === 0) this.#refill()
    if (this.#ready === 0 && !this.#stealPending()) return false
    this.#ready--
    return true
  }

  /** What reserve() set aside is not needed. */
  release(): void {
    if (this.#percpu) this.#free++
    else this.#ready++
  }

  /** The element that reserve() set aside is in the hash now. */
  add(node: number, used: boolean): void {
    this.#insert(node, this.#percpu ? INACTIVE : PENDING)
    if (used) this.touch(node)
  }

  /** A program looked at the element, or it was written (bpf_lru_node_set_ref). */
  touch(node: number): void {
    this.#set(node, USED, 1)
  }

  /** The element left the hash, other than through `evict` (bpf_lru_push_free). */
  remove(node: number): void {
    const list = this.#listOf(node)
    this.#unlink(node)
    if (list === PENDING) this.#ready++
    else this.#free++
  }

  /** bpf_lru_list_pop_free_to_local() */
  #refill(): void {
    const pending = this.#anchor(PENDING)
    for (let node = this.#oldest(PENDING); node !== pending; node = this.#oldest(PENDING))
      this.#move(node, this.#isUsed(node) ? ACTIVE : INACTIVE)
    this.#rotate()
    const taken = Math.min(this.#free, this.#target)
    this.#free -= taken
    this.#ready += taken
    if (taken < this.#target) this.#ready += this.#shrink(this.#target - taken)
  }

  /** __local_list_pop_pending(): the oldest pending element that was not used, or the oldest. */
  #stealPending(): boolean {
    const anchor = this.#anchor(PENDING)
    let node = this.#oldest(PENDING)
    if (node === anchor) return false
    while (node !== anchor && this.#isUsed(node)) node = this.#get(node, NEWER)
    if (node === anchor) node = this.#oldest(PENDING)
    this.#unlink(node)
    this.#evict(node)
    this.#ready++
    return true
  }

  #rotate(): void {
    if (this.#inactive < this.#active) this.#rotateActive()
    this.#rotateInactive()
  }

  /** Used elements of the old end go to the new one, the others become inactive. */
  #rotateActive(): void {
    const anchor = this.#anchor(ACTIVE)
    const last = this.#get(anchor, OLDER)
    let node = this.#oldest(ACTIVE)
    for (let i = 0; i < this.#scans && node !== anchor; i++) {
      const newer = this.#get(node, NEWER)
      this.#move(node, this.#isUsed(node) ? ACTIVE : INACTIVE)
      if (node === last) break
      node = newer
    }
  }

  /** Used ones among the next few inactive elements become active. */
  #rotateInactive(): void {
    const anchor = this.#anchor(INACTIVE)
    if (this.#oldest(INACTIVE) === anchor) return
    let last = this.#get(this.#rotation, OLDER)
    if (last === anchor) last = this.#get(last, OLDER)
    let node = this.#rotation
    let next = node
    for (let i = 0; i < this.#scans; ) {
      if (node === anchor) {
        node = this.#get(node, NEWER)
        continue
      }
      next = this.#get(node, NEWER)
      if (this.#isUsed(node)) this.#move(node, ACTIVE)
      if (node === last) break
      node = next
      i++
    }
    this.#rotation = next
  }

  /** Evicts up to `count` inactive elements that were not used, else one whatever it is; how many. */
  #shrink(count: number): number {
    const anchor = this.#anchor(INACTIVE)
    let evicted = 0
    let node = this.#oldest(INACTIVE)
    for (let i = 0; i < this.#scans && node !== anchor && evicted < count; i++) {
      const newer = this.#get(node, NEWER)
      if (this.#isUsed(node)) this.#move(node, ACTIVE)
      else {
        this.#unlink(node)
        this.#evict(node)
        evicted++
      }
      node = newer
    }
    if (evicted > 0) return evicted
    const list = this.#inactive > 0 ? INACTIVE : ACTIVE
    const forced = this.#oldest(list)
    if (forced === this.#anchor(list)) return 0
    this.#unlink(forced)
    this.#evict(forced)
    return 1
  }

  #move(node: number, list: number): void {
    this.#unlink(node)
    this.#insert(node, list)
  }

  /** Puts a node at the new end, unused. */
  #insert(node: number, list: number): void {
    const anchor = this.#anchor(list)
    const newest = this.#get(anchor, OLDER)
    this.#set(node, OLDER, newest)
    this.#set(node, NEWER, anchor)
    this.#set(newest, NEWER, node)
    this.#set(anchor, OLDER, node)
    this.#set(node, LIST, list)
    this.#set(node, USED, 0)
    this.#count(list, 1)
  }

  #unlink(node: number): void {
    if (node === this.#rotation) this.#rotation = this.#get(node, NEWER)
    const older = this.#get(node, OLDER)
    const newer = this.#get(node, NEWER)
    this.#set(older, NEWER, newer)
    this.#set(newer, OLDER, older)
    this.#count(this.#listOf(node), -1)
  }

  #count(list: number, by: number): void {
    if (list === ACTIVE) this.#active += by
    else if (list === INACTIVE) this.#inactive += by
  }

  #listOf(node: number): number {
    return this.#get(node, LIST)
  }

  #isUsed(node: number): boolean {
    return this.#get(node, USED) !== 0
  }

  #anchor(list: number): number {
    return this.#anchors + list
  }

  /** The oldest node of a list, its anchor when it is empty. The ring runs: anchor, oldest, ..., newest, anchor. */
  #oldest(list: number): number {
    return this.#get(this.#anchor(list), NEWER)
  }

  #get(node: number, field: number): number {
    return this.#words[node * WORDS + field]!
  }

  #set(node: number, field: number, to: number): void {
    this.#words[node * WORDS + field] = to
  }
}
