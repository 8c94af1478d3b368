// One open file of an iterator: the read loop of bpf_seq_read (kernel/bpf/bpf_iter.c), rule by rule. It knows
// neither what is iterated (SeqOperations) nor what the program is (RunProg).

import { SeqFile } from '../seq/seq-file.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import { E2BIG, EAGAIN, ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'

/** MAX_ITER_OBJECTS: objects visited by one read before it gives up. */
export const MAX_ITER_OBJECTS = 1_000_000

/** seq_num of END when there was no object behind the start token. */
const NONE = 2n ** 64n - 1n

/** struct bpf_iter_meta, the first field of every context. */
export interface IterMeta {
  readonly seq: SeqFile
  readonly session_id: bigint
  seq_num: bigint
}

/** Runs the program once; its return value. May throw: the read then fails. */
export type RunProg = (meta: IterMeta, args: CtxArgs) => number

/** What show() tells the loop: the object stands, is skipped without using up its number, or fails the read. */
const SHOWN = 0
const SKIPPED = 1

export class IterSession {
  readonly #ops: SeqOperations
  readonly #run: RunProg
  readonly #meta: IterMeta
  readonly #seq = new SeqFile()
  /** Bytes waiting and where the first one is: seq->count and seq->from. */
  #waiting = 0
  #from = 0
  #doneStop = false
  #finished = false
  /** An object was given. */
  #began = false
  #closed = false

  constructor(ops: SeqOperations, run: RunProg, sessionId: bigint) {
    this.#ops = ops
    this.#run = run
    this.#meta = { seq: this.#seq, session_id: sessionId, seq_num: 0n }
  }

  /**
   * One read(2) of at most `size` bytes. The result is a view of the session's buffer, valid until the next call;
   * empty at the end.
   * @throws ErrnoError E2BIG (one object fills the buffer), EAGAIN (the program returned 1 with nothing before it,
   *   or 1,000,000 objects gave no output), or what start, next and the program threw
   */
  read(size: number): Uint8Array {
    if (this.#waiting === 0) this.#fill(size)
    const n = Math.min(this.#waiting, size)
    const part = this.#seq.buf.subarray(this.#from, this.#from + n)
    this.#from += n
    this.#waiting -= n
    return part
  }

  /** Takes back the last `n` bytes that read() gave, because they could not be delivered (as EFAULT keeps the data). */
  unread(n: number): void {
    this.#from -= n
    this.#waiting += n
  }

  /** The file was closed. Safe to call twice. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#ops.close()
  }

  /** Iterates until `size` bytes are there, the buffer is full or the end is reached (steps 3 to 8). */
  #fill(size: number): void {
    const failed = this.#iterate(size)
    this.#from = 0
    this.#waiting = this.#seq.count
    if (failed) throw failed
  }

  /** Steps 3 to 8; what it returns is thrown. Bytes that are in the buffer then are given by the next read, as in the kernel. */
  #iterate(size: number): Error | null {
    const ops = this.#ops
    const seq = this.#seq
    const meta = this.#meta
    seq.count = 0
    let obj: unknown = null
    try {
      obj = this.#finished ? null : ops.start()
    } catch (err) {
      ops.stop(null)
      return err as Error
    }
    if (obj === null && ops.startToken && !this.#began) meta.seq_num = NONE
    if (obj !== null) {
      this.#began = true
      let failed = this.#show(obj, 0)
      if (failed instanceof Error) {
        ops.stop(obj)
        return failed
      }
      if (failed === SKIPPED) meta.seq_num--
      for (let visited = 1; ; ) {
        const before = seq.count
        try {
          obj = this.#finished ? null : ops.next(obj)
        } catch (err) {
          ops.stop(null)
          return err as Error
        }
        if (obj === null) break
        visited++
        meta.seq_num++
        if (seq.count >= size) break
        if (visited > MAX_ITER_OBJECTS) {
          if (before > 0) break
          ops.stop(obj)
          return new ErrnoError(EAGAIN)
        }
        failed = this.#show(obj, before)
        if (failed instanceof Error) {
          if (before > 0) break
          ops.stop(obj)
          return failed
        }
        if (failed === SKIPPED) meta.seq_num--
      }
    }
    const shown = seq.count
    try {
      if (obj === null && !this.#doneStop) {
        this.#end()
        if (!seq.overflowed) this.#doneStop = true
        else {
          seq.count = shown
          if (shown === 0) return new ErrnoError(E2BIG)
        }
      }
    } catch (err) {
      seq.count = shown
      if (shown === 0) return err as Error
    } finally {
      ops.stop(obj)
    }
    return null
  }

  /**
   * Runs the program for one object; what it wrote is taken back unless it stands. An error is returned, not thrown:
   * the caller decides whether earlier output is delivered first.
   */
  #show(obj: unknown, before: number): typeof SHOWN | typeof SKIPPED | Error {
    const seq = this.#seq
    let result: typeof SHOWN | typeof SKIPPED | Error = SHOWN
    try {
      const args = this.#ops.ctx(obj)
      const returned = args === null ? 0 : this.#run(this.#meta, args)
      if (returned !== 0) {
        // A walk whose last object did not fit is cut off, not finished.
        if (this.#ops.onReturnOne === 'finish') this.#finished = !seq.overflowed
        else result = new ErrnoError(EAGAIN)
      }
      if (result === SHOWN && seq.overflowed) result = new ErrnoError(E2BIG)
    } catch (err) {
      result = err instanceof ObjectGone ? SKIPPED : (err as Error)
    }
    if (result !== SHOWN) seq.count = before
    return result
  }

  /** The call with null objects. Its return value is ignored, its output kept (bpf_iter_run_prog from stop). */
  #end(): void {
    const args = this.#ops.ctx(null)
    if (args !== null) this.#run(this.#meta, args)
  }
}
