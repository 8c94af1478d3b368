// Elements of one size. Freed ones are used again oldest first, and only when QUARANTINE of them wait or there is no fresh one: what a running
// program still points at stays what it was for a while (the kernel's preallocated maps promise less, the others a grace period).
import type { AddressSpace } from '../vm/memory.ts'
import type { Blocks } from './blocks.ts'

const QUARANTINE = 128
/** Elements that are taken from the memory at once: the first time; and about how many bytes at most. */
const FIRST_CHUNK = 16
const LARGEST_CHUNK = 1 << 18

export class Pool {
  readonly #space: AddressSpace
  readonly #blocks: Blocks
  readonly #size: number
  readonly #link: number
  readonly #grows: boolean
  #fresh = 0
  #freshEnd = 0
  #chunk = FIRST_CHUNK
  #head = 0
  #tail = 0
  #waiting = 0

  /**
   * @param size bytes of an element, a multiple of 8
   * @param link where in a freed element a u32 may be kept
   * @param count elements to take now; 0: take memory when it is needed
   */
  constructor(space: AddressSpace, blocks: Blocks, size: number, link: number, count: number) {
    this.#space = space
    this.#blocks = blocks
    this.#size = size
    this.#link = link
    this.#grows = count === 0
    if (count > 0) {
      this.#fresh = blocks.alloc(size * count)
      this.#freshEnd = this.#fresh + size * count
    }
  }

  /** An element with undefined contents; 0 when there is no memory. */
  take(): number {
    if (this.#waiting > QUARANTINE) return this.#reuse()
    if (this.#fresh < this.#freshEnd || (this.#grows && this.#grow())) {
      const at = this.#fresh
      this.#fresh += this.#size
      return at
    }
    return this.#waiting > 0 ? this.#reuse() : 0
  }

  free(at: number): void {
    const { view } = this.#space
    view.setUint32(at + this.#link, 0, true)
    if (this.#tail === 0) this.#head = at
    else view.setUint32(this.#tail + this.#link, at, true)
    this.#tail = at
    this.#waiting++
  }

  #reuse(): number {
    const at = this.#head
    this.#head = this.#space.view.getUint32(at + this.#link, true)
    if (this.#head === 0) this.#tail = 0
    this.#waiting--
    return at
  }

  #grow(): boolean {
    const bytes = this.#size * this.#chunk
    const at = this.#blocks.tryAlloc(bytes)
    if (at === 0) return false
    this.#fresh = at
    this.#freshEnd = at + bytes
    if (bytes < LARGEST_CHUNK) this.#chunk *= 2
    return true
  }
}
