// The engine workers: starts them, loads modules into them, ends those that do not return, and starts them again.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import {
  type Attached,
  EINVAL,
  EIO,
  ErrnoError,
  ETIMEDOUT,
  type IterAux,
  type IterLinkInfo,
  type ObjectsView,
} from '../../src/index.ts'
import { encodeReply } from '../fuse/protocol.ts'
import type { EngineCommand, EngineEvent, EngineInit, FuseCommand } from './messages.ts'
import { PendingReplies } from './pending.ts'
import { ProgressWatch } from './watch.ts'

export interface PoolOptions {
  readonly log: Logger
  /** The FUSE descriptor, -1 with a transport that has none. */
  readonly fuseFd: number
  readonly sessions: SharedArrayBuffer
  readonly mail: SharedArrayBuffer
  /** Longest time, in ms, that one call of a program may take. */
  readonly progLimitMs: number
  /** Longest time, in ms, that a module may take to load. */
  readonly loadLimitMs: number
  toFuse(command: FuseCommand, transfer?: MessagePort[]): void
  /** Sends a reply to the kernel. */
  reply(bytes: Uint8Array): void
  /** bpf_prog, bpf_map and bpf_link as they are now. */
  objects(): ObjectsView
}

interface Module {
  readonly path: string
  readonly set: Record<string, string>
}

/** What a module holds: its programs and prog_tag. */
export interface Loaded {
  readonly worker: number
  readonly progs: readonly { name: string; target: string }[]
  readonly tag: string
}

interface EngineThread {
  readonly id: number
  readonly module: Module
  readonly thread: Worker
  readonly pending: PendingReplies
  readonly watch: ProgressWatch
  readonly waiting: Map<number, { resolve(event: EngineEvent): void; reject(err: Error): void }>
  readonly fusePort: MessagePort
  /** Its module has loaded, so that pins may depend on it. */
  loaded: boolean
  /** No pin needs it any more. */
  retired: boolean
  /** Set before an end that is meant. */
  ending: boolean
}

/** V8 heap of one engine worker, in MiB. */
const HEAP_MB = 512
/** Its young generation: short-lived objects are all a program makes, and V8's default of 48 MiB times 20 workers is a gigabyte. */
const YOUNG_HEAP_MB = 4

export class EnginePool {
  readonly #options: PoolOptions
  readonly #threads = new Map<number, EngineThread>()
  #lastId = 0
  #lastCall = 0

  constructor(options: PoolOptions) {
    this.#options = options
    setInterval(() => this.#checkProgress(), Math.max(50, options.progLimitMs / 8)).unref()
  }

  /**
   * Starts a worker for a module and loads it.
   * @throws ErrnoError what the module's load failed with; ETIMEDOUT when it does not end
   */
  async load(path: string, set: Record<string, string>): Promise<Loaded> {
    const engine = this.#start(++this.#lastId, { path, set })
    return this.#loadInto(engine)
  }

  /** The target's part of BPF_LINK_CREATE. @throws ErrnoError of the attach check */
  async attach(worker: number, target: string, info: IterLinkInfo | undefined): Promise<Attached> {
    const event = await this.#call(this.#thread(worker), id => ({ t: 'attach', id, target, info }))
    if (event.t !== 'attached') throw new ErrnoError(EIO, `engine ${worker}: want attached, got ${event.t}`)
    return event.attached
  }

  detach(worker: number, target: string, aux: IterAux): void {
    this.#threads.get(worker)?.thread.postMessage({ t: 'detach', target, aux } satisfies EngineCommand)
  }

  /** No program of the worker is needed any more: it ends with the last file that is open. */
  retire(worker: number): void {
    const engine = this.#threads.get(worker)
    if (!engine) return
    engine.retired = true
    this.#options.toFuse({ t: 'retire', id: worker })
  }

  /** Objects changed: targets that iterate them see it at the next open. */
  publishObjects(): void {
    const objects = this.#options.objects()
    for (const { thread } of this.#threads.values()) thread.postMessage({ t: 'objects', objects } satisfies EngineCommand)
  }

  #thread(id: number): EngineThread {
    const engine = this.#threads.get(id)
    if (!engine) throw new ErrnoError(EIO, `engine ${id} does not run`)
    return engine
  }

  #start(id: number, module: Module): EngineThread {
    const { port1, port2 } = new MessageChannel()
    const pending = new PendingReplies()
    const watch = new ProgressWatch()
    const { fuseFd, sessions, mail } = this.#options
    const init: EngineInit = { fuseFd, sessions, mail, pending: pending.shared, progress: watch.shared }
    const thread = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { init, port: port1 },
      transferList: [port1],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
      name: module.path,
    })
    const engine: EngineThread = {
      id,
      module,
      thread,
      pending,
      watch,
      waiting: new Map(),
      fusePort: port2,
      loaded: false,
      retired: false,
      ending: false,
    }
    this.#threads.set(id, engine)
    thread.on('message', (event: EngineEvent) => this.#event(engine, event))
    thread.on('error', err => this.#options.log.error({ worker: id, path: module.path, err }, 'engine worker failed'))
    thread.on('exit', () => this.#gone(engine))
    thread.postMessage({ t: 'objects', objects: this.#options.objects() } satisfies EngineCommand)
    return engine
  }

  async #loadInto(engine: EngineThread): Promise<Loaded> {
    const { path, set } = engine.module
    const limit = setTimeout(() => {
      this.#options.log.error({ worker: engine.id, path }, 'module does not end loading; its worker is ended')
      for (const { reject } of engine.waiting.values()) {
        reject(
          new ErrnoError(ETIMEDOUT, `${path}: want the module to load within ${this.#options.loadLimitMs} ms, it still runs`),
        )
      }
      engine.waiting.clear()
    }, this.#options.loadLimitMs)
    try {
      const event = await this.#call(engine, id => ({ t: 'load', id, path, set }))
      if (event.t !== 'loaded') throw new ErrnoError(EIO, `engine ${engine.id}: want loaded, got ${event.t}`)
      engine.loaded = true
      this.#options.toFuse({ t: 'worker', id: engine.id, port: engine.fusePort, pending: engine.pending.shared }, [
        engine.fusePort,
      ])
      return { worker: engine.id, progs: event.progs, tag: event.tag }
    } catch (err) {
      await this.#end(engine)
      throw err
    } finally {
      clearTimeout(limit)
    }
  }

  #call(engine: EngineThread, make: (id: number) => EngineCommand): Promise<EngineEvent> {
    const id = ++this.#lastCall
    return new Promise((resolve, reject) => {
      engine.waiting.set(id, { resolve, reject })
      engine.thread.postMessage(make(id))
    })
  }

  #event(engine: EngineThread, event: EngineEvent): void {
    const { log, reply } = this.#options
    switch (event.t) {
      case 'reply':
        return reply(event.bytes)
      case 'log':
        return log[event.level]({ worker: engine.id, path: engine.module.path, ...event.fields }, event.message)
      case 'done':
        void this.#end(engine)
        return
      case 'failed':
        engine.waiting.get(event.id)?.reject(new ErrnoError(event.failure.errno, event.failure.message))
        break
      default:
        engine.waiting.get(event.id)?.resolve(event)
    }
    engine.waiting.delete(event.id)
  }

  #checkProgress(): void {
    for (const engine of this.#threads.values()) {
      const stuck = engine.watch.stuckMs(Date.now())
      if (stuck <= this.#options.progLimitMs || engine.ending) continue
      const { id, module } = engine
      this.#options.log.error({ worker: id, path: module.path, stuckMs: stuck }, 'program does not return; its worker is ended')
      void engine.thread.terminate()
    }
  }

  async #end(engine: EngineThread): Promise<void> {
    engine.ending = true
    await engine.thread.terminate()
  }

  /** A worker is no more: its readers get EIO, and unless that was meant another one takes over its pins. */
  #gone(engine: EngineThread): void {
    if (this.#threads.get(engine.id) === engine) this.#threads.delete(engine.id)
    for (const { reject } of engine.waiting.values()) {
      reject(new ErrnoError(EINVAL, `${engine.module.path}: the module ended its worker`))
    }
    engine.waiting.clear()
    for (const unique of engine.pending.takeAll()) this.#options.reply(encodeReply(unique, EIO))
    this.#options.toFuse({ t: 'workerGone', id: engine.id })
    if (engine.ending || engine.retired || !engine.loaded) return
    this.#options.log.warn({ worker: engine.id, path: engine.module.path }, 'engine worker is started again')
    this.#loadInto(this.#start(engine.id, engine.module)).catch((err: unknown) => {
      this.#options.log.error(
        { worker: engine.id, path: engine.module.path, err },
        'module no longer loads; its pins read as EIO',
      )
    })
  }
}
