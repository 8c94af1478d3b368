// Sockets of AF_UNIX over NETLINK_SOCK_DIAG (net/unix/diag.c). It leaves out those without a file: connections that wait to be accepted.
import type { NetNs } from '../platform/platform.ts'
import { ENOENT, ErrnoError } from '../util/errno.ts'
import { attributesOf, NETLINK_SOCK_DIAG, type NlMessage } from '../util/netlink.ts'
import { struct } from '../util/struct.ts'
import { ask, dump } from './netlink.ts'

export const AF_UNIX = 1
export const SOCK_DIAG_BY_FAMILY = 20

/** struct unix_diag_req */
const unix_diag_req = struct('unix_diag_req', 24, {
  ...{ family: 'u8', protocol: 'u8', pad: 'u16', states: 'u32', ino: 'u32', show: 'u32', cookie0: 'u32', cookie1: 'u32' },
})
/** struct unix_diag_msg */
const unix_diag_msg = struct('unix_diag_msg', 16, {
  ...{ family: 'u8', type: 'u8', state: 'u8', pad: 'u8', ino: 'u32', cookie0: 'u32', cookie1: 'u32' },
})

/** UDIAG_SHOW_*: NAME, PEER, ICONS, RQLEN, MEMINFO, UID */
const SHOW = 1 | 4 | 8 | 16 | 32 | 64
const ANY = 0xffff_ffff

/** UNIX_DIAG_*: attributes. */
const UNIX_DIAG = { NAME: 0, PEER: 2, ICONS: 3, RQLEN: 4, MEMINFO: 5, UID: 7 } as const

/** One message, read where it lies. */
export class UnixDiag {
  /** SOCK_* */
  readonly type: number
  /** TCP_* */
  readonly state: number
  readonly inode: number
  readonly cookie: bigint
  readonly #message: NlMessage
  #attributes: ReturnType<typeof attributesOf> | undefined

  constructor(message: NlMessage) {
    const { type, state, ino, cookie0, cookie1 } = unix_diag_msg.decode(message.bytes, message.from)
    this.type = type
    this.state = state
    this.inode = ino
    this.cookie = BigInt(cookie0) | (BigInt(cookie1) << 32n)
    this.#message = message
  }
  /** sun_path as it was bound, with the NUL at the end of a path; null when it was not. */
  get name(): Uint8Array | null {
    const { bytes } = this.#message
    const name = this.#attribute(UNIX_DIAG.NAME)
    return name ? bytes.subarray(name.at, name.at + name.size) : null
  }
  /** Inode of the other end: 0 when that has no file, null when there is none. */
  get peer(): number | null {
    return this.#numbers(UNIX_DIAG.PEER)?.[0] ?? null
  }
  /** Of a listener: inodes of who waits to be accepted; 0 for one who was closed since. */
  get waiting(): readonly number[] {
    return this.#numbers(UNIX_DIAG.ICONS) ?? []
  }
  /** Bytes to be read, bytes sent and not read; of a listener: connections that wait, and how many may. */
  get queues(): readonly number[] | null {
    return this.#numbers(UNIX_DIAG.RQLEN)
  }
  /** See SocketSource.memory(). */
  get memory(): readonly number[] | null {
    return this.#numbers(UNIX_DIAG.MEMINFO)
  }
  /** Null before 5.3. */
  get uid(): number | null {
    return this.#numbers(UNIX_DIAG.UID)?.[0] ?? null
  }

  #attribute(type: number): { readonly at: number; readonly size: number } | null {
    const { bytes, from, to } = this.#message
    this.#attributes ??= attributesOf(bytes, from + unix_diag_msg.size, to)
    return this.#attributes.get(type) ?? null
  }

  #numbers(type: number): readonly number[] | null {
    const found = this.#attribute(type)
    return found && wordsAt(this.#message.bytes, found.at, found.size)
  }
}

/** Words of 32 bits. */
export function wordsAt(bytes: Uint8Array, at: number, size: number): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, size)
  return Array.from({ length: size >> 2 }, (_, i) => view.getUint32(i * 4, true))
}

/** All sockets with a file, in the kernel's order; `parts` is how many datagrams that took. @throws ErrnoError of dump() */
export function dumpUnix(net: NetNs): { readonly sockets: readonly UnixDiag[]; readonly parts: number } {
  const messages = dumpWith(net, SHOW)
  return { sockets: messages.map(message => new UnixDiag(message)), parts: new Set(messages.map(({ bytes }) => bytes)).size }
}

/** Inodes of all of them: a dump that takes fewer parts, which begin at other sockets. @throws ErrnoError of dump() */
export const dumpUnixInodes = (net: NetNs): number[] =>
  dumpWith(net, 0).map(({ bytes, from }) => unix_diag_msg.decode(bytes, from).ino)

const dumpWith = (net: NetNs, show: number): NlMessage[] => dump(net, NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request(show, 0))

/** The socket with that inode; null when it is gone. @throws ErrnoError of ask() */
export function askUnix(net: NetNs, inode: number): UnixDiag | null {
  try {
    const message = ask(net, NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, request(SHOW, inode))
    return message && new UnixDiag(message)
  } catch (err) {
    if (err instanceof ErrnoError && err.errno === ENOENT) return null
    throw err
  }
}

const request = (show: number, ino: number): Uint8Array =>
  unix_diag_req.encode({ family: AF_UNIX, states: ANY, ino, show, cookie0: ANY, cookie1: ANY })
