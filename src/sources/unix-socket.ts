// One socket of AF_UNIX.
import type { NetNs } from '../platform/platform.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { type UnixRow, unprinted } from './proc-unix.ts'
import { ownerOf, type SocketOwner } from './sock-owner.ts'
import type { SocketSource } from './socket.ts'
import type { UnixSockets } from './unix.ts'
import { AF_UNIX, type UnixDiag } from './unix-diag.ts'

const SOCK_STREAM = 1
const [TCP_ESTABLISHED, TCP_CLOSE, TCP_LISTEN] = [1, 7, 10]
const [SS_CONNECTING, SS_CONNECTED] = [2, 3]
/** overflowuid: an owner that is not told. */
const UNKNOWN_UID = 65534

/** The name of a socket. */
export interface UnixAddress {
  readonly id: string
  /** sun_path, with the NUL at the end of a path. */
  readonly path: Uint8Array
}

export class UnixSocket implements SocketSource {
  readonly kind = 'unix'
  readonly family = AF_UNIX
  readonly protocol = 0
  readonly boundInterface = 0
  readonly type: number
  readonly state: number
  readonly inode: number
  readonly held: number
  readonly #sockets: UnixSockets
  readonly #row: UnixRow | null

  constructor(sockets: UnixSockets, known: UnixRow | UnixDiag, held: number) {
    this.#sockets = sockets
    this.#row = 'refcnt' in known ? known : null
    this.held = held
    this.type = known.type
    this.inode = known.inode
    this.state = 'state' in known ? known.state : stateOf(known)
  }
  get id(): string {
    return `unix ${this.#row?.key ?? this.inode}`
  }
  get net(): NetNs {
    return this.#sockets.net
  }
  /** Of one who waits to be accepted: root. */
  get uid(): number {
    return this.inode === 0 ? 0 : (this.#detail?.uid ?? UNKNOWN_UID)
  }
  cookie(): bigint {
    return this.#told('the cookie').cookie
  }
  refcnt(): number {
    const row = this.#row ?? this.#sockets.line(this.inode)
    if (!row) throw new ObjectGone(this.id)
    return row.refcnt
  }
  memory(): readonly number[] {
    return this.#told('memory').memory ?? this.#sockets.fail('memory')
  }
  drops(): number {
    return this.memory().at(-1)!
  }
  /** sk_ack_backlog counts nothing here; who waits is in the queue. */
  backlog(): { readonly now: number; readonly most: number } {
    if (this.state !== TCP_LISTEN) this.#sockets.fail('the backlog of one that does not listen')
    return { now: 0, most: this.#queues()[1]! }
  }
  owner(): SocketOwner | null | undefined {
    return this.inode === 0 ? null : ownerOf(this.#sockets.session, this.inode)
  }

  /** Null when it was not bound. */
  get address(): UnixAddress | null {
    const path = this.#path()
    return path && { id: `address of ${this.id}`, path }
  }
  /** The other end; null when there is none. */
  get peer(): UnixSocket | null {
    const inode = this.inode === 0 ? this.#waiting.peer : this.#told('the other end').peer
    if (inode === null) return null
    const found = inode !== 0 ? this.#sockets.find(inode) : this.#sockets.queuedOf(this.inode)
    return found ?? new ClosedUnixSocket(this.#sockets, this)
  }
  /** Of one who waits to be accepted: whom it waits for. */
  get listener(): UnixSocket | null {
    return this.inode === 0 ? this.#sockets.find(this.#waiting.listener) : null
  }
  /** Bytes of a stream that wait to be read. */
  get unread(): number {
    return this.type !== SOCK_STREAM || this.state === TCP_LISTEN ? 0 : this.#queues()[0]!
  }

  get #waiting(): ReturnType<UnixSockets['waitingOf']> {
    return this.#row ? this.#sockets.waitingOf(this.#row) : this.#sockets.fail('who waits')
  }
  /** Null where unix_diag does not answer. */
  get #detail(): UnixDiag | null {
    return this.#sockets.detail(this.inode)
  }
  #told(what: string): UnixDiag {
    return (this.inode === 0 ? null : this.#detail) ?? this.#sockets.fail(what)
  }
  #queues(): readonly number[] {
    return this.#told('its queues').queues ?? this.#sockets.fail('its queues')
  }

  #path(): Uint8Array | null {
    const row = this.#row
    if (row?.text === null) return null
    // A line is exact but for the zeros in an abstract name.
    if (row && !row.text.startsWith('@')) return unprinted(row.text)
    const detail = this.inode === 0 ? this.#sockets.namesake(row!) : this.#detail
    return detail ? detail.name : unprinted(row!.text!)
  }
}

/** What is left of an other end whose file was closed. */
class ClosedUnixSocket extends UnixSocket {
  readonly #sockets: UnixSockets
  readonly #of: string
  constructor(sockets: UnixSockets, of: UnixSocket) {
    super(sockets, { key: '', refcnt: 0, listens: false, type: of.type, socketState: 0, inode: 0, text: null }, 0)
    this.#sockets = sockets
    this.#of = of.id
  }
  override get id(): string {
    return `closed other end of ${this.#of}`
  }
  override refcnt(): number {
    return this.#sockets.fail('references of one that was closed')
  }
  override get address(): null {
    return this.#sockets.fail('the name of one that was closed')
  }
}

/** sk_state by the columns of a line (unix_seq_show). */
function stateOf({ listens, socketState }: UnixRow): number {
  if (listens) return TCP_LISTEN
  return socketState === SS_CONNECTED || socketState === SS_CONNECTING ? TCP_ESTABLISHED : TCP_CLOSE
}
