// Rows of netlink sockets.
import type { NetlinkSocket } from '../../sources/netlink-sockets.ts'
import { type Rows, row } from '../types.ts'

const PROC = '/proc/net/netlink'
const DIAG = 'netlink_diag'

const netlink_sock = {
  sk: row('struct sock', 'the socket itself', (s: NetlinkSocket) => s),
  flags: row(
    'long unsigned int',
    `${DIAG} NETLINK_DIAG_FLAGS: NETLINK_F_RECV_PKTINFO to CAP_ACK, and KERNEL_SOCKET where the port is 0; not EXT_ACK and STRICT_CHK`,
    (s: NetlinkSocket) => s.flags,
  ),
  portid: row('u32', `${PROC} Pid`, (s: NetlinkSocket) => s.row.portid),
  dst_portid: row('u32', DIAG, (s: NetlinkSocket) => s.dstPortid),
  dst_group: row('u32', DIAG, (s: NetlinkSocket) => s.dstGroup),
  subscriptions: row('u32', `${DIAG} NETLINK_DIAG_GROUPS, its bits counted`, (s: NetlinkSocket) =>
    (s.groups ?? []).reduce((count, word) => count + bitsIn(word), 0),
  ),
  groups: row(
    'long unsigned int *',
    `${DIAG} NETLINK_DIAG_GROUPS, or the 32 that ${PROC} shows; NULL for none`,
    (s: NetlinkSocket) => s.groups,
  ),
  bound: row('bool', `${PROC} Pid: 1 when it has a port of its own`, (s: NetlinkSocket) => (s.row.portid === 0 ? 0 : 1)),
  cb_running: row('bool', `${PROC} Dump`, (s: NetlinkSocket) => (s.row.dumps ? 1 : 0)),
} satisfies Rows

const bitsIn = (word: bigint): number => word.toString(2).replaceAll('0', '').length

/** What stands behind the structs of this file. */
export interface NetlinkSources {
  netlink_sock: NetlinkSocket
}

export const netlinkStructs = { netlink_sock }
