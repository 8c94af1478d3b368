// struct seq_operations, as the read loop calls it. The position lives in the operations object, not in the loop:
// what the kernel keeps in seq->index and the target's private data.

/** The fields of one context after `meta`, by name: `{ task, fd, file }`. All null for the END call, except where a target says otherwise. */
export type CtxArgs = Record<string, unknown>

export interface SeqOperations<V = unknown> {
  /**
   * The object at the current position, or null when there is none. Called at the head of every read that iterates;
   * after a stop() with an object that was fetched but not shown it returns that same object, if it still exists.
   * @throws ErrnoError the error the read fails with
   */
  start(): V | null
  /** Moves on and returns the object there, or null at the end. @throws ErrnoError */
  next(v: V): V | null
  /** The context of one call; `null` asks for the END call's. Return null to say that there is no END call (dmabuf). */
  ctx(v: V | null): CtxArgs | null
  /** Drops what start and next took for this read; the position stays. */
  stop(v: V | null): void
  /** fini_seq_private: the file was closed. */
  close(): void
  /** Sockets: start() is SEQ_START_TOKEN first, so that the END call without an object has seq_num 2^64 - 1. */
  readonly startToken?: boolean
  /** cgroup only: what a program's return value of 1 means. Default: try again later (EAGAIN). */
  readonly onReturnOne?: 'again' | 'finish'
}
