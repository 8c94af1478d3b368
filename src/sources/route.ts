// Routes as rtnetlink tells of them (RTM_GETROUTE), of both families.
import { padded } from './net-device.ts'
import type { NetSession } from './net-session.ts'
import { AF_INET6, multipath, Nexthop, type Path, pathOfRoute } from './nexthop.ts'
import type { RtMessage } from './rtnetlink.ts'

const RTA = { DST: 1, SRC: 2, PRIORITY: 6, PREFSRC: 7, METRICS: 8, MULTIPATH: 9, TABLE: 15, NH_ID: 30 } as const
const RTM_F_CLONED = 0x200
/** RTAX_MAX: the u32 of struct dst_metrics; RTAX_CC_ALGO goes by a name in netlink. */
const METRICS = 17
const RTAX_CC_ALGO = 16

/** Bits of rtm_flags that are no flags of the path. */
export const RTM_F = { OFFLOAD: 0x4000, TRAP: 0x8000, OFFLOAD_FAILED: 0x2000_0000 } as const

/** A route of the forwarding tables. */
export interface Route {
  /** Tells routes apart. */
  readonly id: string
  readonly session: NetSession
  readonly family: number
  /** 4 or 16 bytes. */
  readonly dst: Uint8Array
  readonly dstLen: number
  readonly src: Uint8Array
  readonly srcLen: number
  /** Null for none. */
  readonly prefsrc: Uint8Array | null
  readonly tos: number
  readonly table: number
  /** RTPROT_*, RT_SCOPE_*, RTN_* */
  readonly protocol: number
  readonly scope: number
  readonly type: number
  /** RTM_F_* and, for a single path, RTNH_F_* */
  readonly flags: number
  readonly priority: number
  /** RTAX_*, from 1 on; null when all are 0. */
  readonly metrics: readonly number[] | null
  readonly paths: readonly Path[]
  /** The object that it leads through; then `paths` are those of the object, as far as the kernel names them. */
  readonly nexthop: Nexthop | null
}

/** struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type (u8 each), flags u32. Null for a cached route, which is in no table. */
export function routeOf(session: NetSession, message: RtMessage): Route | null {
  const { header } = message
  const flags = header.getUint32(8, true)
  if (flags & RTM_F_CLONED) return null
  const family = header.getUint8(0)
  const size = family === AF_INET6 ? 16 : 4
  const address = (attribute: number): Uint8Array =>
    message.has(attribute) ? padded(message.bytes(attribute), size) : new Uint8Array(size)
  const [dst, src] = [address(RTA.DST), address(RTA.SRC)]
  const [dstLen, srcLen, tos] = [1, 2, 3].map(at => header.getUint8(at)) as [number, number, number]
  const table = message.numberOr(RTA.TABLE, header.getUint8(4))
  const priority = message.numberOr(RTA.PRIORITY, 0)
  const number = message.numberOr(RTA.NH_ID, 0)
  const place = `${session.net.inum} ${table} ${hex(dst)}/${dstLen} ${hex(src)}/${srcLen} ${tos} ${priority}`
  const paths = message.has(RTA.MULTIPATH)
    ? multipath(session, message.bytes(RTA.MULTIPATH), family, place)
    : [pathOfRoute(session, message, family, flags & 0xff, place)]
  return {
    id: `${place} ${number} ${hex(paths[0]?.gateway ?? new Uint8Array(0))} ${paths[0]?.device?.id ?? ''}`,
    ...{ session, family, dst, dstLen, src, srcLen, tos, table, priority, flags, paths },
    prefsrc: message.has(RTA.PREFSRC) ? padded(message.bytes(RTA.PREFSRC), size) : null,
    protocol: header.getUint8(5),
    scope: header.getUint8(6),
    type: header.getUint8(7),
    metrics: message.has(RTA.METRICS) ? metricsIn(message.nested(RTA.METRICS)) : null,
    nexthop: number === 0 ? null : (session.nexthop(number) ?? Nexthop.ofRoute(session, number, paths[0]!)),
  }
}

const metricsIn = (nested: RtMessage): number[] =>
  Array.from({ length: METRICS }, (_, i) => (i + 1 === RTAX_CC_ALGO ? 0 : nested.numberOr(i + 1, 0)))

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
