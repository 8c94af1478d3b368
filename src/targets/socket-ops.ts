// Sockets that are listed as a whole when the first of them is asked for.
import type { NetNs } from '../platform/platform.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import type { SourceSession } from '../sources/session.ts'
import type { SocketSource } from '../sources/socket.ts'

/** How old a list may become, in ms, and in times of what it took to make it, before those that are left are looked at anew. */
const KEEP = { MS: 200, TIMES: 20 } as const

export class SocketOps<S extends SocketSource> implements SeqOperations<S> {
  readonly startToken = true
  readonly #session: SourceSession
  readonly #net: NetNs
  readonly #look: () => S[]
  readonly #ctx: (socket: S | null) => CtxArgs
  #list: readonly S[] | null = null
  #at = 0
  #staleMs = 0

  /** @param look all sockets; called again when a slow reader has some left. @param ctx the context of one */
  constructor(session: SourceSession, net: NetNs, look: () => S[], ctx: (socket: S | null) => CtxArgs) {
    this.#session = session
    this.#net = net
    this.#look = look
    this.#ctx = ctx
  }
  start(): S | null {
    const before = this.#session.platform.nowMs()
    if (!this.#list || before > this.#staleMs) {
      this.#list = this.#list ? this.#left(this.#list) : this.#look()
      const now = this.#session.platform.nowMs()
      this.#staleMs = now + Math.max(KEEP.MS, KEEP.TIMES * (now - before))
    }
    return this.#list[this.#at] ?? null
  }
  next(): S | null {
    this.#session.release()
    this.#at++
    return this.#list?.[this.#at] ?? null
  }
  ctx(socket: S | null): CtxArgs {
    return this.#ctx(socket)
  }
  stop(): void {
    this.#session.release()
  }
  close(): void {
    this.#net.close()
    this.#session.close()
  }

  /** Those that were not shown and are still there, in the order in which they were. */
  #left(list: readonly S[]): readonly S[] {
    const left = list.slice(this.#at)
    this.#at = 0
    if (left.length === 0) return left
    const now = new Map(this.#look().map(socket => [socket.id, socket]))
    return left.flatMap(({ id }) => now.get(id) ?? [])
  }
}
