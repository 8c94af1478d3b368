// Rows of sockets of AF_UNIX.
import type { UnixAddress, UnixSocket } from '../../sources/unix-socket.ts'
import { decodeText } from '../../util/bytes.ts'
import { type Rows, row } from '../types.ts'

const AF_UNIX = 1
/** offsetof(struct sockaddr_un, sun_path), sizeof(sun_path) */
const [SUN_PATH, PATH_MAX] = [2, 108]
const NAME = 'unix_diag UNIX_DIAG_NAME, or Path of /proc/net/unix, where each NUL is an @'

const unix_sock = {
  sk: row('struct sock', 'the socket itself', (s: UnixSocket) => s),
  addr: row('struct unix_address *', `${NAME}: NULL when it was not bound`, (s: UnixSocket) => s.address),
  peer: row('struct sock *', 'unix_diag UNIX_DIAG_PEER, or UNIX_DIAG_ICONS of the listener', (s: UnixSocket) => s.peer),
  listener: row(
    'struct sock *',
    'unix_diag UNIX_DIAG_ICONS: the listener of one that waits to be accepted, else NULL',
    (s: UnixSocket) => s.listener,
  ),
  inq_len: row('int', 'unix_diag UNIX_DIAG_RQLEN of a stream: bytes', (s: UnixSocket) => s.unread),
} satisfies Rows

const unix_address = {
  len: row('int', `${NAME}: bytes, with the two of sun_family`, (a: UnixAddress) => SUN_PATH + a.path.length),
  name: row('struct sockaddr_un[0]', NAME, (a: UnixAddress) => [a]),
} satisfies Rows

const sockaddr_un = {
  sun_family: row('__kernel_sa_family_t', 'AF_UNIX', () => AF_UNIX),
  sun_path: row('char[108]', NAME, (a: UnixAddress) => decodeText(a.path, 0, Math.min(a.path.length, PATH_MAX))),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface UnixSources {
  unix_sock: UnixSocket
  unix_address: UnixAddress
  sockaddr_un: UnixAddress
}

export const unixStructs = { unix_sock, unix_address, sockaddr_un }
