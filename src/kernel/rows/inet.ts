// Rows of internet sockets that are no tcp: inet_sock, IPv6's part, and udp.

import { address4, swap16 } from '../../sources/inet-address.ts'
import { INET_DIAG } from '../../sources/inet-diag.ts'
import type { InetSocket } from '../../sources/inet-socket.ts'
import { SK_MEMINFO } from '../../sources/socket.ts'
import { type Rows, row } from '../types.ts'

const DIAG = 'sock_diag'

const inet_sock = {
  sk: row('struct sock', 'the socket itself', (s: InetSocket) => s),
  inet_saddr: row('__be32', `${DIAG}, or /proc/net: the address that it is bound to`, (s: InetSocket) =>
    address4(s.family, s.telling.local),
  ),
  inet_sport: row('__be16', `${DIAG}, or /proc/net`, (s: InetSocket) => swap16(s.telling.localPort)),
  tos: row('__u8', `${DIAG} TOS`, (s: InetSocket) => s.small(INET_DIAG.TOS) ?? 0),
} satisfies Rows

const ipv6_pinfo = {
  tclass: row('u8', `${DIAG} TCLASS`, (s: InetSocket) => s.small(INET_DIAG.TCLASS) ?? 0),
} satisfies Rows

const drops = (s: InetSocket): number => s.drops()
const udp_sock = {
  inet: row('struct inet_sock', 'the socket itself', (s: InetSocket) => s),
  forward_deficit: row(
    'int',
    `${DIAG}: what rmem_alloc and rqueue differ by, bytes; 0 where only /proc/net/udp is read`,
    (s: InetSocket) => s.memory()[SK_MEMINFO.RMEM_ALLOC]! - s.receiveQueue,
  ),
  drop_counters: row('struct numa_drop_counters', `${DIAG} SKMEMINFO_DROPS, or drops of /proc/net/udp`, (s: InetSocket) => s),
} satisfies Rows

const numa_drop_counters = {
  drops0: row('atomic_t', 'all drops: nothing shows them by node', drops),
  drops1: row('atomic_t', '0: all are in drops0', () => 0),
} satisfies Rows

const udp6_sock = {
  udp: row('struct udp_sock', 'the socket itself', (s: InetSocket) => s),
  inet6: row('struct ipv6_pinfo', 'the socket itself', (s: InetSocket) => s),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface InetSources {
  inet_sock: InetSocket
  ipv6_pinfo: InetSocket
  udp_sock: InetSocket
  udp6_sock: InetSocket
  numa_drop_counters: InetSocket
}

export const inetStructs = { inet_sock, ipv6_pinfo, udp_sock, udp6_sock, numa_drop_counters }
