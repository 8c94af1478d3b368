// The memory of one map: what it took from the address space, given back together. What links elements with each other lies beside the
// address space, where no program can write: whatever programs do to keys and values, walks end and stay inside.
import { ENOMEM, ErrnoError } from '../util/errno.ts'
import type { AddressSpace } from '../vm/memory.ts'

export class Blocks {
  readonly #space: AddressSpace
  readonly #taken = new Map<number, number>()
  /** Bytes of words(). */
  #charged = 0

  constructor(space: AddressSpace) {
    this.#space = space
  }

  /** Takes zeroed bytes. @throws ErrnoError ENOMEM */
  alloc(size: number): number {
    const at = this.#space.alloc(size)
    this.#taken.set(at, size)
    return at
  }

  /** As alloc(), for what is taken while a program runs: 0 when there is no memory. */
  tryAlloc(size: number): number {
    try {
      return this.alloc(size)
    } catch (err) {
      if (err instanceof ErrnoError && err.errno === ENOMEM) return 0
      throw err
    }
  }

  /** Takes `count` words of 0 beside the address space, counted against its limit until freeAll(). @throws ErrnoError ENOMEM */
  words(count: number): Int32Array {
    this.#space.charge(count * 4)
    this.#charged += count * 4
    try {
      return new Int32Array(count)
    } catch {
      throw new ErrnoError(ENOMEM, `want ${count * 4} bytes for a map, the machine has none left`)
    }
  }

  /** Gives back what words() gave. */
  dropWords({ length }: Int32Array): void {
    this.#space.uncharge(length * 4)
    this.#charged -= length * 4
  }

  /** Gives one block back. */
  free(at: number): void {
    const size = this.#taken.get(at)
    if (size === undefined) return
    this.#taken.delete(at)
    this.#space.free(at, size)
  }

  /** Gives everything back, what was taken last first. */
  freeAll(): void {
    for (const [at, size] of [...this.#taken].reverse()) this.#space.free(at, size)
    this.#taken.clear()
    this.#space.uncharge(this.#charged)
    this.#charged = 0
  }
}
