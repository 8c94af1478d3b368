// The control plane behind .iterfs/ctl: each open handle is to iterfs what a process with descriptors is to bpf(2). It holds
// the programs and links it made until it is closed; pins and open files hold links on their own.
import type { Logger } from 'pino'
import {
  EINVAL,
  ENOENT,
  EPERM,
  ErrnoError,
  errnoOf,
  type IterLinkInfo,
  type Link,
  linkFdinfo,
  linkInfo,
  type ObjectStore,
  strerror,
} from '../../src/index.ts'
import { EINTR } from '../../src/util/errno.ts'
import type { CtlRequest, FuseCommand, FuseEvent, PinPath } from '../engine/messages.ts'
import type { EnginePool } from '../engine/pool.ts'
import { encodeReply } from '../fuse/protocol.ts'

export interface ControlOptions {
  readonly store: ObjectStore
  readonly pool: EnginePool
  readonly log: Logger
  /** Users who may load, pin and look at objects, beside root. */
  readonly allowed: ReadonlySet<number>
  toFuse(command: FuseCommand): void
  reply(bytes: Uint8Array): void
  /** Whoever waits in the FUSE thread for a message gets to see it now. */
  wake(): void
}

interface Handle {
  readonly progs: Set<number>
  readonly links: Set<number>
  answer: Promise<Uint8Array>
  readonly readers: Set<number>
}

interface Call {
  readonly handle: Handle
  readonly request: CtlRequest
  readonly uid: number
  readonly pid: number
  readonly pins: readonly PinPath[]
  readonly inoLink: number | undefined
}

export class Control {
  readonly #options: ControlOptions
  readonly #handles = new Map<number, Handle>()

  constructor(options: ControlOptions) {
    this.#options = options
  }

  /** What the FUSE thread says of control files and references. */
  event(event: FuseEvent): void {
    switch (event.t) {
      case 'getLink':
      case 'putLink':
        return this.#count(event.t, event.link)
      case 'ctlOpen':
        this.#handles.set(event.fh, {
          progs: new Set(),
          links: new Set(),
          answer: Promise.resolve(new Uint8Array()),
          readers: new Set(),
        })
        return
      case 'ctlWrite':
        return this.#write(event)
      case 'ctlRead':
        return this.#read(event)
      case 'ctlRelease':
        return this.#release(event.fh)
      case 'interrupt':
        for (const handle of this.#handles.values()) {
          if (handle.readers.delete(event.unique)) this.#options.reply(encodeReply(event.unique, EINTR))
        }
    }
  }

  /** A pin's reference. A client that closed its handle before it made the pin has none: the link is gone, the pin reads as EIO. */
  #count(which: 'getLink' | 'putLink', link: number): void {
    const { store, log } = this.#options
    if (store.hasLink(link)) store[which](link)
    else log.warn({ link }, `${which}: the link is gone already`)
  }

  #write(event: FuseEvent & { t: 'ctlWrite' }): void {
    const handle = this.#handles.get(event.fh)
    if (!handle) return
    const { request, uid, pid, pins, inoLink } = event
    const done = handle.answer.then(() => this.#run({ handle, request, uid, pid, pins, inoLink }))
    handle.answer = done
      .catch((err: unknown) => {
        const errno = errnoOf(err, () => {})
        const message = (err as Error | null)?.message ?? strerror(errno)
        if (!(err instanceof ErrnoError)) this.#options.log.warn({ err, request }, 'request failed')
        return { error: { errno, message } }
      })
      .then(answer =>
        new TextEncoder().encode(JSON.stringify(answer, (_key, value) => (typeof value === 'bigint' ? String(value) : value))),
      )
  }

  #read({ fh, unique, offset, size }: FuseEvent & { t: 'ctlRead' }): void {
    const handle = this.#handles.get(fh)
    if (!handle) return this.#options.reply(encodeReply(unique, EINVAL))
    handle.readers.add(unique)
    void handle.answer.then(bytes => {
      if (handle.readers.delete(unique)) this.#options.reply(encodeReply(unique, 0, bytes.subarray(offset, offset + size)))
    })
  }

  #release(fh: number): void {
    const handle = this.#handles.get(fh)
    if (!handle) return
    this.#handles.delete(fh)
    void handle.answer.then(() => this.#drop(handle))
  }

  #drop(handle: Handle): void {
    for (const link of handle.links) this.#options.store.putLink(link)
    for (const prog of handle.progs) this.#options.store.putProg(prog)
    handle.links.clear()
    handle.progs.clear()
    this.#options.wake()
  }

  async #run(call: Call): Promise<unknown> {
    const { cmd } = call.request
    if (call.uid !== 0 && !this.#options.allowed.has(call.uid)) {
      throw new ErrnoError(
        EPERM,
        `user ${call.uid} may not pin here: want root, the user who started the daemon, or one given with --allow-pin`,
      )
    }
    const command = COMMANDS[cmd as keyof typeof COMMANDS] as Command | undefined
    if (!command) throw new ErrnoError(EINVAL, `ctl: want cmd ${Object.keys(COMMANDS).join(', ')}, got "${cmd}"`)
    return command(call, this.#options)
  }
}

type Command = (call: Call, options: ControlOptions) => unknown

/** The requests of .iterfs/ctl, named like the commands of bpf(2) that they stand for. Answers are JSON objects. */
const COMMANDS = {
  /** { path, set } -> { progs: [{ id, name, target }] } in the order of the module's exports */
  async prog_load({ handle, request, uid }, { pool, store, log }) {
    const path = text(request, 'path')
    const set = record(request, 'set')
    const loaded = await pool.load(path, set)
    const loadedAt = BigInt(Date.now()) * 1_000_000n
    const progs = loaded.progs.map(({ name, target }) =>
      store.addProg({ name, target, tag: loaded.tag, uid, loadedAt, path, worker: loaded.worker }),
    )
    for (const prog of progs) handle.progs.add(prog.id)
    pool.publishObjects()
    log.info({ path, uid, progs: progs.map(prog => prog.name), worker: loaded.worker }, 'loaded')
    return { progs: progs.map(({ id, name, target }) => ({ id, name, target })) }
  },

  /** { prog_id, info } -> { link_id } */
  async link_create({ handle, request }, options) {
    const { pool, store, toFuse } = options
    const prog = store.prog(number(request, 'prog_id'))
    const attached = await pool.attach(prog.worker, prog.target, request.info as IterLinkInfo | undefined)
    const link = store.addLink(prog, { aux: attached.aux, targetInfo: attached.info, targetFdinfo: attached.fdinfo })
    handle.links.add(link.id)
    route(link, toFuse)
    pool.publishObjects()
    return { link_id: link.id }
  },

  /** { link_id } -> {}: the caller's next open(O_CREAT | O_EXCL) makes the pin */
  obj_pin({ request, uid, pid }, { store, toFuse, log }) {
    const link = store.link(number(request, 'link_id'))
    toFuse({ t: 'arm', pid, uid, link: link.id })
    log.info({ link: link.id, prog: link.prog.name, target: link.target, path: request.path, uid }, 'pin')
    return {}
  },

  /** { ino | link_id, prog_id, flags, old_prog_id } -> {} */
  link_update({ request, inoLink }, { store, pool, toFuse }) {
    const link = findLink(store, request, inoLink)
    store.updateLink(link, store.prog(number(request, 'prog_id')), optional(request, 'flags'), optional(request, 'old_prog_id'))
    route(link, toFuse)
    pool.publishObjects()
    return {}
  },

  /** { ino?, link_id? } -> { links: [bpf_link_info and pinned, fdinfo] } */
  link_list({ request, inoLink, pins }, { store }) {
    const one = request.ino !== undefined || request.link_id !== undefined
    const links = one ? [findLink(store, request, inoLink)] : store.links()
    return {
      links: links.map(link => ({
        info: linkInfo(link),
        pinned: pins.filter(pin => pin.link === link.id).map(pin => pin.path),
        fdinfo: linkFdinfo(link),
      })),
    }
  },

  /** {} -> { progs: [Prog] } */
  prog_list(_call, { store }) {
    return { progs: store.progs() }
  },
} satisfies Record<string, Command>

function route(link: Link, toFuse: ControlOptions['toFuse']): void {
  const { worker, name, target } = link.prog
  toFuse({ t: 'route', link: link.id, route: { worker, prog: name, target, aux: link.aux } })
}

function findLink(store: ObjectStore, request: CtlRequest, inoLink: number | undefined): Link {
  if (request.ino === undefined) return store.link(number(request, 'link_id'))
  if (inoLink === undefined) throw new ErrnoError(ENOENT, `no link is pinned at inode ${String(request.ino)}`)
  return store.link(inoLink)
}

function text(request: CtlRequest, field: string): string {
  const value = request[field]
  return typeof value === 'string' ? value : wrong(request, field, 'a string')
}

function number(request: CtlRequest, field: string): number {
  const value = request[field]
  return typeof value === 'number' ? value : wrong(request, field, 'a number')
}

const optional = (request: CtlRequest, field: string): number => (request[field] === undefined ? 0 : number(request, field))

function record(request: CtlRequest, field: string): Record<string, string> {
  const value = request[field] ?? {}
  if (typeof value !== 'object' || Object.values(value as object).some(item => typeof item !== 'string'))
    return wrong(request, field, 'strings by name')
  return value as Record<string, string>
}

function wrong(request: CtlRequest, field: string, want: string): never {
  throw new ErrnoError(EINVAL, `ctl ${request.cmd}: want ${want} as "${field}", got ${JSON.stringify(request[field])}`)
}
