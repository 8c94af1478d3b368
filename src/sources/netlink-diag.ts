// Netlink sockets over NETLINK_SOCK_DIAG (net/netlink/diag.c). A dump leaves out one socket at the end of each part, and has those that listen to groups
// without a port, which are in no table.
import type { NetNs } from '../platform/platform.ts'
import { attributesOf, NETLINK_SOCK_DIAG, type NlMessage } from '../util/netlink.ts'
import { struct } from '../util/struct.ts'
import { dump } from './netlink.ts'
import { SOCK_DIAG_BY_FAMILY, wordsAt } from './unix-diag.ts'

export const AF_NETLINK = 16
/** Sockets of all protocols. */
export const NDIAG_PROTO_ALL = 0xff

/** struct netlink_diag_req */
const netlink_diag_req = struct('netlink_diag_req', 20, {
  ...{ family: 'u8', protocol: 'u8', pad: 'u16', ino: 'u32', show: 'u32', cookie0: 'u32', cookie1: 'u32' },
})
/** struct netlink_diag_msg */
const netlink_diag_msg = struct('netlink_diag_msg', 28, {
  ...{ family: 'u8', type: 'u8', protocol: 'u8', state: 'u8', portid: 'u32', dst_portid: 'u32', dst_group: 'u32' },
  ...{ ino: 'u32', cookie0: 'u32', cookie1: 'u32' },
})

/** NDIAG_SHOW_* */
export const NDIAG_SHOW = { MEMINFO: 1, GROUPS: 2, FLAGS: 8 } as const
export const NDIAG_SHOW_ALL = NDIAG_SHOW.MEMINFO | NDIAG_SHOW.GROUPS | NDIAG_SHOW.FLAGS

/** NETLINK_DIAG_*: attributes. */
const NETLINK_DIAG = { MEMINFO: 0, GROUPS: 1, FLAGS: 4 } as const

/** One message. */
export interface NetlinkDiag {
  /** SOCK_* */
  readonly type: number
  readonly state: number
  readonly portid: number
  readonly dstPortid: number
  readonly dstGroup: number
  readonly inode: number
  readonly cookie: bigint
  readonly protocol: number
  /** See SocketSource.memory(); null when it was not asked for. */
  readonly memory: readonly number[] | null
  /** 64 groups a word; null for none. */
  readonly groups: readonly bigint[] | null
  /** NDIAG_FLAG_*; null before 4.19. */
  readonly flags: number | null
}

/** Sockets of a protocol. @throws ErrnoError of dump() */
export const dumpNetlink = (net: NetNs, protocol: number, show: number): NetlinkDiag[] =>
  dump(
    net,
    NETLINK_SOCK_DIAG,
    SOCK_DIAG_BY_FAMILY,
    netlink_diag_req.encode({ family: AF_NETLINK, protocol, show, cookie0: 0xffff_ffff, cookie1: 0xffff_ffff }),
  ).map(parse)

function parse({ bytes, from, to }: NlMessage): NetlinkDiag {
  const { type, protocol, state, portid, dst_portid, dst_group, ino, cookie0, cookie1 } = netlink_diag_msg.decode(bytes, from)
  const attributes = attributesOf(bytes, from + netlink_diag_msg.size, to)
  const words = (attribute: number): number[] | null => {
    const found = attributes.get(attribute)
    return found ? wordsAt(bytes, found.at, found.size) : null
  }
  return {
    ...{ type, protocol, state, portid, dstPortid: dst_portid, dstGroup: dst_group, inode: ino },
    cookie: BigInt(cookie0) | (BigInt(cookie1) << 32n),
    memory: words(NETLINK_DIAG.MEMINFO),
    groups: longs(words(NETLINK_DIAG.GROUPS)),
    flags: words(NETLINK_DIAG.FLAGS)?.[0] ?? null,
  }
}

const longs = (words: readonly number[] | null): bigint[] | null =>
  words && Array.from({ length: words.length >> 1 }, (_, i) => BigInt(words[2 * i]!) | (BigInt(words[2 * i + 1]!) << 32n))
