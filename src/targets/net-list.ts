// Targets over a list of network objects that is read as a whole when the first read of an open file comes to it: what is added or goes later is not seen
// by that file, and what stays is shown once.
import type { CtxArgInfo, IterReg, Opener } from '../iter/reg.ts'
import type { Platform } from '../platform/platform.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import { NetSession } from '../sources/net-session.ts'
import type { SourceHooks } from '../sources/session.ts'

export interface NetList<T> {
  readonly target: string
  readonly ctx_arg_info: readonly CtxArgInfo[]
  /** See SeqOperations.startToken: a program then knows whether the END call comes first. */
  readonly startToken?: boolean
  /** All objects. @throws ErrnoError when nothing here shows them */
  list(session: NetSession): readonly T[]
  ctx(object: T | null): CtxArgs
}

class NetListOps<T> implements SeqOperations<T> {
  readonly startToken: boolean
  readonly #target: NetList<T>
  readonly #session: NetSession
  #objects: readonly T[] | null = null
  #at = 0

  constructor(target: NetList<T>, session: NetSession) {
    this.startToken = target.startToken === true
    this.#target = target
    this.#session = session
  }
  start(): T | null {
    this.#objects ??= this.#target.list(this.#session)
    return this.#objects[this.#at] ?? null
  }
  next(): T | null {
    this.#at++
    return this.start()
  }
  ctx(object: T | null): CtxArgs {
    return this.#target.ctx(object)
  }
  stop(): void {}
  close(): void {
    this.#session.close()
  }
}

/** The target of such a list, in the network namespace of the one who opens it. */
export const netListTarget = <T>(platform: Platform, hooks: SourceHooks, target: NetList<T>): IterReg => ({
  target: target.target,
  ctx_arg_info: target.ctx_arg_info,
  feature: 0,
  seq_info: {
    open: (_aux: unknown, opener: Opener) => new NetListOps(target, new NetSession(platform, hooks, opener.pid)) as SeqOperations,
  },
})
