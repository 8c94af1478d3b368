// Requests of sock_diag ask for some of what a socket has, and which is a matter of the programs that ran before. A recording has the
// answer to the request for all of it, and gives that to each.
import { NETLINK_SOCK_DIAG, NLMSG_HDRLEN } from '../util/netlink.ts'

const TCPDIAG_GETSOCK = 18
const SOCK_DIAG_BY_FAMILY = 20
const AF_INET = 2
const AF_INET6 = 10

/** Offsets of idiag_ext in struct inet_diag_req and struct inet_diag_req_v2. */
const REQ_EXT = 3
const REQ_V2_EXT = 2
const ALL_EXTENSIONS = 0xff

/** The request that asks for every attribute of internet sockets; others as they are. */
export function wholeRequest(protocol: number, request: Uint8Array): Uint8Array {
  if (protocol !== NETLINK_SOCK_DIAG || request.length < NLMSG_HDRLEN + 4) return request
  const type = request[4]! | (request[5]! << 8)
  const family = request[NLMSG_HDRLEN]!
  const isInet = family === AF_INET || family === AF_INET6
  const at = type === TCPDIAG_GETSOCK ? REQ_EXT : type === SOCK_DIAG_BY_FAMILY && isInet ? REQ_V2_EXT : -1
  if (at < 0) return request
  const whole = request.slice()
  whole[NLMSG_HDRLEN + at] = ALL_EXTENSIONS
  return whole
}
