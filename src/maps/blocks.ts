// The memory of one map: what it took from the address space, given back together.
import { ENOMEM, ErrnoError } from '../util/errno.ts'
import type { AddressSpace } from '../vm/memory.ts'

export class Blocks {
  readonly #space: AddressSpace
  readonly #taken = new Map<number, number>()

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
  }
}
