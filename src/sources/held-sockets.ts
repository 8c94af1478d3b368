// Sockets that maps of BPF programs hold: slots of SOCKMAP and SOCKHASH, owners in SK_STORAGE. They are known by their cookies, which no
// later socket gets, and looked for again whenever someone looks: one that was closed meanwhile is gone. Nothing here keeps a socket open.
import type { DescriptorSocket, NetNs, Platform } from '../platform/platform.ts'
import { EBADF, ENODATA, ErrnoError } from '../util/errno.ts'
import { type Caller, descriptorOf, processOf } from './descriptor.ts'
import { socketsByCookie } from './find-socket.ts'
import { isDenied, isGone } from './session.ts'
import { SK_MEMINFO, type SocketSource } from './socket.ts'

/** A descriptor through which a socket was given. */
interface Via {
  readonly of: Caller
  readonly fd: number
  readonly inode: number
  readonly uid: number
}

interface Known {
  readonly key: string
  readonly cookie: bigint
  readonly via: Via | null
  readonly openNet: () => NetNs
}

/** A namespace with the sockets that are there now, by cookie. */
interface Place {
  readonly net: NetNs
  holds: number
  generation: number
  now: ReturnType<typeof socketsByCookie>
}

interface Held {
  readonly known: Known
  readonly place: Place
  holds: number
}

export class HeldSockets {
  readonly #platform: Platform
  readonly #places = new Map<number, Place>()
  readonly #held = new Map<string, Held>()
  /** The one that was named last, which hold() may want. */
  #named: Known | null = null
  #generation = 0

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** What is there is looked at anew. */
  refresh(): void {
    this.#generation++
  }

  /** The key of a socket that a program has. @throws ErrnoError when nothing here tells its cookie */
  keyOf(source: SocketSource): string {
    const cookie = source.cookie()
    return this.#name({ key: keyIn(source.net, cookie), cookie, via: null, openNet: () => source.net.again() })
  }

  /** The key of the socket behind a descriptor of a thread, and what it is. @throws ErrnoError as Platform.socketOf() */
  atDescriptor(caller: Caller, fd: number): { readonly key: string; readonly socket: DescriptorSocket } {
    const of = processOf(this.#platform, caller)
    const socket = this.#platform.socketOf(of, fd)
    const seen = descriptorOf(this.#platform, of, fd)
    const via = seen.kind === 'socket' ? { of, fd, inode: seen.inode, uid: seen.uid } : null
    const openNet = (): NetNs => this.#platform.openNet(of === 'self' ? 0 : of)
    const net = openNet()
    try {
      return { key: this.#name({ key: keyIn(net, socket.cookie), cookie: socket.cookie, via, openNet }), socket }
    } finally {
      net.close()
    }
  }

  /** A map holds the socket, which was named right before. */
  hold(key: string): void {
    const held = this.#held.get(key)
    if (held) {
      held.holds++
      return
    }
    const known = this.#named
    if (known?.key !== key) throw new Error(`socket ${key} was not named`)
    const place = this.#place(known)
    place.holds++
    this.#held.set(key, { known, place, holds: 1 })
  }

  /** A map holds the socket no longer. */
  put(key: string): void {
    const held = this.#held.get(key)
    if (!held || --held.holds > 0) return
    this.#held.delete(key)
    const { place } = held
    if (--place.holds > 0) return
    for (const [inum, known] of this.#places) if (known === place) this.#places.delete(inum)
    place.net.close()
  }

  cookie(key: string): bigint {
    return this.#held.get(key)!.known.cookie
  }

  /** Whether a held socket is open. @throws ErrnoError where that cannot be told, because sockets may not be listed */
  isOpen(key: string): boolean {
    const held = this.#held.get(key)
    return held !== undefined && (this.#descriptorStays(held.known) || this.#listed(held) !== null)
  }

  /** A held socket as it is now; null when it was closed. @throws ErrnoError as isOpen() */
  find(key: string): SocketSource | null {
    const held = this.#held.get(key)
    if (!held) return null
    const { known, place } = held
    if (!this.#descriptorStays(known)) return this.#listed(held)
    return this.#now(place).sockets.get(known.cookie) ?? this.#unlisted(known, place.net)
  }

  /** What the descriptor of a socket tells; null when it leads to another meanwhile. */
  #unlisted({ via, cookie }: Known, net: NetNs): SocketSource | null {
    try {
      const socket = this.#platform.socketOf(via!.of, via!.fd)
      return socket.cookie === cookie ? new UnlistedSocket(socket, via!, net) : null
    } catch (err) {
      if (isGone(err) || (err instanceof ErrnoError && err.errno === EBADF)) return null
      throw err
    }
  }

  #name(known: Known): string {
    this.#named = known
    return known.key
  }

  #place({ openNet }: Known): Place {
    const net = openNet()
    const known = this.#places.get(net.inum)
    if (known) {
      net.close()
      return known
    }
    const place: Place = { net, holds: 0, generation: -1, now: { sockets: new Map(), missing: null } }
    this.#places.set(net.inum, place)
    return place
  }

  #now(place: Place): Place['now'] {
    if (place.generation !== this.#generation) {
      place.now = socketsByCookie(this.#platform, place.net)
      place.generation = this.#generation
    }
    return place.now
  }

  /** A held socket that a list has; null when it was closed. @throws ErrnoError when a list is missing */
  #listed({ place, known }: Held): SocketSource | null {
    const { sockets, missing } = this.#now(place)
    const found = sockets.get(known.cookie)
    if (found || !missing) return found ?? null
    throw missing
  }

  /** Whether the descriptor through which it came leads to it still. */
  #descriptorStays({ via }: Known): boolean {
    if (!via) return false
    try {
      const now = descriptorOf(this.#platform, via.of, via.fd)
      return now.kind === 'socket' && now.inode === via.inode
    } catch (err) {
      if (isDenied(err)) return false
      throw err
    }
  }
}

const keyIn = (net: NetNs, cookie: bigint): string => `sock ${net.inum} ${cookie}`

/** A socket that no list has, such as one of TCP that is closed or was never bound: what its descriptor tells. */
class UnlistedSocket implements SocketSource {
  readonly kind = 'other'
  readonly net: NetNs
  readonly inode: number
  readonly uid: number
  readonly #socket: DescriptorSocket

  constructor(socket: DescriptorSocket, { inode, uid }: Via, net: NetNs) {
    this.#socket = socket
    this.net = net
    this.inode = inode
    this.uid = uid
  }
  get id(): string {
    return `${this.#socket.cookie}`
  }
  get family(): number {
    return this.#socket.family
  }
  get state(): number {
    return this.#socket.state
  }
  get type(): number {
    return this.#socket.type
  }
  get protocol(): number {
    return this.#socket.protocol
  }
  get boundInterface(): number {
    return this.#socket.boundInterface
  }
  cookie(): bigint {
    return this.#socket.cookie
  }
  memory(): readonly number[] {
    return this.#socket.memory
  }
  drops(): number {
    return this.#socket.memory[SK_MEMINFO.DROPS] ?? 0
  }
  refcnt(): number {
    return this.#untold('its references')
  }
  backlog(): { readonly now: number; readonly most: number } {
    return this.#untold('its backlog')
  }
  #untold(what: string): never {
    throw new ErrnoError(ENODATA, `socket ${this.id}: ${what}: its descriptor does not tell, and no list has the socket`)
  }
}
