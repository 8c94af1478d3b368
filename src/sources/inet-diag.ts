// Internet sockets over NETLINK_SOCK_DIAG (net/ipv4/inet_diag.c): requests, and their answers as sockets.
import type { NetNs } from '../platform/platform.ts'
import { ENOENT, ErrnoError, ESTALE } from '../util/errno.ts'
import { NETLINK_SOCK_DIAG, type NlMessage } from '../util/netlink.ts'
import { AF_INET, AF_INET6, type InetTelling, TIMER } from './inet-telling.ts'
import type { Moment } from './jiffies.ts'
import { ask, dump } from './netlink.ts'

/** Asks for all tcp sockets of both families, in the order of the kernel's tables; what the iterator has as its order too. */
const TCPDIAG_GETSOCK = 18
const SOCK_DIAG_BY_FAMILY = 20
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
/** All states that the iterator shows: not TCP_BOUND_INACTIVE. */
const STATES = 0x1fff
/** sizeof(struct inet_diag_req), sizeof(struct inet_diag_req_v2), sizeof(struct inet_diag_msg) */
const REQ_SIZE = 60
const REQ_V2_SIZE = 56
const MSG_SIZE = 72
const SOCKID_SIZE = 48

/** INET_DIAG_*: attributes. Those up to 8 come when they are asked for, the others always, if at all. */
export const INET_DIAG = {
  ...{ INFO: 2, CONG: 4, TOS: 5, TCLASS: 6, SKMEMINFO: 7, SHUTDOWN: 8, SKV6ONLY: 11, MARK: 15, ULP_INFO: 19, CGROUP_ID: 21 },
} as const

/** The bit of idiag_ext that asks for an attribute; 0 when it comes without. */
export const askBit = (attribute: number): number => (attribute < INET_DIAG.SHUTDOWN ? 1 << (attribute - 1) : 0)

/** Where an attribute's value lies. */
export interface Attribute {
  readonly bytes: Uint8Array
  readonly at: number
  readonly size: number
}

/** struct inet_diag_msg and the attributes behind it; read where they lie. */
export class DiagSocket implements InetTelling {
  readonly bytes: Uint8Array
  readonly #at: number
  readonly #to: number
  /** What was asked for, bits of askBit(). */
  readonly extensions: number
  readonly #moment: Moment

  constructor({ bytes, from, to }: NlMessage, extensions: number, moment: Moment) {
    this.bytes = bytes
    this.#at = from
    this.#to = to
    this.extensions = extensions
    this.#moment = moment
  }
  get family(): number {
    return this.bytes[this.#at]!
  }
  get state(): number {
    return this.bytes[this.#at + 1]!
  }
  get timer(): number {
    return this.bytes[this.#at + 2]!
  }
  /** Only whole sockets can be shut down. */
  get whole(): boolean {
    return this.attribute(INET_DIAG.SHUTDOWN) !== null
  }
  get retransmits(): number {
    return this.bytes[this.#at + 3]!
  }
  get localPort(): number {
    return this.#port(4)
  }
  get remotePort(): number {
    return this.#port(6)
  }
  get local(): Uint8Array {
    return this.#address(8)
  }
  get remote(): Uint8Array {
    return this.#address(24)
  }
  get boundInterface(): number {
    return this.#u32(40)
  }
  /** As a number, which it stays below 2^53. */
  get cookie(): number {
    return this.#u32(44) + this.#u32(48) * 2 ** 32
  }
  get expires(): bigint {
    return this.#moment.after(this.#u32(52), 1000)
  }
  get receiveQueue(): number {
    return this.#u32(56)
  }
  get sendQueue(): number {
    return this.#u32(60)
  }
  get uid(): number {
    return this.#u32(64)
  }
  get inode(): number {
    return this.#u32(68)
  }
  /** struct inet_diag_sockid */
  get id(): Uint8Array {
    return this.bytes.subarray(this.#at + 4, this.#at + 4 + SOCKID_SIZE)
  }

  /** Null when the kernel did not send it. */
  attribute(type: number): Attribute | null {
    const { bytes } = this
    for (let at = this.#at + MSG_SIZE; at + 4 <= this.#to; ) {
      const len = bytes[at]! | (bytes[at + 1]! << 8)
      if (len < 4) return null
      if ((bytes[at + 2]! | ((bytes[at + 3]! & 0x3f) << 8)) === type) return { bytes, at: at + 4, size: len - 4 }
      at += (len + 3) & ~3
    }
    return null
  }

  #u32(off: number): number {
    return u32At(this.bytes, this.#at + off)
  }
  #port(off: number): number {
    return (this.bytes[this.#at + off]! << 8) | this.bytes[this.#at + off + 1]!
  }
  #address(off: number): Uint8Array {
    const at = this.#at + off
    return this.bytes.subarray(at, at + (this.family === AF_INET ? 4 : 16))
  }
}

export const u32At = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0

export const u64At = (bytes: Uint8Array, at: number): bigint => BigInt(u32At(bytes, at)) | (BigInt(u32At(bytes, at + 4)) << 32n)

export type InetProtocol = 'tcp' | 'udp'

/** All sockets of a namespace. @throws ErrnoError of dump() */
export function dumpInet(net: NetNs, protocol: InetProtocol, extensions: number, moment: () => Moment): DiagSocket[] {
  const messages =
    protocol === 'tcp'
      ? dump(net, NETLINK_SOCK_DIAG, TCPDIAG_GETSOCK, tcpRequest(extensions))
      : [AF_INET, AF_INET6].flatMap(family =>
          dump(net, NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request(family, IPPROTO_UDP, extensions)),
        )
  const now = moment()
  return messages.map(message => new DiagSocket(message, extensions, now))
}

/** The socket as it is now; null when it is gone, or its place is taken by another. @throws ErrnoError */
export function askInet(
  net: NetNs,
  protocol: InetProtocol,
  of: DiagSocket,
  extensions: number,
  moment: () => Moment,
): DiagSocket | null {
  const payload = request(of.family, protocol === 'tcp' ? IPPROTO_TCP : IPPROTO_UDP, extensions)
  payload.set(of.id, 8)
  try {
    const message = ask(net, NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, payload)
    const found = message && new DiagSocket(message, extensions, moment())
    // Beginnings and ends have the cookie of the whole socket.
    return found && found.cookie === of.cookie && kindOf(found) === kindOf(of) ? found : null
  } catch (err) {
    if (err instanceof ErrnoError && (err.errno === ENOENT || err.errno === ESTALE)) return null
    throw err
  }
}

const kindOf = (socket: DiagSocket): string => `${socket.whole} ${socket.timer === TIMER.TIME_WAIT}`

/** struct inet_diag_req */
function tcpRequest(extensions: number): Uint8Array {
  const bytes = new Uint8Array(REQ_SIZE)
  bytes[3] = extensions
  new DataView(bytes.buffer).setUint32(4 + SOCKID_SIZE, STATES, true)
  return bytes
}

/** struct inet_diag_req_v2 */
function request(family: number, protocol: number, extensions: number): Uint8Array {
  const bytes = new Uint8Array(REQ_V2_SIZE)
  bytes.set([family, protocol, extensions])
  new DataView(bytes.buffer).setUint32(4, STATES, true)
  return bytes
}
