// Network devices: RTM_GETLINK, or the little that /proc/net has of them.
import type { NetNs } from '../platform/platform.ts'
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import type { RtMessage } from './rtnetlink.ts'

/** Attributes of a link (linux/if_link.h). */
export const IFLA = {
  ...{ ADDRESS: 1, BROADCAST: 2, IFNAME: 3, MTU: 4, TXQLEN: 13, OPERSTATE: 16, LINKMODE: 17, STATS64: 23, GROUP: 27 },
  ...{ PROMISCUITY: 30, NUM_TX_QUEUES: 31, NUM_RX_QUEUES: 32, PROTO_DOWN: 39, GSO_MAX_SEGS: 40, GSO_MAX_SIZE: 41 },
  ...{ CARRIER_UP_COUNT: 47, CARRIER_DOWN_COUNT: 48, MIN_MTU: 50, MAX_MTU: 51, PERM_ADDRESS: 54, GRO_MAX_SIZE: 58 },
  ...{ TSO_MAX_SIZE: 59, TSO_MAX_SEGS: 60, ALLMULTI: 61 },
} as const

const IFF_PROMISC = 0x100
const IFF_ALLMULTI = 0x200
/** Bits of SIOCGIFFLAGS that do not lie in net_device.flags (dev_get_flags). */
const IFF_DERIVED = IFF_PROMISC | IFF_ALLMULTI | 0x40 | 0x1_0000 | 0x2_0000 // RUNNING, LOWER_UP, DORMANT

/** What is known of a device without RTM_GETLINK. */
export interface KnownDevice {
  readonly name?: string
  readonly ifindex?: number
  /** ARPHRD_* */
  readonly type?: number
  /** Bytes of its hardware addresses. */
  readonly addrLen?: number
}

export class NetDevice {
  readonly net: NetNs
  readonly #known: KnownDevice
  readonly #link: RtMessage | ErrnoError | null

  /** @param link its message; the error where netlink does not tell of links; null when it does not know this one */
  constructor(net: NetNs, known: KnownDevice, link: RtMessage | ErrnoError | null) {
    this.net = net
    this.#known = known
    this.#link = link
  }

  get id(): string {
    return `${this.net.inum} ${this.#known.name ?? this.#known.ifindex}`
  }

  /** @throws what link() throws where only its number is known */
  get name(): string {
    return this.#known.name ?? this.link().text(IFLA.IFNAME)
  }

  /** Its name where that is known without a look at it. */
  get knownName(): string | undefined {
    return this.#known.name
  }

  get ifindex(): number {
    return this.#known.ifindex ?? this.link().header.getInt32(4, true)
  }

  get type(): number {
    return this.#known.type ?? this.link().header.getUint16(2, true)
  }

  get addrLen(): number {
    if (this.#known.addrLen !== undefined) return this.#known.addrLen
    const link = this.link()
    return link.has(IFLA.ADDRESS) ? link.bytes(IFLA.ADDRESS).length : 0
  }

  /** As net_device.flags has them: without what dev_get_flags() adds. */
  get flags(): number {
    const link = this.link()
    const shown = link.header.getUint32(8, true) & ~IFF_DERIVED
    const promisc = link.number(IFLA.PROMISCUITY) > 0 ? IFF_PROMISC : 0
    const allmulti = link.number(IFLA.ALLMULTI) > 0 ? IFF_ALLMULTI : 0
    return (shown | promisc | allmulti) >>> 0
  }

  /** What the user asked for: net_device.gflags. */
  get userFlags(): number {
    return this.link().header.getUint32(8, true) & (IFF_PROMISC | IFF_ALLMULTI)
  }

  /** An address of it, with zeros up to MAX_ADDR_LEN. @param attribute IFLA_ADDRESS and its kin */
  address(attribute: number): Uint8Array {
    return padded(this.link().has(attribute) ? this.link().bytes(attribute) : new Uint8Array(0), 32)
  }

  /** struct rtnl_link_stats64, field by field. */
  stats(): readonly bigint[] {
    const bytes = this.link().bytes(IFLA.STATS64)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    return Array.from({ length: bytes.length >> 3 }, (_, i) => view.getBigUint64(i * 8, true))
  }

  /** Its message. @throws ErrnoError where netlink does not tell of links, ObjectGone when it is not there any more */
  link(): RtMessage {
    if (this.#link === null) throw new ObjectGone(`network device ${this.#known.name ?? this.#known.ifindex}`)
    if (!(this.#link instanceof ErrnoError)) return this.#link
    const { message } = this.#link
    throw new ErrnoError(
      EOPNOTSUPP,
      `network device ${this.#known.name ?? this.#known.ifindex}: want netlink to tell of it, got ${message}`,
    )
  }
}

/** The bytes with zeros behind them. */
export function padded(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length === size) return bytes
  const all = new Uint8Array(size)
  all.set(bytes.subarray(0, size))
  return all
}

/** A device with its counters: struct rtnl_link_stats64, field by field. */
export interface DeviceStats {
  readonly device: NetDevice
  stats(): readonly bigint[]
}

/** The column of /proc/net/dev that each field of rtnl_link_stats64 is in, from rx_packets on; -1 for what went into a sum. */
const COLUMNS = [
  ...[1, 9, 0, 8, 2, 10, 3, 11, 7, 13], // packets, bytes, errors and dropped, rx before tx; multicast, collisions
  ...[-1, -1, -1, 5, 4, -1, -1, 14, 12, -1, -1, 6, 15],
]

/**
 * A line of /proc/net/dev: the name and the counters in the order of rtnl_link_stats64. The file adds up counters (dev_seq_printf_stats); the sums
 * are in rx_dropped, rx_frame_errors and tx_carrier_errors, what went into them is 0.
 */
export function parseDevLine(line: string): { readonly name: string; readonly stats: readonly bigint[] } {
  const colon = line.lastIndexOf(':')
  const columns = line
    .slice(colon + 1)
    .trim()
    .split(/\s+/)
    .map(BigInt)
  if (colon < 0 || columns.length < 16) {
    throw new ErrnoError(EOPNOTSUPP, `/proc/net/dev: want a name and 16 counters, got "${line}"`)
  }
  return { name: line.slice(0, colon).trim(), stats: COLUMNS.map(column => columns[column] ?? 0n) }
}
