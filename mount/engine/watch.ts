// How the supervisor tells a program that does not return from a long iteration: the worker counts the program's calls.
import type { Progress } from '../../src/index.ts'

/** Worker side: three plain memory writes a call. */
export class ProgressWriter implements Progress {
  readonly #cells: Int32Array
  constructor(shared: SharedArrayBuffer) {
    this.#cells = new Int32Array(shared)
  }
  enter(): void {
    this.#cells[1] = this.#cells[1]! + 1
    this.#cells[0] = 1
  }
  leave(): void {
    this.#cells[0] = 0
  }
}

/** Supervisor side. */
export class ProgressWatch {
  readonly shared = new SharedArrayBuffer(8)
  readonly #cells = new Int32Array(this.shared)
  #call = -1
  #since = 0

  /** How long, in ms, the current call of the program has been seen running; 0 when none is. */
  stuckMs(nowMs: number): number {
    const running = Atomics.load(this.#cells, 0) === 1
    const call = Atomics.load(this.#cells, 1)
    if (!running || call !== this.#call) {
      this.#call = call
      this.#since = nowMs
      return 0
    }
    return nowMs - this.#since
  }
}
