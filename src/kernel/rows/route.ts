// Rows of routes and of where they lead.
import type { Ipv6Route } from '../../sources/ipv6-route.ts'
import { padded } from '../../sources/net-device.ts'
import { gatewayFamily, type Nexthop, type Path } from '../../sources/nexthop.ts'
import { type Route, RTM_F } from '../../sources/route.ts'
import { ObjectGone } from '../../util/object-gone.ts'
import { type Rows, row } from '../types.ts'

const ROUTE = 'netlink RTM_GETROUTE'
const NEXTHOP = 'netlink RTM_GETNEXTHOP'
const PROC6 = '/proc/net/ipv6_route'
const PATH = `${ROUTE}, ${NEXTHOP} or the file of /proc/net`
const HOLDER = 'as the field that holds it'

/** Four bytes as the CPU reads them. */
const word = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)

const fib_nh_common = {
  nhc_dev: row('struct net_device *', `${PATH}: NULL for none`, (p: Path) => p.device),
  nhc_oif: row('int', `${PATH}: number of the device, 0 for none`, (p: Path) => p.oif ?? p.device?.ifindex ?? 0),
  nhc_family: row('u8', 'that of the route', (p: Path) => p.family),
  nhc_gw_family: row('u8', `${PATH}: family of the gateway, 0 for none`, (p: Path) => gatewayFamily(p)),
  nhc_flags: row('unsigned char', `${ROUTE} RTNH_F_*; 0 where only /proc/net shows the route`, (p: Path) => p.flags),
  nhc_gw: row('struct fib_nh_common__nhc_gw', `${PATH}`, (p: Path) => p),
  nhc_weight: row('int', `${ROUTE} rtnh_hops, plus 1`, (p: Path) => p.weight),
} satisfies Rows

const fib_nh_common__nhc_gw = {
  ipv4: row('__be32', `${PATH}: the first 4 bytes of the gateway`, (p: Path) => (p.gateway.length >= 4 ? word(p.gateway) : 0)),
  ipv6: row('struct in6_addr', `${PATH}: the gateway, with zeros behind one of IPv4`, (p: Path) => padded(p.gateway, 16)),
} satisfies Rows

const fib_nh = { nh_common: row('struct fib_nh_common', HOLDER, (p: Path) => p) } satisfies Rows
const fib6_nh = { nh_common: row('struct fib_nh_common', HOLDER, (p: Path) => p) } satisfies Rows

const rt6key = {
  addr: row('struct in6_addr', HOLDER, (key: Rt6Key) => key.addr),
  plen: row('int', HOLDER, (key: Rt6Key) => key.plen),
} satisfies Rows
const fib6_table = { tb6_id: row('u32', `${ROUTE} RTA_TABLE`, (table: Fib6Table) => table.number) } satisfies Rows
const dst_metrics = {
  metrics: row(
    'u32[17]',
    `${ROUTE} RTA_METRICS, or /proc/net/route: RTAX_* from 1 on; 0 for RTAX_CC_ALGO, which has a name there`,
    (m: Metrics) => m.metrics,
  ),
} satisfies Rows

const NO_METRICS: readonly number[] = new Array(17).fill(0)
/** Routes without metrics of their own share one table of zeros (dst_default_metrics). */
const metricsOf = (route: Route): Metrics =>
  route.metrics ? { id: route.id, metrics: route.metrics } : { id: 'default', metrics: NO_METRICS }

const RTN_UNICAST = 1
const RTN_UNREACHABLE = 7
const RTPROT_KERNEL = 2
/** Of the entry at the top of a table without a default route the kernel's template is known (fib6_null_entry_template). */
const NULL_ENTRY = 'as the kernel has it for the entry that stands for no route'

const typeOf = (route: Route): number => (route.nexthop?.blackhole ? RTN_UNICAST : route.type)

const fib6_info = {
  fib6_table: row('struct fib6_table *', `${ROUTE} RTA_TABLE: NULL for the entry that stands for no route`, (r: Ipv6Route) => {
    const number = r.table
    return number === null ? null : { id: `${r.session.net.inum} ${number}`, number }
  }),
  fib6_nsiblings: row('unsigned int', `${ROUTE} RTA_MULTIPATH: other paths of the route`, (r: Ipv6Route) => {
    if (r.isNull) return 0
    const { nexthop, paths } = r.told('fib6_nsiblings')
    return nexthop ? 0 : paths.length - 1
  }),
  fib6_ref: row('refcount_t', `${PROC6} 7`, (r: Ipv6Route) => r.ref),
  fib6_metrics: row('struct dst_metrics *', `${ROUTE} RTA_METRICS`, (r: Ipv6Route) =>
    r.isNull ? { id: 'default', metrics: NO_METRICS } : metricsOf(r.told('fib6_metrics')),
  ),
  fib6_dst: row('struct rt6key', `${PROC6} 1 and 2, or ${ROUTE}`, (r: Ipv6Route) => ({ addr: r.dst, plen: r.dstLen })),
  fib6_flags: row('u32', `${PROC6} 9: RTF_*, without RTF_GATEWAY`, (r: Ipv6Route) => r.flags),
  fib6_src: row('struct rt6key', `${PROC6} 3 and 4, or ${ROUTE}`, (r: Ipv6Route) => ({ addr: r.src, plen: r.srcLen })),
  fib6_prefsrc: row('struct rt6key', `${ROUTE} RTA_PREFSRC`, (r: Ipv6Route) => {
    const prefsrc = r.isNull ? null : r.told('fib6_prefsrc').prefsrc
    return prefsrc ? { addr: prefsrc, plen: 128 } : { addr: new Uint8Array(16), plen: 0 }
  }),
  fib6_metric: row('u32', `${PROC6} 6, or ${ROUTE} RTA_PRIORITY`, (r: Ipv6Route) => r.metric),
  fib6_protocol: row('u8', `${ROUTE} rtm_protocol: RTPROT_*; ${NULL_ENTRY}`, (r: Ipv6Route) =>
    r.isNull ? RTPROT_KERNEL : r.told('fib6_protocol').protocol,
  ),
  fib6_type: row(
    'u8',
    `${ROUTE} rtm_type: RTN_*; RTN_UNICAST for a route through a nexthop object that is a blackhole, as netlink does not show its own; ${NULL_ENTRY}`,
    (r: Ipv6Route) => (r.isNull ? RTN_UNREACHABLE : typeOf(r.told('fib6_type'))),
  ),
  offload: row('u8', `${ROUTE} RTM_F_OFFLOAD`, (r: Ipv6Route) => bit6(r, 'offload', RTM_F.OFFLOAD)),
  trap: row('u8', `${ROUTE} RTM_F_TRAP`, (r: Ipv6Route) => bit6(r, 'trap', RTM_F.TRAP)),
  offload_failed: row('u8', `${ROUTE} RTM_F_OFFLOAD_FAILED`, (r: Ipv6Route) => bit6(r, 'offload_failed', RTM_F.OFFLOAD_FAILED)),
  nh: row(
    'struct nexthop *',
    `${ROUTE} RTA_NH_ID: NULL where netlink does not show the route; then fib6_nh[0] is the path that ${PROC6} shows`,
    (r: Ipv6Route) => r.nexthop,
  ),
  fib6_nh: row('struct fib6_nh[0]', `${PROC6} 5 and 10, or ${ROUTE}: none for a route with nh`, (r: Ipv6Route) => {
    const { path } = r
    return path ? [path] : []
  }),
} satisfies Rows

const flag = (route: Route, mask: number): number => ((route.flags & mask) === 0 ? 0 : 1)
const bit6 = (route: Ipv6Route, field: string, mask: number): number => (route.isNull ? 0 : flag(route.told(field), mask))

const fib_rt_info = {
  fi: row('struct fib_info *', ROUTE, (r: Route) => r),
  tb_id: row('u32', `${ROUTE} RTA_TABLE; RT_TABLE_MAIN from /proc/net/route, which has no other`, (r: Route) => r.table),
  dst: row('__be32', `${ROUTE} RTA_DST, or /proc/net/route 2`, (r: Route) => word(r.dst)),
  dst_len: row('int', `${ROUTE} rtm_dst_len, or /proc/net/route 8`, (r: Route) => r.dstLen),
  dscp: row('dscp_t', `${ROUTE} rtm_tos; 0 from /proc/net/route, which does not show it`, (r: Route) => r.tos),
  type: row(
    'u8',
    `${ROUTE} rtm_type: RTN_*; from /proc/net/route UNREACHABLE for that and PROHIBIT, UNICAST for all others`,
    typeOf,
  ),
  offload: row('u8', `${ROUTE} RTM_F_OFFLOAD`, (r: Route) => flag(r, RTM_F.OFFLOAD)),
  trap: row('u8', `${ROUTE} RTM_F_TRAP`, (r: Route) => flag(r, RTM_F.TRAP)),
  offload_failed: row('u8', `${ROUTE} RTM_F_OFFLOAD_FAILED`, (r: Route) => flag(r, RTM_F.OFFLOAD_FAILED)),
} satisfies Rows

const fib_info = {
  fib_protocol: row('unsigned char', `${ROUTE} rtm_protocol: RTPROT_*; 0 from /proc/net/route`, (r: Route) => r.protocol),
  fib_scope: row('unsigned char', `${ROUTE} rtm_scope: RT_SCOPE_*; 0 from /proc/net/route`, (r: Route) => r.scope),
  fib_prefsrc: row('__be32', `${ROUTE} RTA_PREFSRC: 0 for none`, (r: Route) => (r.prefsrc ? word(r.prefsrc) : 0)),
  fib_tb_id: row('u32', `${ROUTE} RTA_TABLE`, (r: Route) => r.table),
  fib_priority: row('u32', `${ROUTE} RTA_PRIORITY, or /proc/net/route 7`, (r: Route) => r.priority),
  fib_metrics: row('struct dst_metrics *', `${ROUTE} RTA_METRICS, or /proc/net/route 9 to 11`, (r: Route) => metricsOf(r)),
  fib_nhs: row('int', `${ROUTE} RTA_MULTIPATH: paths; 1 from /proc/net/route and for a route with nh`, (r: Route) =>
    r.nexthop ? 1 : r.paths.length,
  ),
  nh: row(
    'struct nexthop *',
    `${ROUTE} RTA_NH_ID: NULL from /proc/net/route, where fib_nh[0] is its path`,
    (r: Route) => r.nexthop,
  ),
  fib_nh: row('struct fib_nh[0]', `${ROUTE}, or /proc/net/route: none for a route with nh`, (r: Route) =>
    r.nexthop ? [] : r.paths,
  ),
} satisfies Rows

const nexthop = {
  id: row('u32', `${ROUTE} RTA_NH_ID`, (n: Nexthop) => n.number),
  net: row('struct net *', 'the network namespace', (n: Nexthop) => n.session.net.inum),
  protocol: row('u8', `${NEXTHOP} nh_protocol: RTPROT_*`, (n: Nexthop) => n.protocol),
  nh_flags: row('u8', `${NEXTHOP} nh_flags: RTNH_F_*`, (n: Nexthop) => n.flags),
  is_group: row('bool', `${NEXTHOP} NHA_GROUP`, (n: Nexthop) => (n.path ? 0 : 1)),
  nh_info: row('struct nh_info *', `${NEXTHOP}: NULL for a group`, (n: Nexthop) => (n.path ? n : null)),
  nh_grp: row('struct nh_group *', `${NEXTHOP}: NULL for one that is no group`, (n: Nexthop) => (n.path ? null : n)),
} satisfies Rows

/** Of a struct nh_info, which there is for a nexthop with a path. */
const pathIn = (n: Nexthop): Path => n.path!
const nh_info = {
  nh_parent: row('struct nexthop *', HOLDER, (n: Nexthop) => n),
  family: row('u8', `${NEXTHOP} nh_family: AF_*`, (n: Nexthop) => pathIn(n).family),
  reject_nh: row('bool', `${NEXTHOP} NHA_BLACKHOLE`, (n: Nexthop) => (n.blackhole ? 1 : 0)),
  fdb_nh: row('bool', `${NEXTHOP} NHA_FDB`, (n: Nexthop) => (n.fdb ? 1 : 0)),
  fib_nhc: row('struct fib_nh_common', NEXTHOP, pathIn),
  fib_nh: row('struct fib_nh', NEXTHOP, pathIn),
  fib6_nh: row('struct fib6_nh', NEXTHOP, pathIn),
} satisfies Rows

const nh_group = {
  num_nh: row('u16', `${NEXTHOP} NHA_GROUP`, (n: Nexthop) => n.members.length),
  is_multipath: row('bool', `${NEXTHOP} NHA_GROUP_TYPE: all groups are`, () => 1),
  hash_threshold: row('bool', `${NEXTHOP} NHA_GROUP_TYPE`, (n: Nexthop) => (n.resilient ? 0 : 1)),
  resilient: row('bool', `${NEXTHOP} NHA_GROUP_TYPE`, (n: Nexthop) => (n.resilient ? 1 : 0)),
  fdb_nh: row('bool', `${NEXTHOP} NHA_FDB`, (n: Nexthop) => (n.fdb ? 1 : 0)),
  nh_entries: row('struct nh_grp_entry[0]', `${NEXTHOP} NHA_GROUP`, (n: Nexthop) =>
    n.members.map(({ number, weight }) => ({ id: `${n.id} ${number}`, group: n, number, weight })),
  ),
} satisfies Rows

const nh_grp_entry = {
  nh: row('struct nexthop *', NEXTHOP, ({ group, number }: NhGroupEntry) => {
    const nexthop = group.session.nexthop(number)
    if (!nexthop) throw new ObjectGone(`nexthop ${number} of group ${group.number}`)
    return nexthop
  }),
  weight: row('u16', `${NEXTHOP} NHA_GROUP`, (entry: NhGroupEntry) => entry.weight),
  nh_parent: row('struct nexthop *', HOLDER, (entry: NhGroupEntry) => entry.group),
} satisfies Rows

export interface Rt6Key {
  readonly addr: Uint8Array
  /** Bits. */
  readonly plen: number
}
export interface Fib6Table {
  readonly id: string
  readonly number: number
}
export interface Metrics {
  readonly id: string
  readonly metrics: readonly number[]
}
export interface NhGroupEntry {
  readonly id: string
  readonly group: Nexthop
  readonly number: number
  readonly weight: number
}

/** What stands behind the structs of this file. */
export interface RouteSources {
  fib_nh_common: Path
  fib_nh_common__nhc_gw: Path
  fib_nh: Path
  fib6_nh: Path
  rt6key: Rt6Key
  fib6_table: Fib6Table
  dst_metrics: Metrics
  fib6_info: Ipv6Route
  fib_rt_info: Route
  fib_info: Route
  nexthop: Nexthop
  nh_info: Nexthop
  nh_group: Nexthop
  nh_grp_entry: NhGroupEntry
}

export const routeStructs = {
  ...{ fib_nh_common__nhc_gw, fib_nh_common, fib_nh, fib6_nh, rt6key, fib6_table, dst_metrics, fib6_info, fib_rt_info, fib_info },
  ...{ nexthop, nh_info, nh_group, nh_grp_entry },
}
