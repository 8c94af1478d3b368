// Rows of what all sockets have.

import { address4, address6, swap16 } from '../../sources/inet-address.ts'
import type { SocketOwner } from '../../sources/sock-owner.ts'
import { SK_MEMINFO, type SocketKind, type SocketSource, type SocketTimer } from '../../sources/socket.ts'
import { EOPNOTSUPP, ErrnoError } from '../../util/errno.ts'
import { type Rows, row } from '../types.ts'

const DIAG = 'sock_diag'

/** What not every kind of socket tells. @throws ErrnoError */
function told<T>(value: T | undefined, field: string, { kind }: SocketSource): T {
  if (value === undefined) throw new ErrnoError(EOPNOTSUPP, `${field}: nothing shows it of a ${kind} socket`)
  return value
}

const memory = (s: SocketSource, place: keyof typeof SK_MEMINFO): number =>
  told(s.memory()[SK_MEMINFO[place]], `memory ${place.toLowerCase()}`, s)

/** Counters of references that are unset are 1 (sk_wmem_alloc of sk_init_common). */
const atLeastOne = (n: number): number => n + 1

const possible_net_t = { net: row('struct net *', 'the network namespace', (inum: number) => inum) } satisfies Rows

const remotePort = (s: SocketSource): number => swap16(s.ends?.remotePort ?? 0)
const localPort = (s: SocketSource): number => s.ends?.localPort ?? 0
const remote4 = (s: SocketSource): number => (s.ends ? address4(s.family, s.ends.remote) : 0)
const local4 = (s: SocketSource): number => (s.ends ? address4(s.family, s.ends.local) : 0)
const ENDS = `${DIAG}, or addresses and ports of /proc/net`
const ENDS4 = `${ENDS}; of an IPv6 socket the address of a mapped one, or 127.0.0.6 where there is one`

const sock_common = {
  skc_addrpair: row('__addrpair', ENDS4, (s: SocketSource) => (BigInt(local4(s)) << 32n) | BigInt(remote4(s))),
  skc_daddr: row('__be32', ENDS4, remote4),
  skc_rcv_saddr: row('__be32', ENDS4, local4),
  skc_portpair: row('__portpair', ENDS, (s: SocketSource) => ((localPort(s) << 16) | remotePort(s)) >>> 0),
  skc_dport: row('__be16', ENDS, remotePort),
  skc_num: row('__u16', ENDS, localPort),
  skc_v6_daddr: row('struct in6_addr', `${ENDS}; zeros for IPv4`, (s: SocketSource) => address6(s.family, s.ends?.remote)),
  skc_v6_rcv_saddr: row('struct in6_addr', `${ENDS}; zeros for IPv4`, (s: SocketSource) => address6(s.family, s.ends?.local)),
  skc_family: row('short unsigned int', `${DIAG}, or the file of /proc/net`, (s: SocketSource) => s.family),
  skc_state: row('unsigned char', `${DIAG}, or st of /proc/net`, (s: SocketSource) => s.state),
  skc_bound_dev_if: row('int', `${DIAG} if`, (s: SocketSource) => s.boundInterface),
  skc_net: row('possible_net_t', 'the network namespace', (s: SocketSource) => s.net.inum),
  skc_cookie: row('atomic64_t', `${DIAG} cookie`, (s: SocketSource) => s.cookie()),
  skc_refcnt: row(
    'refcount_t',
    'ref of /proc/net; one more while an iterator of tcp, udp or unix shows it',
    (s: SocketSource) => s.refcnt() + (s.held ?? 0),
  ),
} satisfies Rows

const sock = {
  __sk_common: row('struct sock_common', 'the socket itself', (s: SocketSource) => s),
  sk_drops: row('atomic_t', `${DIAG} SKMEMINFO_DROPS, or drops of /proc/net`, (s: SocketSource) => s.drops()),
  sk_backlog: row('struct sock__sk_backlog', DIAG, (s: SocketSource) => s),
  sk_rcvbuf: row('int', `${DIAG} SKMEMINFO_RCVBUF: bytes`, (s: SocketSource) => memory(s, 'RCVBUF')),
  sk_sndbuf: row('int', `${DIAG} SKMEMINFO_SNDBUF: bytes`, (s: SocketSource) => memory(s, 'SNDBUF')),
  sk_forward_alloc: row('int', `${DIAG} SKMEMINFO_FWD_ALLOC: bytes`, (s: SocketSource) => memory(s, 'FWD_ALLOC')),
  sk_wmem_queued: row('int', `${DIAG} SKMEMINFO_WMEM_QUEUED: bytes`, (s: SocketSource) => memory(s, 'WMEM_QUEUED')),
  sk_omem_alloc: row('atomic_t', `${DIAG} SKMEMINFO_OPTMEM: bytes`, (s: SocketSource) => memory(s, 'OPTMEM')),
  sk_wmem_alloc: row('refcount_t', `${DIAG} SKMEMINFO_WMEM_ALLOC, plus 1: bytes`, (s: SocketSource) =>
    atLeastOne(memory(s, 'WMEM_ALLOC')),
  ),
  sk_socket: row('struct socket *', `${DIAG} inode, or that of /proc/net: NULL without a file`, (s: SocketSource) =>
    s.inode === 0 ? null : s,
  ),
  sk_ino: row('long unsigned int', `${DIAG} inode, or that of /proc/net`, (s: SocketSource) => BigInt(s.inode)),
  sk_uid: row('kuid_t', `${DIAG} uid, or that of /proc/net`, (s: SocketSource) => s.uid),
  sk_type: row('u16', 'the kind of socket', (s: SocketSource) => s.type),
  sk_protocol: row('u16', 'the kind of socket', (s: SocketSource) => s.protocol),
  sk_ack_backlog: row('u32', `${DIAG} rqueue of a listener; 0 for others`, (s: SocketSource) => s.backlog().now),
  sk_timer: row(
    'struct timer_list',
    `${DIAG} timer 2, or tr 02 of /proc/net: not seen while another timer runs`,
    (s: SocketSource) => s.timer?.() ?? { id: `sk_timer of ${s.id}`, expires: 0n },
  ),
  sk_shutdown: row('u8', `${DIAG} SHUTDOWN`, (s: SocketSource) => told(s.shutdown?.(), 'sk_shutdown', s)),
  sk_mark: row('u32', `${DIAG} MARK, which takes CAP_NET_ADMIN`, (s: SocketSource) => told(s.mark?.(), 'sk_mark', s)),
  sk_cgrp_data: row('struct sock_cgroup_data', `${DIAG} CGROUP_ID`, (s: SocketSource) => s),
  sk_pacing_rate: row(
    'long unsigned int',
    `${DIAG} INFO: bytes a second`,
    (s: SocketSource) => told(s.pacing?.(), 'sk_pacing_rate', s).rate,
  ),
  sk_max_pacing_rate: row(
    'long unsigned int',
    `${DIAG} INFO: bytes a second`,
    (s: SocketSource) => told(s.pacing?.(), 'sk_max_pacing_rate', s).most,
  ),
  sk_max_ack_backlog: row('u32', `${DIAG} wqueue of a listener; 0 for others`, (s: SocketSource) => s.backlog().most),
} satisfies Rows

const sock_cgroup_data = {
  cgroup: row('struct cgroup *', `${DIAG} CGROUP_ID: NULL for one that is not in the daemon's view`, (s: SocketSource) =>
    told(s.cgroup?.(), 'sk_cgrp_data.cgroup', s),
  ),
} satisfies Rows

const PENDING = new Uint8Array(16).fill(0xff, 8)
const IDLE = new Uint8Array(16)
const timer_list = {
  entry: row('struct hlist_node', 'pprev is not NULL while the timer runs', (timer: SocketTimer) =>
    timer.expires === 0n ? IDLE : PENDING,
  ),
  expires: row(
    'long unsigned int',
    `${DIAG} expires, or tm->when of /proc/net: jiffies; 0 when it does not run`,
    (timer: SocketTimer) => timer.expires,
  ),
} satisfies Rows

const sock__sk_backlog = {
  rmem_alloc: row('atomic_t', `${DIAG} SKMEMINFO_RMEM_ALLOC: bytes`, (s: SocketSource) => memory(s, 'RMEM_ALLOC')),
  len: row('int', `${DIAG} SKMEMINFO_BACKLOG: bytes`, (s: SocketSource) => memory(s, 'BACKLOG')),
} satisfies Rows

const socket = {
  sk: row('struct sock *', 'the socket itself', (s: SocketSource) => s),
  type: row('short int', 'the kind of socket', (s: SocketSource) => s.type),
  iterfs_owner: row(
    'struct iterfs_sock_owner *',
    'links of /proc/PID/fd: the first descriptor; NULL when none is to be seen',
    (s: SocketSource) => told(s.owner?.(), 'iterfs_owner', s),
    'an extra of iterfs: who holds the socket',
  ),
} satisfies Rows

/** No struct of the kernel. */
const iterfs_sock_owner = {
  task: row('struct task_struct *', 'name of the folder in /proc: the leader of the process', (o: SocketOwner) => o.task),
  fd: row('u32', 'name of the link', (o: SocketOwner) => o.fd),
  next: row('struct iterfs_sock_owner *', 'the next descriptor of the same socket', (o: SocketOwner) => o.next),
} satisfies Rows

const socket_alloc = {
  socket: row('struct socket', 'the socket itself', (s: SocketSource) => s),
  vfs_inode: row('struct inode', `number only: ${DIAG} inode, or that of /proc/net`, (s: SocketSource) => ({
    id: `socket ${s.inode}`,
    known: { ino: BigInt(s.inode), major: 0, minor: 0 },
    stat: () => told<null>(undefined, 'an inode beyond its number', s),
    fsType: () => 'sockfs',
  })),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface SockSources {
  possible_net_t: number
  sock_common: SocketSource
  sock: SocketSource
  sock__sk_backlog: SocketSource
  socket: SocketSource
  iterfs_sock_owner: SocketOwner
  socket_alloc: SocketSource
  sock_cgroup_data: SocketSource
  timer_list: SocketTimer
}

export const sockStructs = {
  ...{
    possible_net_t,
    sock_common,
    sock,
    sock__sk_backlog,
    socket,
    iterfs_sock_owner,
    socket_alloc,
    sock_cgroup_data,
    timer_list,
  },
}

/** The struct that a socket of each kind lies in, once it has rows. */
export const SOCKET_STRUCT: Readonly<Record<SocketKind, string>> = {
  tcp: 'tcp_sock',
  tcp6: 'tcp6_sock',
  timewait: 'tcp_timewait_sock',
  request: 'tcp_request_sock',
  udp: 'udp_sock',
  udp6: 'udp6_sock',
  unix: 'unix_sock',
  netlink: 'netlink_sock',
  other: 'sock',
}
