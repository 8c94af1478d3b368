// All sockets of a network namespace that some interface tells of.
import type { NetNs, Platform } from '../platform/platform.ts'
import type { SocketSource } from './socket.ts'

/** The full sockets, which have a struct sock, of every kind. @throws ErrnoError where nothing may be asked */
export function allSockets(_platform: Platform, _net: NetNs): readonly SocketSource[] {
  return []
}
