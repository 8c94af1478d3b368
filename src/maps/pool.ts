// Elements of one size. They are known by numbers from 1 on; the bytes of each lie in the memory of programs, the words that link it with
// others beside it (see Blocks.words). Freed ones are used again oldest first, and only when QUARANTINE of them wait or there is no fresh
// one: what a running program still points at stays what it was for a while (the kernel's preallocated maps promise less, the others a grace
// period).
import { ENOMEM, ErrnoError } from '../util/errno.ts'
import type { Blocks } from './blocks.ts'

const QUARANTINE = 128
/** Elements that are taken from the memory at once: the first time; and about how many bytes at most. */
const FIRST_CHUNK = 16
const LARGEST_CHUNK = 1 << 18

export class Pool {
  /**
   * The words of element n are `words[n * perElement]` and those behind. The first says where its bytes are, see at(); those of number 0, which
   * is no element, are free for a head. Made anew when the pool grows: do not keep it over a take().
   */
  words: Int32Array
  readonly #blocks: Blocks
  readonly #size: number
  readonly #perElement: number
  readonly #link: number
  readonly #grows: boolean
  /** The next number that was never used, and the first one without bytes. */
  #fresh = 1
  #end = 1
  #chunk = FIRST_CHUNK
  #head = 0
  #tail = 0
  #waiting = 0

  /**
   * @param size bytes of an element, a multiple of 8
   * @param perElement words of an element, the first one too
   * @param link which of them links freed elements
   * @param count elements to take now; 0: take memory when it is needed
   */
  constructor(blocks: Blocks, size: number, perElement: number, link: number, count: number) {
    this.#blocks = blocks
    this.#size = size
    this.#perElement = perElement
    this.#link = link
    this.#grows = count === 0
    const first = count > 0 ? blocks.alloc(size * count) : 0
    this.words = blocks.words((1 + (count || FIRST_CHUNK)) * perElement)
    this.#place(first, count)
  }

  /** Offset of an element's bytes. */
  at(element: number): number {
    return this.words[element * this.#perElement]! >>> 0
  }

  /** An element with undefined contents; 0 when there is no memory. */
  take(): number {
    if (this.#waiting > QUARANTINE) return this.#reuse()
    if (this.#fresh < this.#end || (this.#grows && this.#grow())) return this.#fresh++
    return this.#waiting > 0 ? this.#reuse() : 0
  }

  free(element: number): void {
    this.words[element * this.#perElement + this.#link] = 0
    if (this.#tail === 0) this.#head = element
    else this.words[this.#tail * this.#perElement + this.#link] = element
    this.#tail = element
    this.#waiting++
  }

  #reuse(): number {
    const element = this.#head
    this.#head = this.words[element * this.#perElement + this.#link]!
    if (this.#head === 0) this.#tail = 0
    this.#waiting--
    return element
  }

  #place(first: number, count: number): void {
    for (let i = 0; i < count; i++) this.words[this.#end++ * this.#perElement] = first + i * this.#size
  }

  #grow(): boolean {
    const bytes = this.#size * this.#chunk
    try {
      const needed = (this.#end + this.#chunk) * this.#perElement
      if (needed > this.words.length) this.#enlarge(needed * 2)
      this.#place(this.#blocks.alloc(bytes), this.#chunk)
    } catch (err) {
      if (err instanceof ErrnoError && err.errno === ENOMEM) return false
      throw err
    }
    if (bytes < LARGEST_CHUNK) this.#chunk *= 2
    return true
  }

  #enlarge(length: number): void {
    const words = this.#blocks.words(length)
    words.set(this.words)
    this.#blocks.dropWords(this.words)
    this.words = words
  }
}
