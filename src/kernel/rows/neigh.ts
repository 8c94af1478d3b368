// Rows of neighbours.
import { cacheInfo, type Neighbour, probesOf, protocolOf, typeOf } from '../../sources/neigh.ts'
import { AF_INET6 } from '../../sources/nexthop.ts'
import { type Rows, row } from '../types.ts'

const NEIGH = 'netlink RTM_GETNEIGH'
const ARP = '/proc/net/arp'

const neighbour = {
  tbl: row('struct neigh_table *', 'one for IPv4, one for IPv6', (n: Neighbour) => n.family),
  nud_state: row(
    'u8',
    `${NEIGH} ndm_state: NUD_*; from ${ARP} PERMANENT, REACHABLE for all others that are valid, else INCOMPLETE`,
    (n: Neighbour) => n.state,
  ),
  type: row('u8', `${NEIGH} ndm_type: RTN_*`, typeOf),
  protocol: row('u8', `${NEIGH} NDA_PROTOCOL: RTPROT_*`, protocolOf),
  flags: row('u32', `${NEIGH} ndm_flags and NDA_FLAGS_EXT: NTF_*; 0 from ${ARP}`, (n: Neighbour) => n.flags),
  refcnt: row('refcount_t', `${NEIGH} NDA_CACHEINFO, plus 1`, (n: Neighbour) => cacheInfo(n).getUint32(12, true) + 1),
  probes: row('atomic_t', `${NEIGH} NDA_PROBES`, probesOf),
  ha: row(
    'unsigned char[32]',
    `${NEIGH} NDA_LLADDR; ${ARP} where that has none, as while nud_state is not valid; zeros of IPv6 then`,
    (n: Neighbour) => n.ha(),
  ),
  dev: row('struct net_device *', `${NEIGH} ndm_ifindex, or ${ARP}`, (n: Neighbour) => n.device),
  primary_key: row('u8[0]', `${NEIGH} NDA_DST, or ${ARP}: 4 or 16 bytes`, (n: Neighbour) => n.key),
} satisfies Rows

const neigh_table = {
  family: row('int', `${NEIGH} ndm_family, or AF_INET of ${ARP}: AF_*`, (family: number) => family),
  key_len: row('unsigned int', 'by the family: bytes', (family: number) => (family === AF_INET6 ? 16 : 4)),
} satisfies Rows

const pneigh_entry = {
  net: row('possible_net_t', 'the network namespace', (n: Neighbour) => n.session.net.inum),
  dev: row('struct net_device *', `${NEIGH} ndm_ifindex, or ${ARP}: NULL for all devices`, (n: Neighbour) => n.device),
  flags: row('u32', `${NEIGH} ndm_flags and NDA_FLAGS_EXT: NTF_*; NTF_PROXY from ${ARP}`, (n: Neighbour) => n.flags),
  protocol: row('u8', `${NEIGH} NDA_PROTOCOL: RTPROT_*`, protocolOf),
  key: row('u32[0]', `${NEIGH} NDA_DST, or ${ARP}: 1 or 4 words in network order`, ({ key }: Neighbour) => {
    const view = new DataView(key.buffer, key.byteOffset, key.length)
    return Array.from({ length: key.length >> 2 }, (_, i) => view.getUint32(i * 4, true))
  }),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface NeighSources {
  neighbour: Neighbour
  /** AF_* */
  neigh_table: number
  pneigh_entry: Neighbour
}

export const neighStructs = { neighbour, neigh_table, pneigh_entry }
