// IPv6 routes. /proc/net/ipv6_route is the list: it has every struct fib6_info, in the order of the kernel's iterator. The netlink dump, in the same
// order, tells more of them, but lacks some: the entries that stand for "no route" at the top of a table, and those between the paths of a multipath route
// (rt6_dump_route goes on behind its last one).
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import type { NetSession } from './net-session.ts'
import { AF_INET6, type Path } from './nexthop.ts'
import { hex, type Route, routeOf } from './route.ts'

const RTF_GATEWAY = 0x2
const RTF_ANYCAST = 0x0010_0000
const RTF_LOCAL = 0x8000_0000
const [RTN_UNICAST, RTN_LOCAL, RTN_ANYCAST] = [1, 2, 4]
/** RTF_REJECT | RTF_NONEXTHOP */
const RTF_NULL_ENTRY = 0x0020_0200
const NULL_METRIC = 0xffff_ffff
/** The path of the null entry is never filled in, but for its device. */
const NULL_PATH = { family: 0, oif: 0, flags: 0, weight: 0 }
/** Times that both lists are read again because the tables changed between them. */
const MOST_TRIES = 10

/** A line of /proc/net/ipv6_route. */
interface Line {
  readonly dst: string
  readonly dstLen: number
  readonly src: string
  readonly srcLen: number
  readonly gateway: string
  readonly metric: number
  readonly ref: number
  readonly flags: number
  readonly device: string
}

/** One path of a route of the dump: what one line shows. */
interface Told {
  readonly route: Route
  readonly at: number
  /** Set when the dump leaves the route out: what neither it nor the file shows is 0. */
  readonly lacking?: true
}

/** A struct fib6_info: one line of /proc/net/ipv6_route. */
export class Ipv6Route {
  readonly session: NetSession
  readonly #line: Line | null
  readonly #told: Told | null
  /** Why the dump does not tell of it. */
  readonly #reason: string

  constructor(session: NetSession, line: Line | null, told: Told | null, reason = '') {
    this.session = session
    this.#line = line
    this.#told = told
    this.#reason = reason
  }

  get id(): string {
    if (this.#told) return `${this.#told.route.id} ${this.#told.at}`
    const { dst, dstLen, src, srcLen, gateway, metric, device } = this.#line!
    return `${this.session.net.inum} ${dst}/${dstLen} ${src}/${srcLen} ${metric} ${gateway} ${device}`
  }

  /** The dump's answer. @throws ErrnoError EOPNOTSUPP where it lacks this route */
  told(field: string): Route {
    if (this.#told) {
      if (this.#told.lacking)
        this.session.denied('protocol, source and metrics of an IPv6 route that the netlink dump leaves out')
      return this.#told.route
    }
    throw new ErrnoError(EOPNOTSUPP, `fib6_info.${field} of ${this.#line!.dst}/${this.#line!.dstLen}: ${this.#reason}`)
  }

  /** The entry at the top of a table that has no default route (fib6_null_entry): one for all tables, and of none. */
  get isNull(): boolean {
    return this.#told === null && isNullEntry(this.#line!)
  }

  /** RT_TABLE_*; null for the null entry. */
  get table(): number | null {
    return this.isNull ? null : (this.#told?.route ?? this.told('fib6_table')).table
  }

  get dst(): Uint8Array {
    return this.#line ? bytesOf(this.#line.dst) : this.#told!.route.dst
  }

  get dstLen(): number {
    return this.#line?.dstLen ?? this.#told!.route.dstLen
  }

  get src(): Uint8Array {
    return this.#line ? bytesOf(this.#line.src) : this.#told!.route.src
  }

  get srcLen(): number {
    return this.#line?.srcLen ?? this.#told!.route.srcLen
  }

  get metric(): number {
    return this.#line?.metric ?? this.#told!.route.priority
  }

  /** References. @throws ErrnoError EOPNOTSUPP without /proc/net/ipv6_route */
  get ref(): number {
    return this.#ofLine('fib6_ref').ref
  }

  /** RTF_*, without RTF_GATEWAY, which only the file has. @throws ErrnoError EOPNOTSUPP without /proc/net/ipv6_route */
  get flags(): number {
    return (this.#ofLine('fib6_flags').flags & ~RTF_GATEWAY) >>> 0
  }

  /** The route's own path: none for one that leads through a nexthop object. */
  get path(): Path | null {
    if (this.#told) return this.#told.route.nexthop ? null : this.#told.route.paths[this.#told.at]!
    const path = pathOf(this.session, this.#line!)
    return this.isNull ? { ...path, ...NULL_PATH } : path
  }

  get nexthop(): Route['nexthop'] {
    return this.#told?.route.nexthop ?? null
  }

  #ofLine(field: string): Line {
    if (this.#line) return this.#line
    throw new ErrnoError(EOPNOTSUPP, `fib6_info.${field}: want /proc/net/ipv6_route, which may not be read here`)
  }
}

/** All routes of the session's namespace. @throws ErrnoError when neither /proc/net/ipv6_route nor netlink shows any */
export function ipv6Routes(session: NetSession): Ipv6Route[] {
  for (let tries = 1; ; tries++) {
    const texts = session.lines('ipv6_route', 0)
    const messages = session.dump('RTM_GETROUTE', AF_INET6)
    if (texts instanceof ErrnoError) {
      if (messages instanceof ErrnoError)
        throw new ErrnoError(messages.errno, `ipv6_route: ${messages.message}; ${texts.message}`)
      return toldOf(session, messages).map(told => new Ipv6Route(session, null, told))
    }
    const lines = texts.map(parseLine)
    const refused = messages instanceof ErrnoError
    const told = refused ? [] : toldOf(session, messages)
    const reason = refused ? `want netlink to tell of it, got ${messages.message}` : 'the netlink dump leaves it out'
    const { routes, all } = join(session, lines, told, reason)
    if (all || tries === MOST_TRIES) return routes
  }
}

function toldOf(session: NetSession, messages: readonly Parameters<typeof routeOf>[1][]): Told[] {
  return messages.flatMap(message => {
    const route = routeOf(session, message)
    if (!route) return []
    return route.nexthop ? [{ route, at: 0 }] : route.paths.map((_, at) => ({ route, at }))
  })
}

/** Each line with what the dump says of it. The dump is part of the list, in its order: `all` is false when it is not, so that one of them is older. */
function join(
  session: NetSession,
  lines: readonly Line[],
  told: readonly Told[],
  reason: string,
): { routes: Ipv6Route[]; all: boolean } {
  let next = 0
  const routes = lines.map(line => {
    const candidate = told[next]
    if (candidate && isOf(line, candidate)) {
      next++
      return new Ipv6Route(session, line, candidate)
    }
    const before = told[next - 1]?.route
    if (!before || isNullEntry(line) || !isSamePlace(line, before)) return new Ipv6Route(session, line, null, reason)
    return new Ipv6Route(session, line, { route: between(session, line, before), at: 0, lacking: true })
  })
  return { routes, all: next === told.length }
}

/** A route that lies between the paths of a multipath route, and so has its destination, metric and table. */
const between = (session: NetSession, line: Line, route: Route): Route => ({
  ...route,
  id: `${route.id} ${line.gateway} ${line.device}`,
  ...{ prefsrc: null, protocol: 0, flags: 0, metrics: null, nexthop: null },
  type: line.flags & RTF_LOCAL ? RTN_LOCAL : line.flags & RTF_ANYCAST ? RTN_ANYCAST : RTN_UNICAST,
  paths: [pathOf(session, line)],
})

/** What the file tells of the path. */
const pathOf = (session: NetSession, { dst, dstLen, gateway, flags, device }: Line): Path => ({
  id: `${session.net.inum} ${dst}/${dstLen} ${gateway} ${device}`,
  family: AF_INET6,
  gateway: flags & RTF_GATEWAY ? bytesOf(gateway) : new Uint8Array(0),
  device: session.device({ name: device }),
  ...{ flags: 0, weight: 1 },
})

const isNullEntry = ({ dstLen, srcLen, metric, flags }: Line): boolean =>
  dstLen === 0 && srcLen === 0 && metric === NULL_METRIC && flags === RTF_NULL_ENTRY

const isSamePlace = (line: Line, route: Route): boolean =>
  line.metric === route.priority &&
  line.dstLen === route.dstLen &&
  line.srcLen === route.srcLen &&
  line.dst === hex(route.dst) &&
  line.src === hex(route.src)

function isOf(line: Line, { route, at }: Told): boolean {
  if (!isSamePlace(line, route)) return false
  const path = route.paths[at]!
  // With net.ipv4.nexthop_compat_mode=0 the kernel does not name the paths of nexthop objects.
  if (route.nexthop && path.device === null) return true
  const gateway = path.gateway.length === 16 ? hex(path.gateway) : NO_ADDRESS
  const name = path.device?.knownName
  return line.gateway === gateway && (name === undefined || line.device === name)
}

const NO_ADDRESS = '0'.repeat(32)

/** `DST LEN SRC LEN GATEWAY METRIC REF USE FLAGS DEVICE`, all but the last hexadecimal. */
function parseLine(text: string): Line {
  const [dst, dstLen, src, srcLen, gateway, metric, ref, use, flags, device = ''] = text.split(/ +/)
  if (use === undefined || flags === undefined)
    throw new ErrnoError(EOPNOTSUPP, `/proc/net/ipv6_route: want 10 columns, got "${text}"`)
  const number = (digits: string | undefined): number => Number.parseInt(digits!, 16)
  return {
    ...{ dst: dst!, dstLen: number(dstLen), src: src!, srcLen: number(srcLen), gateway: gateway!, metric: number(metric) },
    ...{ ref: number(ref), flags: number(flags), device },
  }
}

const bytesOf = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'))
