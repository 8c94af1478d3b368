// Neighbours of IPv4 and IPv6, and the addresses that the machine answers for (proxies): the netlink dumps; /proc/net/arp, which has IPv4 only, where
// netlink is refused.
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import { type NetDevice, padded } from './net-device.ts'
import type { NetSession } from './net-session.ts'
import { AF_INET, AF_INET6 } from './nexthop.ts'
import { hex } from './route.ts'
import type { RtMessage } from './rtnetlink.ts'

const NDA = { DST: 1, LLADDR: 2, CACHEINFO: 3, PROBES: 4, PROTOCOL: 12, FLAGS_EXT: 15 } as const
export const NUD = { INCOMPLETE: 0x01, REACHABLE: 0x02, PERMANENT: 0x80 } as const
const NTF_PROXY = 0x08
/** Where ndm_flags lies in struct ndmsg. */
const NDM_FLAGS_AT = 10
/** Flags of NDA_FLAGS_EXT lie behind the others in neighbour.flags (NTF_EXT_SHIFT). */
const NTF_EXT_SHIFT = 8
const ATF_COM = 0x2
const ATF_PERM = 0x4
const ATF_PUBL = 0x8
/** MAX_ADDR_LEN */
const ADDRESS_BYTES = 32

export interface Neighbour {
  readonly id: string
  readonly session: NetSession
  /** Of the table that it is in: AF_INET or AF_INET6. */
  readonly family: number
  /** True for a struct pneigh_entry. */
  readonly proxy: boolean
  /** The address: 4 or 16 bytes. */
  readonly key: Uint8Array
  /** Null for a proxy of all devices. */
  readonly device: NetDevice | null
  /** NUD_*, NTF_* */
  readonly state: number
  readonly flags: number
  /** Hardware address and zeros, 32 bytes; all zeros where none is known. */
  ha(): Uint8Array
  /** Its message. @throws ErrnoError EOPNOTSUPP where only /proc/net/arp shows it */
  message(): RtMessage
}

export const cacheInfo = (neighbour: Neighbour): DataView => {
  const bytes = neighbour.message().bytes(NDA.CACHEINFO)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
export const typeOf = (neighbour: Neighbour): number => neighbour.message().header.getUint8(11)
export const protocolOf = (neighbour: Neighbour): number => neighbour.message().numberOr(NDA.PROTOCOL, 0)
export const probesOf = (neighbour: Neighbour): number => neighbour.message().number(NDA.PROBES)

/** All neighbours of the session's namespace: IPv4, its proxies, IPv6, its proxies. @throws ErrnoError when neither netlink nor /proc/net/arp shows any */
export function neighbours(session: NetSession): Neighbour[] {
  const arp = new ArpFile(session)
  // Without its device a neighbour has no type and length of addresses; of some devices the file has them.
  const devices = session.devices()
  if (devices instanceof ErrnoError) return fromFile(arp, devices)
  const all: Neighbour[] = []
  for (const family of [AF_INET, AF_INET6]) {
    for (const flags of [0, NTF_PROXY]) {
      const messages = session.dump('RTM_GETNEIGH', family, { [NDM_FLAGS_AT]: flags })
      if (messages instanceof ErrnoError) return fromFile(arp, messages)
      all.push(...messages.map(message => neighbourOf(session, message, arp)))
    }
  }
  return all
}

/** struct ndmsg: family u8, ifindex s32 at 4, state u16 at 8, flags u8 at 10, type u8 at 11. */
function neighbourOf(session: NetSession, message: RtMessage, arp: ArpFile): Neighbour {
  const { header } = message
  const family = header.getUint8(0)
  const flags = header.getUint8(NDM_FLAGS_AT)
  const proxy = (flags & NTF_PROXY) !== 0
  const key = padded(message.has(NDA.DST) ? message.bytes(NDA.DST) : new Uint8Array(0), family === AF_INET6 ? 16 : 4)
  const device = session.device({ ifindex: header.getInt32(4, true) })
  return {
    ...{ session, family, proxy, key, device },
    id: `${session.net.inum} ${hex(key)} ${device?.id}`,
    state: header.getUint16(8, true),
    flags: flags | (message.numberOr(NDA.FLAGS_EXT, 0) << NTF_EXT_SHIFT),
    message: () => message,
    ha() {
      // The kernel names it while the neighbour's state is valid only; what was last known of an IPv4 neighbour is in the file.
      const bytes = message.has(NDA.LLADDR) ? message.bytes(NDA.LLADDR) : family === AF_INET ? arp.addressOf(key, device) : null
      return padded(bytes ?? new Uint8Array(0), ADDRESS_BYTES)
    },
  }
}

function fromFile(arp: ArpFile, refused: ErrnoError): Neighbour[] {
  const lines = arp.lines()
  if (lines instanceof ErrnoError) throw new ErrnoError(refused.errno, `neigh: ${refused.message}; ${lines.message}`)
  const { session } = arp
  session.denied('IPv6 neighbours')
  return lines.map(({ key, type, flags, address, name }) => {
    const proxy = (flags & ATF_PUBL) !== 0
    const device = name === '*' ? null : session.device({ name, type, addrLen: address.length })
    return {
      ...{ session, family: AF_INET, proxy, key, device, flags: proxy ? NTF_PROXY : 0 },
      id: `${session.net.inum} ${hex(key)} ${device?.id}`,
      // The file tells three kinds of states apart (arp_state_to_flags).
      state: proxy ? 0 : flags & ATF_PERM ? NUD.PERMANENT : flags & ATF_COM ? NUD.REACHABLE : NUD.INCOMPLETE,
      ha: () => padded(address, ADDRESS_BYTES),
      message(): never {
        throw new ErrnoError(EOPNOTSUPP, `neighbour ${key.join('.')}: want netlink to tell of it, got ${refused.message}`)
      },
    }
  })
}

interface ArpLine {
  readonly key: Uint8Array
  readonly type: number
  /** ATF_* */
  readonly flags: number
  readonly address: Uint8Array
  readonly name: string
}

/** /proc/net/arp, read when it is first asked for. */
class ArpFile {
  readonly session: NetSession
  #lines: readonly ArpLine[] | ErrnoError | null = null

  constructor(session: NetSession) {
    this.session = session
  }

  lines(): readonly ArpLine[] | ErrnoError {
    if (!this.#lines) {
      const texts = this.session.lines('arp', 1)
      this.#lines = texts instanceof ErrnoError ? texts : texts.map(parseArp)
    }
    return this.#lines
  }

  /** The hardware address in the line of a neighbour; null when there is none. */
  addressOf(key: Uint8Array, device: NetDevice | null): Uint8Array | null {
    const lines = this.lines()
    if (lines instanceof ErrnoError) return null
    return (
      lines.find(line => hex(line.key) === hex(key) && line.name === device?.name && !(line.flags & ATF_PUBL))?.address ?? null
    )
  }
}

/** `ADDRESS 0xTYPE 0xFLAGS HARDWARE_ADDRESS MASK DEVICE` (arp_seq_show); the hardware address of a device without one is blank. */
function parseArp(line: string): ArpLine {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\s+0x([\da-f]+)\s+0x([\da-f]+)\s+([\da-f:]*)\s+\*\s+(\S+)$/i.exec(line)
  if (!match) throw new ErrnoError(EOPNOTSUPP, `/proc/net/arp: want six columns, got "${line}"`)
  const [, a, b, c, d, type, flags, address, name] = match
  return {
    key: Uint8Array.from([a, b, c, d], Number),
    type: Number.parseInt(type!, 16),
    flags: Number.parseInt(flags!, 16),
    address: Uint8Array.from(address === '' ? [] : address!.split(':'), digits => Number.parseInt(digits, 16)),
    name: name!,
  }
}
