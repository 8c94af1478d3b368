// Netlink sockets. /proc/net/netlink has those that the iterator shows, in its order; netlink_diag tells more of them.
import type { NetNs } from '../platform/platform.ts'
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { MOST_LOOKS, merge } from './merge.ts'
import { AF_NETLINK, dumpNetlink, NDIAG_PROTO_ALL, NDIAG_SHOW, NDIAG_SHOW_ALL, type NetlinkDiag } from './netlink-diag.ts'
import { type NetlinkRow, parseNetlink } from './proc-netlink.ts'
import type { SourceSession } from './session.ts'
import { ownerOf, type SocketOwner } from './sock-owner.ts'
import { SK_MEMINFO, type SocketSource } from './socket.ts'

/** Bytes of a part of a file of /proc: what is read behind it may be shifted. */
const PART = 4096

export class NetlinkSockets {
  readonly net: NetNs
  readonly session: SourceSession | undefined
  #details = new Map<number, NetlinkDiag>()
  /** Why netlink_diag does not answer. */
  #refused: ErrnoError | null = null

  /** @param session by which owners are looked for */
  constructor(net: NetNs, session?: SourceSession) {
    this.net = net
    this.session = session
  }

  /** All sockets with a port, each once. Those by which iterfs itself asks are left out. @throws ErrnoError when the file may not be read */
  list(): NetlinkSocket[] {
    this.#dump()
    let bytes = this.net.read('netlink')
    let rows = parseNetlink(bytes)
    for (let looks = 1; looks < MOST_LOOKS && ((looks === 1 && bytes.length >= PART) || this.#lacks(rows)); looks++) {
      this.#dump()
      bytes = this.net.read('netlink')
      rows = merge(rows, parseNetlink(bytes), ({ inode }) => inode)
    }
    const own = this.net.inodes()
    return merge(rows, [], ({ inode }) => inode)
      .filter(({ inode }) => !own.includes(inode))
      .map(row => new NetlinkSocket(this, row))
  }

  /** What netlink_diag tells of a socket; null where it does not answer. @throws ObjectGone */
  detail({ inode, protocol }: NetlinkRow): NetlinkDiag | null {
    // Other dumps leave out other sockets.
    for (const show of [NDIAG_SHOW_ALL, NDIAG_SHOW.GROUPS | NDIAG_SHOW.FLAGS]) {
      const known = this.#details.get(inode)
      if (known || this.#refused) return known ?? null
      this.#ask(protocol, show)
    }
    return this.#details.get(inode) ?? gone(inode)
  }

  /** What neither tells. */
  fail(what: string): never {
    const reason = this.#refused?.message ?? 'netlink_diag does not tell it'
    throw new ErrnoError(
      this.#refused?.errno ?? EOPNOTSUPP,
      `netlink socket: ${what}: /proc/net/netlink does not show it, ${reason}`,
    )
  }

  #dump(): void {
    this.#details = new Map()
    this.#ask(NDIAG_PROTO_ALL, NDIAG_SHOW_ALL)
  }

  #ask(protocol: number, show: number): void {
    if (this.#refused) return
    try {
      for (const found of dumpNetlink(this.net, protocol, show)) {
        if (!this.#details.has(found.inode)) this.#details.set(found.inode, found)
      }
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
      this.#refused = err
    }
  }

  /** Whether a socket with a port has no line yet. */
  #lacks(rows: readonly NetlinkRow[]): boolean {
    const there = new Set(rows.map(({ inode }) => inode))
    const own = this.net.inodes()
    return [...this.#details.values()].some(({ inode, portid }) => portid !== 0 && !there.has(inode) && !own.includes(inode))
  }
}

const gone = (inode: number): never => {
  throw new ObjectGone(`netlink socket ${inode}`)
}

/** NETLINK_F_KERNEL_SOCKET, a bit of netlink_sock.flags. */
const KERNEL_SOCKET = 1
/** NETLINK_F_* of which NDIAG_FLAG_* are the same bits: RECV_PKTINFO to CAP_ACK. */
const SAME_FLAGS = 0x3e

export class NetlinkSocket implements SocketSource {
  readonly kind = 'netlink'
  readonly family = AF_NETLINK
  readonly boundInterface = 0
  readonly row: NetlinkRow
  readonly #sockets: NetlinkSockets

  constructor(sockets: NetlinkSockets, row: NetlinkRow) {
    this.#sockets = sockets
    this.row = row
  }
  get id(): string {
    return `netlink ${this.row.inode}`
  }
  get net(): NetNs {
    return this.#sockets.net
  }
  get protocol(): number {
    return this.row.protocol
  }
  get inode(): number {
    return this.row.inode
  }
  get type(): number {
    return this.#told('its type').type
  }
  get state(): number {
    return this.#told('its state').state
  }
  get uid(): number {
    return this.#sockets.fail('its owner')
  }
  cookie(): bigint {
    return this.#told('the cookie').cookie
  }
  refcnt(): number {
    return this.row.refcnt
  }
  memory(): readonly number[] {
    const { rmem, wmem, drops } = this.row
    const { RMEM_ALLOC, WMEM_ALLOC, DROPS } = SK_MEMINFO
    const known = new Map<number, number>([
      [RMEM_ALLOC, rmem],
      [WMEM_ALLOC, wmem],
      [DROPS, drops],
    ])
    const told = this.#detail()?.memory
    const memory: number[] = []
    for (const place of Object.values(SK_MEMINFO)) {
      const value = known.get(place) ?? told?.[place]
      const get = (): number => value ?? this.#sockets.fail('its limits and memory')
      Object.defineProperty(memory, place, { get, enumerable: true })
    }
    return memory
  }
  drops(): number {
    return this.row.drops
  }
  /** Nobody connects to one. */
  backlog(): { readonly now: number; readonly most: number } {
    return { now: 0, most: 0 }
  }
  owner(): SocketOwner | null | undefined {
    return ownerOf(this.#sockets.session, this.inode)
  }

  get dstPortid(): number {
    return this.#told('the port it is connected to').dstPortid
  }
  get dstGroup(): number {
    return this.#told('the group it is connected to').dstGroup
  }
  /** Groups that it listens to, 64 a word; null for none. */
  get groups(): readonly bigint[] | null {
    const detail = this.#detail()
    if (detail) return detail.groups
    return this.row.groups === 0 ? null : [BigInt(this.row.groups)]
  }
  get flags(): bigint {
    const told = this.#told('its flags').flags ?? this.#sockets.fail('its flags')
    return BigInt((told & SAME_FLAGS) | (this.row.portid === 0 ? KERNEL_SOCKET : 0))
  }

  #detail(): NetlinkDiag | null {
    return this.#sockets.detail(this.row)
  }
  #told(what: string): NetlinkDiag {
    return this.#detail() ?? this.#sockets.fail(what)
  }
}
