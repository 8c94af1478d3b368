// What all sockets have, whatever tells of them: sock_diag or the files of /proc/net.
import type { NetNs } from '../platform/platform.ts'
import type { CgroupSource } from './cgroup.ts'
import type { SocketOwner } from './sock-owner.ts'

/** What a socket is in the kernel: which struct it lies in (src/kernel/rows/sock.ts). */
export type SocketKind = 'tcp' | 'tcp6' | 'timewait' | 'request' | 'udp' | 'udp6' | 'unix' | 'netlink' | 'other'

/** Places of SocketSource.memory() (linux/sock_diag.h, SK_MEMINFO_*). */
export const SK_MEMINFO = {
  ...{ RMEM_ALLOC: 0, RCVBUF: 1, WMEM_ALLOC: 2, SNDBUF: 3, FWD_ALLOC: 4, WMEM_QUEUED: 5, OPTMEM: 6, BACKLOG: 7, DROPS: 8 },
} as const

/** Both ends of an internet socket: ports in host order, addresses in network order, 4 or 16 bytes. */
export interface SocketEnds {
  readonly localPort: number
  readonly remotePort: number
  readonly local: Uint8Array
  readonly remote: Uint8Array
}

/** A timer of a socket: jiffies at which it ends, 0n when it does not run. */
export interface SocketTimer {
  readonly id: string
  readonly expires: bigint
}

/**
 * One socket. What costs a look of its own is a method, and throws ErrnoError, with what is missing in its text, when nothing here shows it;
 * ObjectGone when the socket is gone.
 */
export interface SocketSource {
  readonly kind: SocketKind
  /** Tells it apart from all other sockets that there are at the same time, in all namespaces. */
  readonly id: string
  readonly net: NetNs
  /** AF_* */
  readonly family: number
  /** TCP_* */
  readonly state: number
  /** SOCK_* */
  readonly type: number
  /** IPPROTO_*, NETLINK_* */
  readonly protocol: number
  /** Inode number of the file in sockfs; 0 when it has none. */
  readonly inode: number
  /** Owner, in the user namespace of the daemon. */
  readonly uid: number
  /** Number of the interface that it is bound to; 0 for none. */
  readonly boundInterface: number
  /** As bpf_get_socket_cookie() gives it. */
  cookie(): bigint
  /** Without the references that iterators hold. */
  refcnt(): number
  /** Bytes of memory and limits, see SK_MEMINFO. */
  memory(): readonly number[]
  /** Packets dropped. */
  drops(): number
  /** Connections that wait to be accepted, and how many may. */
  backlog(): { readonly now: number; readonly most: number }
  /** The first descriptor of it, see ownerOf(); null when none is to be seen. Absent for one that no iterator shows. */
  owner?(): SocketOwner | null | undefined
  /** References of the iterator that shows it; none when absent. */
  readonly held?: number
  /** Absent for other families than AF_INET and AF_INET6, whose fields of the kernel are 0. */
  readonly ends?: SocketEnds
  /** sk_timer; absent where it never runs. */
  timer?(): SocketTimer
  /** RCV_SHUTDOWN 1, SEND_SHUTDOWN 2. */
  shutdown?(): number
  /** SO_MARK */
  mark?(): number
  /** The cgroup of v2 in which it was made; null when that is not to be seen. */
  cgroup?(): CgroupSource | null
  /** Bytes a second: present rate, and SO_MAX_PACING_RATE. */
  pacing?(): { readonly rate: bigint; readonly most: bigint }
}
