// What the sources of one open iterator of network objects share: the opener's network namespace, and its devices and nexthop objects as they
// were when they were first asked for.
import type { NetNs, Platform } from '../platform/platform.ts'
import { ErrnoError } from '../util/errno.ts'
import { NETLINK_ROUTE } from '../util/netlink.ts'
import { IFLA, NetDevice } from './net-device.ts'
import { dump } from './netlink.ts'
import { Nexthop } from './nexthop.ts'
import { DUMPS, type DumpName, RtMessage } from './rtnetlink.ts'
import { type SourceHooks, SourceSession } from './session.ts'

/** Files of /proc/net in which lines begin with number and name of a device, and the lines of headings. Each lists most devices. */
const NAMING_FILES = { dev_mcast: 0, igmp6: 0, igmp: 1 } as const

/** What a dump gave: all of it, or why there is nothing. */
type Dumped = readonly RtMessage[] | ErrnoError

export class NetSession {
  readonly net: NetNs
  readonly #session: SourceSession
  #links: { readonly byIndex: Map<number, NetDevice>; readonly byName: Map<string, NetDevice> } | ErrnoError | null = null
  #nexthops: Map<number, Nexthop> | null = null
  #names: Map<number, string> | null = null

  /** @param pid of the one who opens the iterator @throws ErrnoError when its namespace may not be looked at */
  constructor(platform: Platform, hooks: SourceHooks, pid: number) {
    this.#session = new SourceSession(platform, hooks)
    this.net = platform.openNet(pid)
  }

  /** The messages of a dump; the error where netlink does not serve it (a sandbox, an old kernel). @param family AF_*, 0 for all */
  dump(name: DumpName, family: number, header: Readonly<Record<number, number>> = {}): Dumped {
    const payload = new Uint8Array(DUMPS[name].header)
    payload[0] = family
    for (const [at, value] of Object.entries(header)) payload[Number(at)] = value
    try {
      return dump(this.net, NETLINK_ROUTE, DUMPS[name].type, payload).map(message => RtMessage.of(name, message))
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
      return new ErrnoError(err.errno, `${name}: ${err.message}`)
    }
  }

  /** The lines of a file of /proc/net without the first `headings`; the error when it may not be read. */
  lines(name: string, headings: number): readonly string[] | ErrnoError {
    try {
      const text = Buffer.from(this.net.read(name)).toString('latin1')
      return text.split('\n').slice(headings, -1)
    } catch (err) {
      if (err instanceof ErrnoError) return err
      throw err
    }
  }

  /** Says at the end of the session that something was left out. */
  denied(what: string): void {
    this.#session.denied(what)
  }

  /** All devices, ascending by number; the error where netlink does not tell. */
  devices(): readonly NetDevice[] | ErrnoError {
    const links = this.#loadLinks()
    return links instanceof ErrnoError ? links : [...links.byIndex.values()]
  }

  /** The device of which this much is known; null for interface number 0. */
  device(known: {
    readonly name?: string
    readonly ifindex?: number
    readonly type?: number
    readonly addrLen?: number
  }): NetDevice | null {
    if (known.ifindex === 0) return null
    const links = this.#loadLinks()
    if (links instanceof ErrnoError) {
      const { ifindex } = known
      const name = known.name ?? (ifindex === undefined ? undefined : this.#namesByIndex().get(ifindex))
      return new NetDevice(this.net, name === undefined ? known : { ...known, name }, links)
    }
    const found = known.ifindex === undefined ? links.byName.get(known.name ?? '') : links.byIndex.get(known.ifindex)
    return found ?? new NetDevice(this.net, known, null)
  }

  /** The nexthop object with this number; null where RTM_GETNEXTHOP does not show it. */
  nexthop(id: number): Nexthop | null {
    if (!this.#nexthops) {
      this.#nexthops = new Map()
      const messages = this.dump('RTM_GETNEXTHOP', 0)
      if (!(messages instanceof ErrnoError)) {
        for (const message of messages) {
          const nexthop = Nexthop.of(this, message)
          this.#nexthops.set(nexthop.number, nexthop)
        }
      }
    }
    return this.#nexthops.get(id) ?? null
  }

  close(): void {
    this.net.close()
    this.#session.close()
  }

  /** Names by number, for where RTM_GETLINK is refused. */
  #namesByIndex(): Map<number, string> {
    if (!this.#names) {
      this.#names = new Map()
      for (const [file, headings] of Object.entries(NAMING_FILES)) {
        const lines = this.lines(file, headings)
        for (const line of lines instanceof ErrnoError ? [] : lines) {
          const match = /^(\d+)\s+(\S+)/.exec(line)
          if (match) this.#names.set(Number(match[1]), match[2]!)
        }
      }
    }
    return this.#names
  }

  #loadLinks() {
    if (this.#links) return this.#links
    const messages = this.dump('RTM_GETLINK', 0)
    if (messages instanceof ErrnoError) {
      this.#links = messages
      return messages
    }
    const devices = messages.map(link => {
      const known = { name: link.text(IFLA.IFNAME), ifindex: link.header.getInt32(4, true) }
      return new NetDevice(this.net, known, link)
    })
    devices.sort((a, b) => a.ifindex - b.ifindex)
    this.#links = {
      byIndex: new Map(devices.map(device => [device.ifindex, device])),
      byName: new Map(devices.map(device => [device.name, device])),
    }
    return this.#links
  }
}
