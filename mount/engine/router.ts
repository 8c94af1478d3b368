// The FUSE thread's side of the engines: hands opens and reads of pins to the worker that runs their program.
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { EAGAIN, EINTR, EIO } from '../../src/util/errno.ts'
import type { PinHost } from '../bpffs/host.ts'
import type { FuseRequest } from '../fuse/protocol.ts'
import { encodeReply } from '../fuse/protocol.ts'
import type { EngineNotice, EngineRequest, FuseCommand, FuseEvent, Route } from './messages.ts'
import { PendingReplies } from './pending.ts'

interface WorkerEnd {
  readonly port: MessagePort
  readonly pending: PendingReplies
}

export interface RouterOptions {
  /** Main's end of commands and events. */
  readonly port: MessagePort
  /** Counts messages to this thread, so that an idle look costs one load. */
  readonly mail: Int32Array
  /** Sends a reply out of turn. */
  reply(bytes: Uint8Array): void
  openFailed(fh: number): void
  command(command: FuseCommand): void
}

export class Router implements PinHost {
  readonly #options: RouterOptions
  readonly #workers = new Map<number, WorkerEnd>()
  readonly #routes = new Map<number, Route>()
  /** The worker of each open file; it keeps running the program that the link had at open. */
  readonly #files = new Map<number, number>()
  #seenMail = 0

  constructor(options: RouterOptions) {
    this.#options = options
  }

  /** Takes in what other threads sent since the last call. To be called before each request. */
  takeMail(): void {
    const { mail, port } = this.#options
    const now = Atomics.load(mail, 0)
    if (now === this.#seenMail) return
    this.#seenMail = now
    for (let item = receiveMessageOnPort(port); item; item = receiveMessageOnPort(port))
      this.#command(item.message as FuseCommand)
    for (const { port: workerPort } of this.#workers.values()) {
      for (let item = receiveMessageOnPort(workerPort); item; item = receiveMessageOnPort(workerPort)) {
        this.#notice(item.message as EngineNotice)
      }
    }
  }

  tell(event: FuseEvent): void {
    this.#options.port.postMessage(event)
  }

  openPin(req: FuseRequest, object: number, fh: number): void {
    const route = this.#routes.get(object)
    const worker = route && this.#workers.get(route.worker)
    if (!route || !worker) {
      this.#options.openFailed(fh)
      return this.#options.reply(encodeReply(req.unique, EIO))
    }
    this.#files.set(fh, route.worker)
    const { unique, pid, uid, gid } = req
    const { what } = route
    if (!this.#send(worker, unique, slot => ({ t: 'open', unique, slot, fh, pid, uid, gid, what }))) this.openFailed(fh)
  }

  readPin(req: FuseRequest, fh: number, size: number): void {
    const worker = this.#workers.get(this.#files.get(fh) ?? -1)
    if (!worker) return this.#options.reply(encodeReply(req.unique, EIO))
    const { unique, pid, uid, gid } = req
    this.#send(worker, unique, slot => ({ t: 'read', unique, slot, fh, size, pid, uid, gid }))
  }

  releasePin(fh: number): void {
    this.#workers.get(this.#files.get(fh) ?? -1)?.port.postMessage({ t: 'close', fh } satisfies EngineRequest)
    this.#files.delete(fh)
  }

  /** Answers an interrupted request at once; the engine keeps what it had ready for the next read. */
  interrupt(unique: number): void {
    for (const { pending } of this.#workers.values()) {
      if (pending.takeUnique(unique)) return this.#options.reply(encodeReply(unique, EINTR))
    }
    this.tell({ t: 'interrupt', unique })
  }

  getObject(object: number): void {
    this.tell({ t: 'getObject', object })
  }

  putObject(object: number): void {
    this.tell({ t: 'putObject', object })
  }

  now(): bigint {
    return BigInt(Date.now()) * 1_000_000n
  }

  #send(worker: WorkerEnd, unique: number, make: (slot: number) => EngineRequest): boolean {
    const slot = worker.pending.put(unique)
    if (slot < 0) {
      this.#options.reply(encodeReply(unique, EAGAIN))
      return false
    }
    worker.port.postMessage(make(slot))
    return true
  }

  openFailed(fh: number): void {
    this.#files.delete(fh)
    this.#options.openFailed(fh)
  }

  #notice(notice: EngineNotice): void {
    this.openFailed(notice.fh)
  }

  #command(command: FuseCommand): void {
    switch (command.t) {
      case 'worker':
        this.#workers.set(command.id, { port: command.port, pending: new PendingReplies(command.pending) })
        return
      case 'workerGone':
        // Requests that were put after main took the others: nobody else will answer them.
        for (const unique of this.#workers.get(command.id)?.pending.takeAll() ?? []) this.#options.reply(encodeReply(unique, EIO))
        this.#workers.get(command.id)?.port.close()
        this.#workers.delete(command.id)
        // Its open files stay dead, also when a new worker takes over the id.
        for (const [fh, worker] of this.#files) if (worker === command.id) this.#files.delete(fh)
        return
      case 'retire':
        this.#workers.get(command.id)?.port.postMessage({ t: 'retire' } satisfies EngineRequest)
        return
      case 'route':
        this.#routes.set(command.object, command.route)
        return
      case 'unroute':
        this.#routes.delete(command.object)
        return
      default:
        this.#options.command(command)
    }
  }
}
