// The control plane behind .iterfs/ctl: each open handle is to iterfs what a process with descriptors is to bpf(2). It holds
// the programs, maps and links it made until it is closed; pins and open files hold them on their own.
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
  type MapCreate,
  type MapInfo,
  type MapRequest,
  type ObjectStore,
  type Pinnable,
  pinNumber,
  pinnedAs,
  type StoredMap,
  strerror,
} from '../../src/index.ts'
import { EINTR } from '../../src/util/errno.ts'
import type { CtlRequest, FuseCommand, FuseEvent, Opened, PinPath } from '../engine/messages.ts'
import type { EnginePool, Loaded } from '../engine/pool.ts'
import { encodeReply } from '../fuse/protocol.ts'
import { fdinfoFor } from './cgroup-path.ts'

export interface ControlOptions {
  readonly store: ObjectStore
  readonly pool: EnginePool
  readonly log: Logger
  /** Users who may load, pin and look at objects, beside root. */
  readonly allowed: ReadonlySet<number>
  toFuse(command: FuseCommand): void
  reply(bytes: Uint8Array): void
  /** Text of /proc/PID/cgroup; empty when the process is gone. */
  cgroupsOf(pid: number): string
  /** Whoever waits in the FUSE thread for a message gets to see it now. */
  wake(): void
}

interface Handle {
  readonly progs: Set<number>
  readonly maps: Set<number>
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
  /** The pinNumber() at the inode that the request names. */
  readonly inoObject: number | undefined
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
      case 'getObject':
      case 'putObject':
        return this.#count(event.t, event.object)
      case 'ctlOpen':
        this.#handles.set(event.fh, {
          progs: new Set(),
          maps: new Set(),
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

  /** A pin's reference. A client that closed its handle before it made the pin has none: the object is gone, the pin reads as EIO. */
  #count(which: 'getObject' | 'putObject', object: number): void {
    const { store, log } = this.#options
    const done = which === 'getObject' ? store.holdPinned(object) : store.putPinned(object)
    if (!done) log.warn(pinnedAs(object), `${which}: the object is gone already`)
  }

  #write(event: FuseEvent & { t: 'ctlWrite' }): void {
    const handle = this.#handles.get(event.fh)
    if (!handle) return
    const { request, uid, pid, pins, inoObject } = event
    const done = handle.answer.then(() => this.#run({ handle, request, uid, pid, pins, inoObject }))
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
    for (const map of handle.maps) this.#options.store.putMap(map)
    handle.links.clear()
    handle.progs.clear()
    handle.maps.clear()
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
  /**
   * { path, set, map_id? } -> { progs: [{ id, name, target }], map_ids } in the order of the file. A BPF object is told from a module by its
   * first bytes; `map_id` is the map whose address space its programs shall share, since they will iterate it.
   */
  async prog_load(call, options) {
    const { handle, request, uid } = call
    const { pool, store, log } = options
    const path = text(request, 'path')
    const set = record(request, 'set')
    const withMap = request.map_id === undefined ? undefined : store.map(number(request, 'map_id'))
    const loaded = await pool.load(path, set, withMap)
    const loadedAt = BigInt(Date.now()) * 1_000_000n
    keepMaps(handle, loaded, options)
    const progs = loaded.progs.map(prog => store.addProg({ ...prog, uid, loadedAt, path, worker: loaded.worker }))
    for (const prog of progs) handle.progs.add(prog.id)
    pool.publishObjects()
    log.info({ path, uid, progs: progs.map(prog => prog.name), worker: loaded.worker }, 'loaded')
    return { progs: progs.map(({ id, name, target }) => ({ id, name, target })), map_ids: loaded.maps.map(map => map.id) }
  },

  /**
   * { prog_id, info } -> { link_id }; `info.map.map_fd` is the id of a map, `info.task.pid_fd` a descriptor of the caller, `info.cgroup.place`
   * stands for a descriptor.
   */
  async link_create({ handle, request, pid }, options) {
    const { pool, store, toFuse } = options
    const prog = store.prog(number(request, 'prog_id'))
    const attached = await pool.attach(prog, infoOf(request), pid)
    const link = store.addLink(prog, { aux: attached.aux, targetInfo: attached.info, targetFdinfo: attached.fdinfo })
    handle.links.add(link.id)
    route(link, toFuse)
    pool.publishObjects()
    return { link_id: link.id }
  },

  /** { type, name, key_size, value_size, max_entries, flags } -> { map_id } */
  async map_create({ handle, request }, options) {
    const attr = {
      ...{ name: text(request, 'name'), type: number(request, 'type'), flags: optional(request, 'flags'), mapExtra: 0n },
      ...{ keySize: number(request, 'key_size'), valueSize: number(request, 'value_size') },
      maxEntries: number(request, 'max_entries'),
    }
    const inner = request.inner_map_id === undefined ? undefined : options.store.map(number(request, 'inner_map_id')).info
    const loaded = await options.pool.createMap({ attr: inner ? { ...attr, inner: attrOfInfo(inner) } : attr })
    keepMaps(handle, loaded, options)
    options.pool.publishObjects()
    return { map_id: loaded.maps[0]!.id }
  },

  /** { map_id, op, ... } -> MapAnswer; keys and values are base64 (MapRequest of src/bpf); descriptors in them are the caller's. */
  async map_elem({ request, pid }, { store, pool }) {
    const map = store.map(number(request, 'map_id'))
    const op = text(request, 'op') as MapRequest['op']
    const key = request.key === null || request.key === undefined ? null : fromBase64(text(request, 'key'))
    const base = { op, map: map.id, key, after: key } as const
    const value = request.value === undefined ? {} : { value: fromBase64(text(request, 'value')) }
    const rest = { ...value, flags: optional(request, 'flags'), count: optional(request, 'count') }
    const answer = await pool.mapRequest(map.worker, { ...base, ...rest } as unknown as MapRequest, pid)
    if (op === 'freeze') map.info = { ...map.info, frozen: true }
    return {
      errno: answer.errno,
      ...(answer.value ? { value: toBase64(answer.value) } : {}),
      ...(answer.key ? { key: toBase64(answer.key) } : {}),
      ...(answer.elements
        ? {
            elements: answer.elements.map(elem => [
              toBase64(elem.key),
              typeof elem.value === 'number' ? elem.value : toBase64(elem.value),
            ]),
          }
        : {}),
    }
  },

  /** { map_id } -> { btf, key_type_id, value_type_id }: the types of a map's keys and values; the BTF as base64 */
  async map_types({ request, pid }, { store, pool }) {
    const map = store.map(number(request, 'map_id'))
    const { errno, types } = await pool.mapRequest(map.worker, { op: 'types', map: map.id }, pid)
    if (!types) throw new ErrnoError(-errno, `map ${map.id} has no BTF`)
    return { btf: toBase64(types.btf), key_type_id: types.keyTypeId, value_type_id: types.valueTypeId }
  },

  /** { ino? | map_id? } -> { maps: [bpf_map_info and pinned] } */
  map_list({ request, inoObject, pins }, { store }) {
    const one = request.ino !== undefined || request.map_id !== undefined
    const maps = one ? [findMap(store, request, inoObject)] : store.maps()
    return { maps: maps.map(map => ({ info: map.info, pinned: pathsOf(pins, 'map', map.id) })) }
  },

  /** { link_id | map_id } -> {}: the caller's next open(O_CREAT | O_EXCL) makes the pin; a link's may have a dot in its name */
  obj_pin({ request, uid, pid }, { store, toFuse, log }) {
    if (request.map_id !== undefined) {
      const map = store.map(number(request, 'map_id'))
      toFuse({ t: 'arm', pid, uid, object: pinNumber('map', map.id), dots: false })
      log.info({ map: map.id, path: request.path, uid }, 'pin')
      return {}
    }
    const link = store.link(number(request, 'link_id'))
    toFuse({ t: 'arm', pid, uid, object: pinNumber('link', link.id), dots: true })
    log.info({ link: link.id, prog: link.prog.name, target: link.target, path: request.path, uid }, 'pin')
    return {}
  },

  /** { ino | link_id, prog_id, flags, old_prog_id } -> {} */
  link_update({ request, inoObject }, { store, pool, toFuse }) {
    const link = findLink(store, request, inoObject)
    store.updateLink(link, store.prog(number(request, 'prog_id')), optional(request, 'flags'), optional(request, 'old_prog_id'))
    route(link, toFuse)
    pool.publishObjects()
    return {}
  },

  /** { ino?, link_id?, cgroup? } -> { links: [bpf_link_info and pinned, fdinfo] }; `cgroup` is the caller's /proc/self/cgroup */
  link_list({ request, inoObject, pins, pid }, { store, cgroupsOf }) {
    const own = request.cgroup === undefined ? null : text(request, 'cgroup')
    const seen = own === null ? '' : cgroupsOf(pid)
    const one = request.ino !== undefined || request.link_id !== undefined
    const links = one ? [findLink(store, request, inoObject)] : store.links()
    return {
      links: links.map(link => ({
        info: linkInfo(link),
        pinned: pathsOf(pins, 'link', link.id),
        fdinfo:
          link.aux.cgroup && own !== null
            ? fdinfoFor(linkFdinfo(link), link.aux.cgroup.controllers, seen, own)
            : linkFdinfo(link),
      })),
    }
  },

  /** {} -> { progs: [Prog] } */
  prog_list(_call, { store }) {
    return { progs: store.progs() }
  },
} satisfies Record<string, Command>

function route(link: Link, toFuse: ControlOptions['toFuse']): void {
  const { worker, key, target } = link.prog
  const what: Opened = { kind: 'link', prog: key, target, aux: link.aux }
  toFuse({ t: 'route', object: pinNumber('link', link.id), route: { worker, what } })
}

/** Takes in the maps of what was loaded; the handle holds them. */
function keepMaps(handle: Handle, { worker, maps }: Loaded, { store, toFuse }: ControlOptions): void {
  for (const info of maps) {
    store.addMap({ id: info.id, worker, info })
    handle.maps.add(info.id)
    toFuse({ t: 'route', object: pinNumber('map', info.id), route: { worker, what: { kind: 'map', map: info.id } } })
  }
}

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

const attrOfInfo = (info: MapInfo): MapCreate['attr'] => ({
  ...{ name: info.name, type: info.type, flags: info.flags, mapExtra: info.map_extra },
  ...{ keySize: info.key_size, valueSize: info.value_size, maxEntries: info.max_entries },
})

const pathsOf = (pins: readonly PinPath[], kind: Pinnable, id: number): string[] =>
  pins.filter(pin => pin.object === pinNumber(kind, id)).map(pin => pin.path)

function findMap(store: ObjectStore, request: CtlRequest, inoObject: number | undefined): StoredMap {
  return store.map(request.ino === undefined ? number(request, 'map_id') : idAt('map', request, inoObject))
}

function findLink(store: ObjectStore, request: CtlRequest, inoObject: number | undefined): Link {
  return store.link(request.ino === undefined ? number(request, 'link_id') : idAt('link', request, inoObject))
}

/** The id of what is pinned at the inode that a request names. @throws ErrnoError ENOENT, EINVAL for another kind of object, as bpftool */
function idAt(want: Pinnable, request: CtlRequest, inoObject: number | undefined): number {
  if (inoObject === undefined) throw new ErrnoError(ENOENT, `nothing is pinned at inode ${String(request.ino)}`)
  const { kind, id } = pinnedAs(inoObject)
  if (kind !== want) throw new ErrnoError(EINVAL, `incorrect object type: ${kind}`)
  return id
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

/** union bpf_iter_link_info of a request, which has 64-bit numbers as text. */
function infoOf(request: CtlRequest): IterLinkInfo | undefined {
  const info = request.info as IterLinkInfo | undefined
  if (!info?.cgroup) return info
  const { cgroup_id, place, ...rest } = info.cgroup
  const id = (value: unknown): bigint =>
    /^\d+$/.test(String(value)) ? BigInt(String(value)) : wrong(request, 'info', 'ids as text')
  return {
    cgroup: {
      ...rest,
      ...(cgroup_id === undefined ? {} : { cgroup_id: id(cgroup_id) }),
      ...(place ? { place: { controllers: String(place.controllers), id: id(place.id) } } : {}),
    },
  }
}

function wrong(request: CtlRequest, field: string, want: string): never {
  throw new ErrnoError(EINVAL, `ctl ${request.cmd}: want ${want} as "${field}", got ${JSON.stringify(request[field])}`)
}
