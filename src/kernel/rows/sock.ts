// Rows of what all sockets have.
import { SK_MEMINFO, type SocketKind, type SocketSource } from '../../sources/socket.ts'
import { type Rows, row } from '../types.ts'

const DIAG = 'sock_diag'

/** Counters of references that are unset are 1 (sk_wmem_alloc of sk_init_common). */
const atLeastOne = (n: number): number => n + 1

const possible_net_t = { net: row('struct net *', 'the network namespace', (inum: number) => inum) } satisfies Rows

const sock_common = {
  skc_family: row('short unsigned int', `${DIAG}, or the file of /proc/net`, (s: SocketSource) => s.family),
  skc_state: row('unsigned char', `${DIAG}, or st of /proc/net`, (s: SocketSource) => s.state),
  skc_bound_dev_if: row('int', `${DIAG} if`, (s: SocketSource) => s.boundInterface),
  skc_net: row('possible_net_t', 'the network namespace', (s: SocketSource) => s.net.inum),
  skc_cookie: row('atomic64_t', `${DIAG} cookie`, (s: SocketSource) => s.cookie()),
  skc_refcnt: row('refcount_t', 'ref of /proc/net; one more while an iterator of tcp, udp or unix shows it', (s: SocketSource) =>
    s.refcnt(),
  ),
} satisfies Rows

const sock = {
  __sk_common: row('struct sock_common', 'the socket itself', (s: SocketSource) => s),
  sk_drops: row('atomic_t', `${DIAG} SKMEMINFO_DROPS, or drops of /proc/net`, (s: SocketSource) => s.drops()),
  sk_backlog: row('struct sock__sk_backlog', DIAG, (s: SocketSource) => s),
  sk_rcvbuf: row('int', `${DIAG} SKMEMINFO_RCVBUF: bytes`, (s: SocketSource) => s.memory()[SK_MEMINFO.RCVBUF]!),
  sk_sndbuf: row('int', `${DIAG} SKMEMINFO_SNDBUF: bytes`, (s: SocketSource) => s.memory()[SK_MEMINFO.SNDBUF]!),
  sk_forward_alloc: row('int', `${DIAG} SKMEMINFO_FWD_ALLOC: bytes`, (s: SocketSource) => s.memory()[SK_MEMINFO.FWD_ALLOC]!),
  sk_wmem_queued: row('int', `${DIAG} SKMEMINFO_WMEM_QUEUED: bytes`, (s: SocketSource) => s.memory()[SK_MEMINFO.WMEM_QUEUED]!),
  sk_omem_alloc: row('atomic_t', `${DIAG} SKMEMINFO_OPTMEM: bytes`, (s: SocketSource) => s.memory()[SK_MEMINFO.OPTMEM]!),
  sk_wmem_alloc: row('refcount_t', `${DIAG} SKMEMINFO_WMEM_ALLOC, plus 1: bytes`, (s: SocketSource) =>
    atLeastOne(s.memory()[SK_MEMINFO.WMEM_ALLOC]!),
  ),
  sk_socket: row('struct socket *', `${DIAG} inode, or that of /proc/net: NULL without a file`, (s: SocketSource) =>
    s.inode === 0 ? null : s,
  ),
  sk_ino: row('long unsigned int', `${DIAG} inode, or that of /proc/net`, (s: SocketSource) => BigInt(s.inode)),
  sk_uid: row('kuid_t', `${DIAG} uid, or that of /proc/net`, (s: SocketSource) => s.uid),
  sk_type: row('u16', 'the kind of socket', (s: SocketSource) => s.type),
  sk_protocol: row('u16', 'the kind of socket', (s: SocketSource) => s.protocol),
  sk_ack_backlog: row('u32', `${DIAG} rqueue of a listener`, (s: SocketSource) => s.backlog().now),
  sk_max_ack_backlog: row('u32', `${DIAG} wqueue of a listener`, (s: SocketSource) => s.backlog().most),
} satisfies Rows

const sock__sk_backlog = {
  rmem_alloc: row('atomic_t', `${DIAG} SKMEMINFO_RMEM_ALLOC: bytes`, (s: SocketSource) => s.memory()[SK_MEMINFO.RMEM_ALLOC]!),
  len: row('int', `${DIAG} SKMEMINFO_BACKLOG: bytes`, (s: SocketSource) => s.memory()[SK_MEMINFO.BACKLOG]!),
} satisfies Rows

const socket = {
  sk: row('struct sock *', 'the socket itself', (s: SocketSource) => s),
  type: row('short int', 'the kind of socket', (s: SocketSource) => s.type),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface SockSources {
  possible_net_t: number
  sock_common: SocketSource
  sock: SocketSource
  sock__sk_backlog: SocketSource
  socket: SocketSource
}

export const sockStructs = { possible_net_t, sock_common, sock, sock__sk_backlog, socket }

/** The struct that a socket of each kind lies in, once it has rows. */
export const SOCKET_STRUCT: Readonly<Record<SocketKind, string>> = {
  tcp: 'sock',
  tcp6: 'sock',
  timewait: 'sock_common',
  request: 'sock_common',
  udp: 'sock',
  udp6: 'sock',
  unix: 'sock',
  netlink: 'sock',
  other: 'sock',
}
