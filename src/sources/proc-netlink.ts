// Lines of /proc/net/netlink (netlink_native_seq_show): the sockets that have a port.
import { latin1 } from './text.ts'

/** One line. */
export interface NetlinkRow {
  /** NETLINK_* */
  readonly protocol: number
  readonly portid: number
  /** The first 32. */
  readonly groups: number
  /** Bytes. */
  readonly rmem: number
  readonly wmem: number
  readonly dumps: boolean
  readonly refcnt: number
  readonly drops: number
  readonly inode: number
}

/** sk, Eth, Pid, Groups, Rmem, Wmem, Dump, Locks, Drops, Inode */
const COLUMNS = 10

/** All lines in the kernel's order, those of one socket that the kernel printed twice included. */
export function parseNetlink(bytes: Uint8Array): NetlinkRow[] {
  const rows: NetlinkRow[] = []
  for (const line of latin1(bytes).split('\n').slice(1)) {
    const columns = line.trim().split(/ +/)
    if (columns.length !== COLUMNS) continue
    const [, protocol, portid, , rmem, wmem, dumps, refcnt, drops, inode] = columns.map(Number) as readonly number[]
    rows.push({
      ...{ protocol: protocol!, portid: portid!, groups: Number.parseInt(columns[3]!, 16), rmem: rmem!, wmem: wmem! },
      ...{ dumps: dumps !== 0, refcnt: refcnt!, drops: drops!, inode: inode! },
    })
  }
  return rows
}
