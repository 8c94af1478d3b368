// Where routes lead: single paths, and the nexthop objects that routes may share.
import { attributesOf } from '../util/netlink.ts'
import type { NetDevice } from './net-device.ts'
import type { NetSession } from './net-session.ts'
import type { RtMessage } from './rtnetlink.ts'

export const AF_INET = 2
export const AF_INET6 = 10

const NHA = { ID: 1, GROUP: 2, GROUP_TYPE: 3, BLACKHOLE: 4, OIF: 5, GATEWAY: 6, FDB: 11 } as const
const NEXTHOP_GRP_TYPE_RES = 1
/** The loopback device of every network namespace. */
const LOOPBACK_IFINDEX = 1

/** One path: struct fib_nh_common. */
export interface Path {
  /** Tells it apart. */
  readonly id: string
  /** AF_* of the routes that lead this way. */
  readonly family: number
  /** Address of the router: 16 bytes, 4 for IPv4, 0 for none. */
  readonly gateway: Uint8Array
  readonly device: NetDevice | null
  /** Default: the number of the device. */
  readonly oif?: number
  /** RTNH_F_* */
  readonly flags: number
  readonly weight: number
}

export const gatewayFamily = ({ gateway }: Path): number =>
  gateway.length === 16 ? AF_INET6 : gateway.length === 4 ? AF_INET : 0

/** A nexthop object: one path, or a group of such objects. */
export class Nexthop {
  readonly id: string
  readonly number: number
  readonly session: NetSession
  readonly protocol: number
  readonly flags: number
  /** Null for a group. */
  readonly path: Path | null
  readonly blackhole: boolean
  readonly fdb: boolean
  readonly resilient: boolean
  /** What a group is made of. */
  readonly members: readonly { readonly number: number; readonly weight: number }[]

  private constructor(
    session: NetSession,
    number: number,
    fields: Pick<Nexthop, 'protocol' | 'flags' | 'path' | 'blackhole' | 'fdb' | 'resilient' | 'members'>,
  ) {
    this.id = `${session.net.inum} ${number}`
    this.session = session
    this.number = number
    this.protocol = fields.protocol
    this.flags = fields.flags
    this.path = fields.path
    this.blackhole = fields.blackhole
    this.fdb = fields.fdb
    this.resilient = fields.resilient
    this.members = fields.members
  }

  /** From a message of RTM_GETNEXTHOP. struct nhmsg: family u8, scope u8, protocol u8, flags u32 at 4. */
  static of(session: NetSession, message: RtMessage): Nexthop {
    const number = message.number(NHA.ID)
    const flags = message.header.getUint32(4, true) & 0xff
    const group = message.has(NHA.GROUP)
    const blackhole = message.has(NHA.BLACKHOLE)
    const path: Path = {
      id: `${session.net.inum} nexthop ${number}`,
      family: message.header.getUint8(0),
      gateway: message.has(NHA.GATEWAY) ? message.bytes(NHA.GATEWAY) : new Uint8Array(0),
      device: session.device({ ifindex: message.numberOr(NHA.OIF, blackhole ? LOOPBACK_IFINDEX : 0) }),
      flags,
      weight: 1,
    }
    return new Nexthop(session, number, {
      protocol: message.header.getUint8(2),
      flags,
      path: group ? null : path,
      blackhole,
      fdb: message.has(NHA.FDB),
      resilient: message.numberOr(NHA.GROUP_TYPE, 0) === NEXTHOP_GRP_TYPE_RES,
      members: group ? membersOf(message.bytes(NHA.GROUP)) : [],
    })
  }

  /** From a route that goes through it, where RTM_GETNEXTHOP does not show it. */
  static ofRoute(session: NetSession, number: number, path: Path): Nexthop {
    const fields = { protocol: 0, flags: path.flags, path, blackhole: false, fdb: false, resilient: false, members: [] }
    return new Nexthop(session, number, fields)
  }
}

/** struct nexthop_grp: id u32, weight - 1 u8, its high byte u8, u16. */
function membersOf(bytes: Uint8Array): { number: number; weight: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from({ length: bytes.length >> 3 }, (_, i) => ({
    number: view.getUint32(i * 8, true),
    weight: view.getUint8(i * 8 + 4) + (view.getUint8(i * 8 + 5) << 8) + 1,
  }))
}

const RTA = { OIF: 4, GATEWAY: 5, VIA: 18 } as const

/** The path that an RTM_NEWROUTE with one path names itself. */
export const pathOfRoute = (session: NetSession, route: RtMessage, family: number, flags: number, id: string): Path => ({
  id,
  family,
  gateway: gatewayIn(attribute => (route.has(attribute) ? route.bytes(attribute) : null)),
  device: session.device({ ifindex: route.numberOr(RTA.OIF, 0) }),
  flags,
  weight: 1,
})

/** The paths of RTA_MULTIPATH. struct rtnexthop: len u16, flags u8, hops u8, ifindex s32. */
export function multipath(session: NetSession, bytes: Uint8Array, family: number, id: string): Path[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const paths: Path[] = []
  for (let at = 0; at + 8 <= bytes.length; ) {
    const len = view.getUint16(at, true)
    if (len < 8 || at + len > bytes.length) break
    const attributes = attributesOf(bytes, at + 8, at + len)
    paths.push({
      id: `${id} ${paths.length}`,
      family,
      gateway: gatewayIn(attribute => {
        const found = attributes.get(attribute)
        return found ? bytes.subarray(found.at, found.at + found.size) : null
      }),
      device: session.device({ ifindex: view.getInt32(at + 4, true) }),
      flags: view.getUint8(at + 2),
      weight: view.getUint8(at + 3) + 1,
    })
    at += (len + 3) & ~3
  }
  return paths
}

/** RTA_GATEWAY is of the route's family, RTA_VIA names its own before the address. */
const gatewayIn = (attribute: (type: number) => Uint8Array | null): Uint8Array =>
  attribute(RTA.GATEWAY) ?? attribute(RTA.VIA)?.subarray(2) ?? new Uint8Array(0)
