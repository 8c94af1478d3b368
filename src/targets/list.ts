// Targets whose objects are listed once, when the file is opened.
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'

/** Walks a list. An object that is gone when a program looks at it is skipped by its source (ObjectGone). */
export class ListOps<T> implements SeqOperations<T> {
  readonly #list: readonly T[]
  readonly #ctx: (object: T | null) => CtxArgs | null
  #at = 0

  /** @param ctx the context of an object, and of the call at the end; null for a target that has no such call */
  constructor(list: readonly T[], ctx: (object: T | null) => CtxArgs | null) {
    this.#list = list
    this.#ctx = ctx
  }
  start(): T | null {
    return this.#list[this.#at] ?? null
  }
  next(): T | null {
    this.#at++
    return this.start()
  }
  ctx(object: T | null): CtxArgs | null {
    return this.#ctx(object)
  }
  stop(): void {}
  close(): void {}
}
