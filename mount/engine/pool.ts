// The engine workers: starts them, loads modules and objects into them, ends those that do not return, and starts them again.
import { readFile } from 'node:fs/promises'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import {
  type Attached,
  EINVAL,
  EIO,
  ErrnoError,
  ETIMEDOUT,
  errnoOf,
  fileKind,
  type IterAux,
  type IterLinkInfo,
  type MapAnswer,
  type MapCreate,
  type MapInfo,
  type MapRequest,
  type ObjectLoad,
  type ObjectsView,
  strerror,
} from '../../src/index.ts'
import { encodeReply } from '../fuse/protocol.ts'
import type { EngineCommand, EngineEvent, EngineInit, FuseCommand, ProgDesc } from './messages.ts'
import { PendingReplies } from './pending.ts'
import { ProgressWatch } from './watch.ts'

export interface PoolOptions {
  readonly log: Logger
  /** The FUSE descriptor, -1 with a transport that has none. */
  readonly fuseFd: number
  readonly sessions: SharedArrayBuffer
  readonly mapIds: SharedArrayBuffer
  readonly mail: SharedArrayBuffer
  /** Longest time, in ms, that one call of a program may take. */
  readonly progLimitMs: number
  /** Longest time, in ms, that a module may take to load. */
  readonly loadLimitMs: number
  /** See EngineInit.replay. */
  readonly replay: string | null
  toFuse(command: FuseCommand, transfer?: MessagePort[]): void
  /** Sends a reply to the kernel. */
  reply(bytes: Uint8Array): void
  /** bpf_prog, bpf_map and bpf_link as they are now. */
  objects(): ObjectsView
}

/** What a worker was told to load, to be told again when it is started again. */
type Content =
  | { readonly t: 'load'; readonly path: string; readonly set: Record<string, string> }
  | { readonly t: 'loadObject'; readonly object: ObjectLoad }
  | { readonly t: 'createMap'; readonly map: MapCreate }

/** What was loaded: programs, and the maps of an object. */
export interface Loaded {
  readonly worker: number
  readonly progs: readonly ProgDesc[]
  readonly maps: readonly MapInfo[]
}

/** Something loaded, and what of it is still needed. */
interface Held {
  readonly content: Content
  readonly progs: Set<string>
  readonly maps: Set<number>
}

interface EngineThread {
  readonly id: number
  /** A module has a worker of its own, since it may do what it wants; objects share workers. */
  readonly kind: 'module' | 'objects'
  /** For the log: the module, or `objects`. */
  readonly path: string
  readonly thread: Worker
  readonly pending: PendingReplies
  readonly watch: ProgressWatch
  readonly waiting: Map<number, { resolve(event: EngineEvent): void; reject(err: Error): void }>
  readonly fusePort: MessagePort
  readonly held: Set<Held>
  /** It has loaded something, so that pins may depend on it. */
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
/** Workers that BPF objects share. */
const OBJECT_WORKERS = 2
/** A BPF program ends by its fuel after the limit; a worker in which one is still running this many times later hangs in a helper. */
const OBJECT_LIMIT_TIMES = 4

export class EnginePool {
  readonly #options: PoolOptions
  readonly #threads = new Map<number, EngineThread>()
  #lastId = 0
  #lastCall = 0
  #lastObject = 0

  constructor(options: PoolOptions) {
    this.#options = options
    setInterval(() => this.#checkProgress(), Math.max(50, options.progLimitMs / 8)).unref()
  }

  /**
   * Loads a file: a BPF object, into the address space of the map `withMap` when that is given, or a module, into a worker of its own.
   * @throws ErrnoError when the file cannot be read, and what its load failed with; ETIMEDOUT when it does not end
   */
  async load(
    path: string,
    set: Record<string, string>,
    withMap?: { readonly id: number; readonly worker: number },
  ): Promise<Loaded> {
    const bytes = await readFile(path).catch((err: unknown) => {
      const errno = errnoOf(err, () => {})
      throw new ErrnoError(errno, `${path}: ${strerror(errno)}`)
    })
    if (fileKind(path, bytes) === 'object') {
      const object = { number: ++this.#lastObject, path, bytes, set, ...(withMap ? { withMap: withMap.id } : {}) }
      return this.#loadInto(withMap ? this.#thread(withMap.worker) : this.#objectThread(), { t: 'loadObject', object })
    }
    const engine = this.#start(++this.#lastId, 'module', path)
    try {
      return await this.#loadInto(engine, { t: 'load', path, set })
    } catch (err) {
      await this.#end(engine)
      throw err
    }
  }

  /** Starts a worker for objects before there is one to load. */
  warmUp(): void {
    this.#objectThread()
  }

  /** BPF_MAP_CREATE. @throws ErrnoError as the kernel's */
  async createMap(map: MapCreate): Promise<Loaded> {
    return this.#loadInto(this.#objectThread(), { t: 'createMap', map })
  }

  /** A command on a map's elements by the thread `caller`. @throws ErrnoError when the map is gone */
  async mapRequest(worker: number, request: MapRequest, caller: number): Promise<MapAnswer> {
    const event = await this.#call(this.#thread(worker), id => ({ t: 'map', id, request, caller }))
    return event.t === 'mapped' ? event.answer : this.#unexpected(worker, event)
  }

  /** Elements of all hashes, by id of the map. */
  async mapCounts(): Promise<Map<number, number>> {
    const engines = [...this.#threads.values()].filter(engine => engine.held.size > 0 && engine.kind === 'objects')
    const events = await Promise.all(engines.map(engine => this.#call(engine, id => ({ t: 'counts', id }))))
    return new Map(events.flatMap(event => (event.t === 'counted' ? event.counts : [])))
  }

  /** The target's part of BPF_LINK_CREATE by the thread `caller`. @throws ErrnoError of the attach check */
  async attach(
    { worker, key, target }: { readonly worker: number; readonly key: string; readonly target: string },
    info: IterLinkInfo | undefined,
    caller: number,
  ): Promise<Attached> {
    const event = await this.#call(this.#thread(worker), id => ({ t: 'attach', id, prog: key, target, info, caller }))
    return event.t === 'attached' ? event.attached : this.#unexpected(worker, event)
  }

  detach(worker: number, target: string, aux: IterAux): void {
    this.#threads.get(worker)?.thread.postMessage({ t: 'detach', target, aux } satisfies EngineCommand)
  }

  /** The program is not needed any more: a module's worker ends with the last file that is open. */
  unload(worker: number, prog: string): void {
    const engine = this.#threads.get(worker)
    if (!engine) return
    this.#drop(engine, held => held.progs.delete(prog))
    if (engine.kind === 'objects') return engine.thread.postMessage({ t: 'unload', prog } satisfies EngineCommand)
    if (engine.held.size > 0) return
    engine.retired = true
    this.#options.toFuse({ t: 'retire', id: worker })
  }

  /** The map is not needed any more. */
  freeMap(worker: number, map: number): void {
    const engine = this.#threads.get(worker)
    if (!engine) return
    this.#drop(engine, held => held.maps.delete(map))
    engine.thread.postMessage({ t: 'freeMap', map } satisfies EngineCommand)
  }

  /** Objects changed: targets that iterate them see it at the next open. */
  publishObjects(): void {
    const objects = this.#options.objects()
    for (const { thread } of this.#threads.values()) thread.postMessage({ t: 'objects', objects } satisfies EngineCommand)
  }

  #drop(engine: EngineThread, forget: (held: Held) => void): void {
    for (const held of engine.held) {
      forget(held)
      if (held.progs.size === 0 && held.maps.size === 0) engine.held.delete(held)
    }
  }

  #thread(id: number): EngineThread {
    const engine = this.#threads.get(id)
    if (!engine) throw new ErrnoError(EIO, `engine ${id} does not run`)
    return engine
  }

  /** The worker with the fewest objects; a new one while there are fewer than OBJECT_WORKERS and none is idle. */
  #objectThread(): EngineThread {
    const engines = [...this.#threads.values()]
      .filter(engine => engine.kind === 'objects')
      .sort((a, b) => a.held.size - b.held.size)
    const idlest = engines[0]
    if (idlest && (idlest.held.size === 0 || engines.length >= OBJECT_WORKERS)) return idlest
    return this.#start(++this.#lastId, 'objects', 'objects')
  }

  #unexpected(worker: number, event: EngineEvent): never {
    throw new ErrnoError(EIO, `engine ${worker}: an answer of another kind came: ${event.t}`)
  }

  #start(id: number, kind: EngineThread['kind'], path: string): EngineThread {
    const { port1, port2 } = new MessageChannel()
    const pending = new PendingReplies()
    const watch = new ProgressWatch()
    const { fuseFd, sessions, mapIds, mail, progLimitMs, replay } = this.#options
    const init: EngineInit = {
      kind,
      fuseFd,
      sessions,
      mapIds,
      mail,
      progLimitMs,
      replay,
      pending: pending.shared,
      progress: watch.shared,
    }
    const thread = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: { init, port: port1 },
      transferList: [port1],
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: YOUNG_HEAP_MB },
      name: path,
    })
    const engine: EngineThread = {
      ...{ id, kind, path, thread, pending, watch, fusePort: port2 },
      waiting: new Map(),
      held: new Set(),
      loaded: false,
      retired: false,
      ending: false,
    }
    this.#threads.set(id, engine)
    thread.on('message', (event: EngineEvent) => this.#event(engine, event))
    thread.on('error', err => this.#options.log.error({ worker: id, path, err }, 'engine worker failed'))
    thread.on('exit', () => this.#gone(engine))
    thread.postMessage({ t: 'objects', objects: this.#options.objects() } satisfies EngineCommand)
    return engine
  }

  async #loadInto(engine: EngineThread, content: Content): Promise<Loaded> {
    const path = content.t === 'load' ? content.path : content.t === 'loadObject' ? content.object.path : content.map.attr.name
    const { loadLimitMs, log } = this.#options
    const limit = setTimeout(() => {
      log.error({ worker: engine.id, path }, 'module does not end loading; its worker is ended')
      for (const { reject } of engine.waiting.values()) {
        reject(new ErrnoError(ETIMEDOUT, `${path}: want the module to load within ${loadLimitMs} ms, it still runs`))
      }
      engine.waiting.clear()
      if (engine.kind === 'objects') void engine.thread.terminate()
    }, loadLimitMs)
    try {
      const event = await this.#call(engine, id => ({ ...content, id }))
      if (event.t !== 'loaded') return this.#unexpected(engine.id, event)
      const { progs, maps } = event
      engine.held.add({
        content: withMapIds(content, maps),
        progs: new Set(progs.map(prog => prog.key)),
        maps: new Set(maps.map(map => map.id)),
      })
      if (!engine.loaded) {
        engine.loaded = true
        this.#options.toFuse({ t: 'worker', id: engine.id, port: engine.fusePort, pending: engine.pending.shared }, [
          engine.fusePort,
        ])
      }
      return { worker: engine.id, progs, maps }
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
        return log[event.level]({ worker: engine.id, path: engine.path, ...event.fields }, event.message)
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
    const { progLimitMs, log } = this.#options
    for (const engine of this.#threads.values()) {
      const { id, path, kind } = engine
      const stuck = engine.watch.stuckMs(Date.now())
      if (stuck <= progLimitMs * (kind === 'objects' ? OBJECT_LIMIT_TIMES : 1) || engine.ending) continue
      log.error({ worker: id, path, stuckMs: stuck }, 'program does not return; its worker is ended')
      void engine.thread.terminate()
    }
  }

  async #end(engine: EngineThread): Promise<void> {
    engine.ending = true
    await engine.thread.terminate()
  }

  /** A worker is no more: its readers get EIO, and unless that was meant another one takes over its pins. */
  #gone(engine: EngineThread): void {
    const { id, kind, path } = engine
    const { log, reply, toFuse } = this.#options
    if (this.#threads.get(id) === engine) this.#threads.delete(id)
    for (const { reject } of engine.waiting.values()) reject(new ErrnoError(EINVAL, `${path}: the module ended its worker`))
    engine.waiting.clear()
    for (const unique of engine.pending.takeAll()) reply(encodeReply(unique, EIO))
    toFuse({ t: 'workerGone', id })
    if (engine.ending || engine.retired || !engine.loaded) return
    log.warn({ worker: id, path }, 'engine worker is started again')
    const next = this.#start(id, kind, path)
    void this.#loadAgain(next, [...engine.held])
  }

  async #loadAgain(engine: EngineThread, before: readonly Held[]): Promise<void> {
    for (const { content } of before) {
      try {
        await this.#loadInto(engine, content)
      } catch (err) {
        this.#options.log.error({ worker: engine.id, path: engine.path, err }, 'it no longer loads; its pins read as EIO')
        if (engine.kind === 'module') await this.#end(engine)
      }
    }
  }
}

/** The content as it is loaded again: its maps keep their ids. */
function withMapIds(content: Content, maps: readonly MapInfo[]): Content {
  const ids = maps.map(map => map.id)
  if (content.t === 'loadObject') return { t: 'loadObject', object: { ...content.object, mapIds: ids } }
  return content.t === 'createMap' ? { t: 'createMap', map: { ...content.map, id: ids[0]! } } : content
}
