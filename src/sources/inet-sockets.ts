// The tcp or udp sockets of a network namespace, and what is asked about them beyond the first list. sock_diag where it answers, else
// /proc/net.
import type { NetNs, Platform } from '../platform/platform.ts'
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { type Attribute, askBit, askInet, type DiagSocket, dumpInet, type InetProtocol } from './inet-diag.ts'
import { InetSocket } from './inet-socket.ts'
import { AF_INET, AF_INET6, TCP_LISTEN } from './inet-telling.ts'
import { Moment } from './jiffies.ts'
import { type ProcSocket, ProcTable } from './proc-net.ts'
import type { SourceSession } from './session.ts'

/** Attributes that programs looked at: later lists have them from the start. Bits of askBit(). */
export interface Learned {
  extensions: number
}

const FAMILIES = [AF_INET, AF_INET6] as const

export class InetSockets {
  readonly platform: Platform
  readonly net: NetNs
  readonly protocol: InetProtocol
  readonly session: SourceSession | undefined
  readonly #learned: Learned
  readonly #tables = new Map<number, ProcTable>()
  /** Why sock_diag does not answer. */
  #refused: ErrnoError | null = null
  /** Sockets with more attributes than the first list has, by cookie. */
  #extended = new Map<number, DiagSocket>()
  #extensions = 0
  #list: readonly InetSocket[] = []

  /** @param session by which owners are looked for */
  constructor(
    platform: Platform,
    net: NetNs,
    protocol: InetProtocol,
    learned: Learned = { extensions: 0 },
    session?: SourceSession,
  ) {
    this.session = session
    this.platform = platform
    this.net = net
    this.protocol = protocol
    this.#learned = learned
  }

  /** All sockets in the order of the kernel's tables. @throws ErrnoError when neither sock_diag nor /proc/net may be asked */
  list(): readonly InetSocket[] {
    const diag = this.#dump(this.#learned.extensions)
    const found = diag
      ? unique(diag).map(socket => new InetSocket(this, socket, null))
      : FAMILIES.flatMap(family => this.#table(family).sockets.map(line => new InetSocket(this, null, line)))
    this.#list = this.protocol === 'tcp' ? found : byBucket(found)
    return this.#list
  }

  /**
   * Sockets that list() lacks: a dump goes on by counting within a chain, and misses one when another is taken from the chain in between.
   * Sockets that are new are among them.
   */
  missed(): readonly InetSocket[] {
    // What came in one piece lacks nothing.
    if (this.#refused || this.#list[0]?.diag?.bytes === this.#list.at(-1)?.diag?.bytes) return []
    const known = new Set(this.#list.map(socket => socket.diag!.cookie))
    const more = unique(this.#dump(0) ?? []).filter(({ cookie }) => !known.has(cookie))
    return more.map(socket => new InetSocket(this, socket, null))
  }

  /** An attribute of a socket; null when it has none. @throws ErrnoError where sock_diag is refused, ObjectGone */
  attribute(of: InetSocket, type: number): Attribute | null {
    if (!of.diag) return this.lacks(of, `attribute ${type} of sock_diag`)
    const bit = askBit(type)
    if (bit === 0 || (of.diag.extensions & bit) !== 0) return of.diag.attribute(type)
    this.#learned.extensions |= bit
    return this.#extend(of.diag, bit).attribute(type)
  }

  /** The line of /proc/net of a socket. @throws ErrnoError when the file may not be read, ObjectGone */
  line(of: InetSocket): ProcSocket {
    const { family, kind } = of
    const telling = of.diag!
    let line = this.#table(family).find(telling)
    if (!line) {
      if (!askInet(this.net, this.protocol, telling, 0, this.#now)) throw new ObjectGone(of.id)
      this.#tables.delete(family)
      line = this.#table(family).find(telling)
    }
    if (!line || (this.protocol === 'tcp' && line.whole !== telling.whole)) throw new ObjectGone(`${kind} ${of.id}`)
    return line
  }

  /** Owner of the listener to which a connection that begins belongs. */
  listenerUid(port: number, local: Uint8Array): number {
    const listeners = this.#list.filter(socket => socket.state === TCP_LISTEN && socket.telling.localPort === port)
    const exact = listeners.find(({ telling }) => telling.local.join() === local.join())
    return (exact ?? listeners[0])?.uid ?? 0
  }

  /** /proc/net alone does not tell it. @throws ErrnoError */
  lacks({ id }: InetSocket, what: string): never {
    const reason = this.#refused?.message ?? 'it does not answer'
    throw new ErrnoError(this.#refused?.errno ?? EOPNOTSUPP, `socket ${id}: want ${what}, which only sock_diag tells: ${reason}`)
  }

  #dump(extensions: number): DiagSocket[] | null {
    if (this.#refused) return null
    try {
      return dumpInet(this.net, this.protocol, extensions, this.#now)
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
      this.#refused = err
      return null
    }
  }

  /** The same socket with more attributes: of one more list of all, since most programs look at all in the same way. */
  #extend(socket: DiagSocket, bit: number): DiagSocket {
    if ((this.#extensions & bit) === 0) {
      this.#extensions = this.#learned.extensions
      this.#extended = new Map(this.#dump(this.#extensions)?.map(found => [found.cookie, found]))
    }
    const found = this.#extended.get(socket.cookie) ?? askInet(this.net, this.protocol, socket, this.#extensions, this.#now)
    if (!found || found.whole !== socket.whole) throw new ObjectGone(`socket ${socket.cookie}`)
    return found
  }

  #table(family: number): ProcTable {
    let table = this.#tables.get(family)
    if (!table) {
      const name = family === AF_INET ? this.protocol : `${this.protocol}6`
      table = new ProcTable(this.#read(name), family, this.platform.userHz, this.#now())
      this.#tables.set(family, table)
    }
    return table
  }

  #read(name: string): Uint8Array {
    try {
      return this.net.read(name)
    } catch (err) {
      if (!(err instanceof ErrnoError) || !this.#refused) throw err
      throw new ErrnoError(
        err.errno,
        `${this.protocol}: want sock_diag or /proc/net/${name}: ${this.#refused.message}; ${err.message}`,
      )
    }
  }

  readonly #now = (): Moment => new Moment(this.platform)
}

/** Each socket once: one that becomes another while the list is made may be told twice. */
function unique(sockets: readonly DiagSocket[]): DiagSocket[] {
  const found = new Map<number, DiagSocket>()
  for (const socket of sockets) if (!found.has(socket.cookie)) found.set(socket.cookie, socket)
  return [...found.values()]
}

/** In the order of /proc/net/udp; IPv4 first within a bucket. */
function byBucket(sockets: readonly InetSocket[]): InetSocket[] {
  const placed = sockets.flatMap(socket => {
    try {
      return [{ socket, bucket: socket.bucket() }]
    } catch (err) {
      if (err instanceof ObjectGone) return []
      throw err
    }
  })
  return placed.sort((a, b) => a.bucket - b.bucket).map(({ socket }) => socket)
}
