// Requests that a worker owes a reply for, shared by the three kinds of threads. Whoever takes the entry replies; so a
// request is answered exactly once, also when its worker dies or the reader is interrupted in that moment.

const SLOTS = 4096

export class PendingReplies {
  readonly shared: SharedArrayBuffer
  readonly #slots: BigInt64Array
  #next = 0

  constructor(shared = new SharedArrayBuffer(SLOTS * 8)) {
    this.shared = shared
    this.#slots = new BigInt64Array(shared)
  }

  /** FUSE thread: notes that `unique` waits. The slot, or -1 when all are taken. */
  put(unique: number): number {
    for (let tries = 0; tries < SLOTS; tries++) {
      const slot = this.#next
      this.#next = (this.#next + 1) % SLOTS
      if (Atomics.compareExchange(this.#slots, slot, 0n, BigInt(unique)) === 0n) return slot
    }
    return -1
  }

  /** True for the one caller that may reply. */
  take(slot: number, unique: number): boolean {
    return Atomics.compareExchange(this.#slots, slot, BigInt(unique), 0n) === BigInt(unique)
  }

  /** Takes `unique` wherever it waits. */
  takeUnique(unique: number): boolean {
    const slot = this.#slots.indexOf(BigInt(unique))
    return slot >= 0 && this.take(slot, unique)
  }

  /** Takes all that wait: the worker is gone. */
  takeAll(): number[] {
    const taken: number[] = []
    for (let slot = 0; slot < SLOTS; slot++) {
      const unique = Atomics.exchange(this.#slots, slot, 0n)
      if (unique !== 0n) taken.push(Number(unique))
    }
    return taken
  }
}
