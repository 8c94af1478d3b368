// The daemon of one mount: builds the threads, mounts, and serves until the mount is gone. The composition root.
import { readFileSync, stat, statfs } from 'node:fs'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { type Logger, pino } from 'pino'
import {
  DEBUG_PROGS,
  ENOTDIR,
  ErrnoError,
  type Link,
  nodePlatform,
  ObjectStore,
  type ObjectsView,
  pinNumber,
  Recording,
  registerTargets,
} from '../src/index.ts'
import { Control } from './control/control.ts'
import { EngineHost } from './engine/host.ts'
import type { EngineNotice, EngineRequest, FuseCommand, FuseEvent } from './engine/messages.ts'
import { PendingReplies } from './engine/pending.ts'
import { EnginePool } from './engine/pool.ts'
import { type MountOptions, mountDevice } from './mnt/mount.ts'
import { clearStaleMount } from './mnt/stale.ts'
import { unmount } from './mnt/unmount.ts'
import { createServer, type ServerInit } from './server.ts'
import { exitNow, namesOfFlags } from './sys.ts'
import { writeReply } from './transport/devfuse.ts'
import { FuseNativeTransport } from './transport/fuse-native.ts'

export interface DaemonOptions {
  /** Absolute path of the mountpoint. */
  readonly dir: string
  readonly mount: MountOptions
  readonly transport: 'devfuse' | 'fuse-native'
  /** Users who may pin beside root and the one who starts the daemon. */
  readonly allowPin: readonly number[]
  readonly progLimitMs: number
  readonly logLevel: string
  /** Absolute path of a recording to read in the machine's place; null: the machine. */
  readonly replay: string | null
  /** JSON lines go there; without it to standard error. */
  readonly logFile?: string
}

/** Longest time, in ms, that a module may take to load. */
const LOAD_LIMIT_MS = 10_000
/** The engine of the mount's own programs runs in main and has this id. */
const OWN_ENGINE = 0

/**
 * Mounts and serves until the mount is gone or a signal ends it; the process exits with 0 then.
 * @param ready called once the mount answers; waited for, and failed if it fails
 * @throws ErrnoError when the mount cannot be made; nothing is left behind
 */
export async function runDaemon(options: DaemonOptions, ready: () => void | Promise<void>): Promise<never> {
  const log = openLog(options)
  if (clearStaleMount(options.dir)) log.warn({ dir: options.dir }, 'cleaned up the mount of a daemon that died')
  await checkDirectory(options.dir)
  // A damaged one is told now, not by the first worker.
  if (options.replay !== null) new Recording(options.replay)
  // What nobody expected is logged; the pins of all others go on.
  process.on('uncaughtException', err => log.error({ err }, 'bug: uncaught exception'))
  const daemon = new Daemon(options, log)
  await daemon.mount()
  await Promise.race([ready(), daemon.ended])
  daemon.warmUp()
  log.info({ dir: options.dir, transport: options.transport, pid: process.pid }, 'mounted')
  const reason = await daemon.ended
  log.info({ dir: options.dir, reason }, 'ended')
  log.flush()
  // A worker may still be in a system call or a loop: threads are not waited for.
  exitNow(0)
}

function openLog({ logLevel, logFile }: DaemonOptions): Logger {
  if (logFile !== undefined) return pino({ level: logLevel }, pino.destination({ dest: logFile, sync: true, append: true }))
  if (process.stderr.isTTY) return pino({ level: logLevel, transport: { target: 'pino-pretty', options: { destination: 2 } } })
  return pino({ level: logLevel }, pino.destination({ dest: 2, sync: true }))
}

function checkDirectory(dir: string): Promise<void> {
  return new Promise((done, fail) => {
    stat(dir, (err, st) => (err ? fail(err) : st.isDirectory() ? done() : fail(new ErrnoError(ENOTDIR))))
  })
}

class Daemon {
  /** Resolves with the reason when the mount is gone. */
  readonly ended: Promise<string>
  readonly #options: DaemonOptions
  readonly #log: Logger
  readonly #mail = new SharedArrayBuffer(4)
  readonly #sessions = new SharedArrayBuffer(8)
  readonly #mapIds = new SharedArrayBuffer(4)
  readonly #store: ObjectStore
  #pool!: EnginePool
  #control!: Control
  #end!: (reason: string) => void
  #toFuse!: (command: FuseCommand, transfer?: MessagePort[]) => void
  /** A request of our own is under way, and whether something was posted since it began. */
  #waking = false
  #wakeAgain = false

  constructor(options: DaemonOptions, log: Logger) {
    this.#options = options
    this.#log = log
    this.#store = new ObjectStore({
      progFreed: ({ worker, key }) => this.#pool.unload(worker, key),
      mapFreed: ({ worker, id }) => {
        this.#toFuse({ t: 'unroute', object: pinNumber('map', id) })
        this.#pool.freeMap(worker, id)
      },
      linkFreed: link => this.#linkFreed(link),
    })
    this.ended = new Promise(done => {
      this.#end = done
    })
  }

  async mount(): Promise<void> {
    const { dir, mount, transport } = this.#options
    const init: ServerInit = {
      uid: mount.uid,
      gid: mount.gid,
      mode: mount.mode,
      ownerUid: process.getuid!(),
      ctlMode: transport === 'devfuse' ? 0o666 : 0o600,
      mail: this.#mail,
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#stop(signal))
    if (transport === 'fuse-native') {
      const { port1, port2 } = new MessageChannel()
      const native: FuseNativeTransport = new FuseNativeTransport(
        dir,
        createServer(init, port2, bytes => native.reply(bytes)),
        namesOfFlags(mount.flags),
      )
      this.#build(-1, port1, bytes => native.reply(bytes))
      await native.mount()
      void native.closed.then(() => this.#end('unmounted'))
    } else {
      const { fd, allowOther } = mountDevice(dir, mount)
      if (!allowOther) this.#log.warn('other users cannot enter this mount: user_allow_other is not set in /etc/fuse.conf')
      const thread = new Worker(new URL('./fuse-thread.js', import.meta.url), {
        workerData: { fd, init },
        execArgv: [],
        name: 'fuse',
      })
      thread.on('error', err => {
        this.#log.fatal({ err }, 'FUSE thread failed')
        this.#stop('FUSE thread failed')
      })
      this.#build(fd, thread, bytes => writeReply(fd, bytes))
    }
    await checkDirectory(dir)
  }

  /** Starts the worker of the first BPF object, so that its pin need not wait for that. */
  warmUp(): void {
    this.#pool.warmUp()
  }

  /** Connects main with the server behind `port`. */
  #build(
    fuseFd: number,
    port: Pick<MessagePort, 'postMessage'> & { on(event: 'message', listener: (event: FuseEvent) => void): unknown },
    reply: (bytes: Uint8Array) => void,
  ): void {
    const log = this.#log
    this.#toFuse = (command, transfer = []) => {
      port.postMessage(command, transfer)
      Atomics.add(new Int32Array(this.#mail), 0, 1)
      if (command.t === 'workerGone' || command.t === 'retire') this.#wake()
    }
    this.#pool = new EnginePool({
      log,
      fuseFd,
      sessions: this.#sessions,
      mapIds: this.#mapIds,
      mail: this.#mail,
      progLimitMs: this.#options.progLimitMs,
      loadLimitMs: LOAD_LIMIT_MS,
      replay: this.#options.replay,
      toFuse: this.#toFuse,
      reply,
      objects: () => this.#objects(),
    })
    this.#control = new Control({
      store: this.#store,
      pool: this.#pool,
      log,
      allowed: new Set([process.getuid!(), ...this.#options.allowPin]),
      toFuse: this.#toFuse,
      reply,
      cgroupsOf,
      wake: () => this.#wake(),
    })
    port.on('message', (event: FuseEvent) => {
      if (event.t === 'ended') this.#end(event.how)
      else if (event.t === 'bug') log.error({ err: event.message }, 'bug: a request failed in an unexpected way')
      else this.#control.event(event)
    })
    this.#addDebugPins(reply)
  }

  /** maps.debug and progs.debug: programs of our own that run in this thread. */
  #addDebugPins(reply: (bytes: Uint8Array) => void): void {
    const objects = registerTargets(nodePlatform(), { denied: () => {} })
    const { port1, port2 } = new MessageChannel()
    const pending = new PendingReplies()
    const host = new EngineHost({
      pending,
      sessions: new BigInt64Array(this.#sessions),
      send: (header, data) => reply(data ? Buffer.concat([header, data]) : header),
      openFailed: fh => {
        port1.postMessage({ t: 'openFailed', fh } satisfies EngineNotice)
        Atomics.add(new Int32Array(this.#mail), 0, 1)
      },
      report: err => this.#log.error({ err }, 'bug: a debug pin failed'),
      done: () => {},
    })
    let before: Promise<unknown> = Promise.resolve()
    port1.on('message', (request: EngineRequest) => {
      before = before.then(async () => {
        if (request.t === 'open') objects.update(await this.#countedObjects())
        host.handle(request)
      })
    })
    port1.unref()
    this.#toFuse({ t: 'worker', id: OWN_ENGINE, port: port2, pending: pending.shared }, [port2])
    for (const { name, iter, file } of DEBUG_PROGS) {
      const { target } = iter
      host.engine.add(name, iter)
      const prog = this.#store.addProg({
        name,
        target,
        tag: '0'.repeat(16),
        uid: 0,
        loadedAt: BigInt(Date.now()) * 1_000_000n,
        path: file,
        worker: OWN_ENGINE,
        key: name,
        sleepable: false,
        gpl: true,
        mapIds: [],
      })
      const link = this.#store.addLink(prog, { aux: {}, targetInfo: {}, targetFdinfo: '' })
      const object = pinNumber('link', link.id)
      this.#toFuse({ t: 'route', object, route: { worker: OWN_ENGINE, what: { kind: 'link', prog: name, target, aux: {} } } })
      this.#toFuse({ t: 'debug', name: file, object })
    }
  }

  /** With the elements of hashes, which their workers count. */
  async #countedObjects(): Promise<ObjectsView> {
    const counts = await this.#pool.mapCounts().catch(() => new Map<number, number>()) // a worker died: nobody counts
    const now = this.#objects()
    return { ...now, maps: now.maps.map(map => ({ ...map, elements: counts.get(map.id) ?? 0 })) }
  }

  #objects(): ObjectsView {
    const source = ({ id, name, target }: ObjectsView['progs'][number]): ObjectsView['progs'][number] => ({ id, name, target })
    return {
      progs: this.#store.progs().map(source),
      links: this.#store.links().map(link => ({ id: link.id, prog: source(link.prog) })),
      maps: this.#store.maps().map(map => map.info),
    }
  }

  #linkFreed(link: Link): void {
    this.#toFuse({ t: 'unroute', object: pinNumber('link', link.id) })
    this.#pool.detach(link.prog.worker, link.target, link.aux)
  }

  /** The FUSE thread looks at its messages before each request: a request of our own makes it look now. */
  #wake(): void {
    if (this.#waking) {
      this.#wakeAgain = true
      return
    }
    this.#waking = true
    statfs(this.#options.dir, () => {
      this.#waking = false
      if (!this.#wakeAgain) return
      this.#wakeAgain = false
      this.#wake()
    })
  }

  #stop(reason: string): void {
    this.#log.info({ reason }, 'unmounting')
    try {
      unmount(this.#options.dir, { lazy: true })
    } catch (err) {
      this.#log.error({ err }, 'unmount failed')
    }
    this.#end(reason)
  }
}

/** See ControlOptions.cgroupsOf(). */
function cgroupsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    return ''
  }
}
