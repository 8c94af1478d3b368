// Sockets by the numbers of their inodes, as descriptors name them.
import type { NetNs, Platform } from '../platform/platform.ts'
import { ErrnoError } from '../util/errno.ts'
import { InetSockets } from './inet-sockets.ts'
import { NetlinkSockets } from './netlink-sockets.ts'
import type { SocketSource } from './socket.ts'
import { UnixSockets } from './unix.ts'

/** How long, in ms, the sockets of a namespace are taken to be the same, once they were listed. */
const KEEP_MS = 20

type ByInode = ReadonlyMap<number, SocketSource>
const known = new WeakMap<NetNs, { readonly takenMs: number; readonly sockets: ByInode }>()

/** The socket whose inode has this number in the namespace; null when there is none that can be seen. It may be up to 20 ms old. */
export function findSocket(platform: Platform, net: NetNs, inode: number): SocketSource | null {
  if (inode === 0) return null
  const last = known.get(net)
  const now = platform.nowMs()
  if (last && now - last.takenMs <= KEEP_MS) return last.sockets.get(inode) ?? null
  const sockets = new Map<number, SocketSource>()
  for (const list of LISTS) for (const socket of orNone(() => list(platform, net))) sockets.set(socket.inode, socket)
  known.set(net, { takenMs: platform.nowMs(), sockets })
  return sockets.get(inode) ?? null
}

/** Every kind of socket that may be asked for. */
const LISTS: readonly ((platform: Platform, net: NetNs) => readonly SocketSource[])[] = [
  (platform, net) => new InetSockets(platform, net, 'tcp').list(),
  (platform, net) => new InetSockets(platform, net, 'udp').list(),
  (_, net) => new UnixSockets(net).list(),
  (_, net) => new NetlinkSockets(net).list(),
]

/** What a socket leaves behind, under its cookie, and what one begins as: no struct sock (sk_fullsock). */
const NOT_FULL: ReadonlySet<string> = new Set(['timewait', 'request'])

/** The full sockets of a namespace that have a cookie, by that; and why others may be missing: what could not be asked, null for nothing. */
export function socketsByCookie(
  platform: Platform,
  net: NetNs,
): { readonly sockets: ReadonlyMap<bigint, SocketSource>; readonly missing: ErrnoError | null } {
  const sockets = new Map<bigint, SocketSource>()
  let missing: ErrnoError | null = null
  for (const list of LISTS) {
    try {
      for (const socket of list(platform, net)) if (!NOT_FULL.has(socket.kind)) sockets.set(socket.cookie(), socket)
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
      missing ??= err
    }
  }
  return { sockets, missing }
}

/** None where neither sock_diag nor /proc/net may be asked. */
function orNone<T>(list: () => readonly T[]): readonly T[] {
  try {
    return list()
  } catch (err) {
    if (err instanceof ErrnoError) return []
    throw err
  }
}
