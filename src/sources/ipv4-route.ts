// IPv4 routes: the netlink dump of all tables; /proc/net/route, which has the main table only, where netlink is refused.
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import type { NetSession } from './net-session.ts'
import { AF_INET } from './nexthop.ts'
import { type Route, routeOf } from './route.ts'

const RT_TABLE_MAIN = 254
const RTN_UNICAST = 1
const RTN_UNREACHABLE = 7
const RTF_GATEWAY = 0x2
const RTF_REJECT = 0x200
const METRICS = 17
const RTAX = { WINDOW: 3, RTT: 4, ADVMSS: 8 } as const

/** All routes of the session's namespace, in the kernel's order. @throws ErrnoError when neither netlink nor /proc/net/route shows any */
export function ipv4Routes(session: NetSession): Route[] {
  const messages = session.dump('RTM_GETROUTE', AF_INET)
  if (!(messages instanceof ErrnoError)) return messages.flatMap(message => routeOf(session, message) ?? [])
  const lines = session.lines('route', 1)
  if (lines instanceof ErrnoError) throw new ErrnoError(messages.errno, `ipv4_route: ${messages.message}; ${lines.message}`)
  session.denied('IPv4 routes outside the main table')
  return lines.map(line => parseLine(session, line))
}

/**
 * `IFACE DESTINATION GATEWAY FLAGS REFCNT USE METRIC MASK MTU WINDOW IRTT` with tabs between (fib_route_seq_show). Of the type the file shows only whether
 * it is UNREACHABLE or PROHIBIT, which here is UNREACHABLE; all others are UNICAST.
 */
function parseLine(session: NetSession, line: string): Route {
  const [name, dst, gateway, flagText, , , metric, mask, mtu, window, irtt] = line.trimEnd().split('\t')
  if (irtt === undefined) throw new ErrnoError(EOPNOTSUPP, `/proc/net/route: want 11 columns, got "${line}"`)
  const flags = Number.parseInt(flagText!, 16)
  const metrics = new Array<number>(METRICS).fill(0)
  metrics[RTAX.WINDOW - 1] = Number(window)
  metrics[RTAX.RTT - 1] = Number(irtt) * 8
  metrics[RTAX.ADVMSS - 1] = mtu === '0' ? 0 : Number(mtu) - 40
  const [to, via, bits] = [dst, gateway, mask].map(digits => wordBytes(Number.parseInt(digits!, 16)))
  const dstLen = prefixLength(bits!)
  const path = {
    id: `${session.net.inum} ${line.trimEnd()}`,
    family: AF_INET,
    gateway: flags & RTF_GATEWAY ? via! : new Uint8Array(0),
    device: name === '*' ? null : session.device({ name: name! }),
    ...{ flags: 0, weight: 1 },
  }
  return {
    id: path.id,
    ...{ session, family: AF_INET, dst: to!, dstLen, src: new Uint8Array(4), srcLen: 0, prefsrc: null, tos: 0 },
    ...{ table: RT_TABLE_MAIN, protocol: 0, scope: 0, type: flags & RTF_REJECT ? RTN_UNREACHABLE : RTN_UNICAST, flags: 0 },
    ...{ priority: Number(metric) >>> 0, metrics, paths: [path], nexthop: null },
  }
}

/** The file prints addresses as the CPU reads them: their bytes are in network order in memory. */
function wordBytes(word: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, word, true)
  return bytes
}

function prefixLength(mask: Uint8Array): number {
  const ones = new DataView(mask.buffer).getUint32(0)
  return Math.clz32(~ones)
}
