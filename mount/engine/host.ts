// Serves the requests of one engine: opens, reads and closes of pins, answered straight to the kernel.
import { type BpfEngineOptions, Engine, errnoOf, type Progress, type Replay } from '../../src/index.ts'
import { FOPEN_DIRECT_IO, FOPEN_NONSEEKABLE, fuse_open_out } from '../fuse/abi.ts'
import { encodeReply, encodeReplyHeader } from '../fuse/protocol.ts'
import type { EngineRequest } from './messages.ts'
import type { PendingReplies } from './pending.ts'

export interface EngineHostOptions {
  readonly pending: PendingReplies
  /** Counter of opens, shared by all engines: session_id of struct bpf_iter_meta. */
  readonly sessions: BigInt64Array
  readonly progress?: Progress
  /** Without it BPF objects cannot be loaded. */
  readonly bpf?: BpfEngineOptions
  readonly replay?: Replay | undefined
  /** Sends a reply to the kernel: header and, for data, a second part. */
  send(header: Uint8Array, data?: Uint8Array): void
  openFailed(fh: number): void
  report(err: unknown): void
  /** The engine was retired and its last file is closed. */
  done(): void
}

export class EngineHost {
  readonly engine: Engine
  readonly #options: EngineHostOptions
  readonly #header = new Uint8Array(16)
  #open = 0
  #retired = false

  constructor(options: EngineHostOptions) {
    this.#options = options
    this.engine = new Engine(options)
  }

  handle(request: EngineRequest): void {
    switch (request.t) {
      case 'open':
        return this.#openPin(request)
      case 'read':
        return this.#read(request)
      case 'close':
        this.engine.close(request.fh)
        this.#open--
        return this.#checkDone()
      case 'retire':
        this.#retired = true
        return this.#checkDone()
    }
  }

  #openPin(request: EngineRequest & { t: 'open' }): void {
    const { pending, sessions, send, openFailed } = this.#options
    let errno = 0
    try {
      const sessionId = Atomics.add(sessions, 0, 1n) + 1n
      const { what } = request
      if (what.kind === 'map') this.engine.openMap(request.fh, what.map)
      else this.engine.open(request.fh, what.prog, what.target, what.aux, request, sessionId)
    } catch (err) {
      errno = this.#errno(err)
    }
    const mayReply = pending.take(request.slot, request.unique)
    if (errno === 0 && mayReply) {
      this.#open++
      send(
        encodeReply(
          request.unique,
          0,
          fuse_open_out.encode({ fh: request.fh, open_flags: FOPEN_DIRECT_IO | FOPEN_NONSEEKABLE, backing_id: 0 }),
        ),
      )
      return
    }
    this.engine.close(request.fh)
    openFailed(request.fh)
    if (mayReply) send(encodeReply(request.unique, errno))
  }

  #read(request: EngineRequest & { t: 'read' }): void {
    const { pending, send } = this.#options
    try {
      const data = this.engine.read(request.fh, request.size, request)
      if (!pending.take(request.slot, request.unique)) return this.engine.unread(request.fh, data.length)
      encodeReplyHeader(this.#header, request.unique, 0, data.length)
      send(this.#header, data)
    } catch (err) {
      const errno = this.#errno(err)
      if (pending.take(request.slot, request.unique)) send(encodeReply(request.unique, errno))
    }
  }

  /** An errno that was meant, or EIO for what a program or a target threw besides, with the reason in the log. */
  #errno(err: unknown): number {
    return errnoOf(err, this.#options.report)
  }

  #checkDone(): void {
    if (this.#retired && this.#open === 0) this.#options.done()
  }
}
