// Rows of network devices.
import { type DeviceStats, IFLA, type NetDevice } from '../../sources/net-device.ts'
import { decodeText } from '../../util/bytes.ts'
import { EOPNOTSUPP, ErrnoError } from '../../util/errno.ts'
import { type Rows, row } from '../types.ts'

const LINK = 'netlink RTM_GETLINK'

/** A field that an attribute of the kernel's answer shows. */
const number =
  (name: keyof typeof IFLA) =>
  (device: NetDevice): number =>
    device.link().number(IFLA[name])

const net_device = {
  name: row('char[16]', `${LINK} IFLA_IFNAME, or the name in the file of /proc/net`, (d: NetDevice) => d.name),
  ifindex: row('int', `${LINK} ifi_index`, (d: NetDevice) => d.ifindex),
  flags: row(
    'unsigned int',
    `${LINK} ifi_flags, without RUNNING, LOWER_UP and DORMANT, which the kernel adds when it is asked`,
    (d: NetDevice) => d.flags,
  ),
  gflags: row('short unsigned int', `${LINK} ifi_flags: IFF_PROMISC and IFF_ALLMULTI`, (d: NetDevice) => d.userFlags),
  type: row('short unsigned int', `${LINK} ifi_type, or HW type of /proc/net/arp: ARPHRD_*`, (d: NetDevice) => d.type),
  mtu: row('unsigned int', `${LINK} IFLA_MTU: bytes`, number('MTU')),
  min_mtu: row('unsigned int', `${LINK} IFLA_MIN_MTU: bytes`, number('MIN_MTU')),
  max_mtu: row('unsigned int', `${LINK} IFLA_MAX_MTU: bytes`, number('MAX_MTU')),
  operstate: row('unsigned int', `${LINK} IFLA_OPERSTATE: IF_OPER_DOWN (2) while the device is not up`, number('OPERSTATE')),
  link_mode: row('unsigned char', `${LINK} IFLA_LINKMODE`, number('LINKMODE')),
  group: row('int', `${LINK} IFLA_GROUP`, number('GROUP')),
  promiscuity: row('unsigned int', `${LINK} IFLA_PROMISCUITY`, number('PROMISCUITY')),
  allmulti: row('unsigned int', `${LINK} IFLA_ALLMULTI`, number('ALLMULTI')),
  num_tx_queues: row('unsigned int', `${LINK} IFLA_NUM_TX_QUEUES`, number('NUM_TX_QUEUES')),
  num_rx_queues: row('unsigned int', `${LINK} IFLA_NUM_RX_QUEUES`, number('NUM_RX_QUEUES')),
  tx_queue_len: row('unsigned int', `${LINK} IFLA_TXQLEN: packets`, number('TXQLEN')),
  gso_max_size: row('unsigned int', `${LINK} IFLA_GSO_MAX_SIZE: bytes`, number('GSO_MAX_SIZE')),
  gso_max_segs: row('u16', `${LINK} IFLA_GSO_MAX_SEGS`, number('GSO_MAX_SEGS')),
  gro_max_size: row('unsigned int', `${LINK} IFLA_GRO_MAX_SIZE: bytes`, number('GRO_MAX_SIZE')),
  tso_max_size: row('unsigned int', `${LINK} IFLA_TSO_MAX_SIZE: bytes`, number('TSO_MAX_SIZE')),
  tso_max_segs: row('u16', `${LINK} IFLA_TSO_MAX_SEGS`, number('TSO_MAX_SEGS')),
  carrier_up_count: row('atomic_t', `${LINK} IFLA_CARRIER_UP_COUNT`, number('CARRIER_UP_COUNT')),
  carrier_down_count: row('atomic_t', `${LINK} IFLA_CARRIER_DOWN_COUNT`, number('CARRIER_DOWN_COUNT')),
  proto_down: row('bool', `${LINK} IFLA_PROTO_DOWN`, number('PROTO_DOWN')),
  nd_net: row('possible_net_t', 'the network namespace', (d: NetDevice) => d.net.inum),
  addr_len: row('unsigned char', `${LINK} IFLA_ADDRESS: bytes`, (d: NetDevice) => d.addrLen),
  dev_addr: row('const unsigned char *', `${LINK} IFLA_ADDRESS: 32 bytes, zeros behind the address`, (d: NetDevice) =>
    decodeText(d.address(IFLA.ADDRESS)),
  ),
  broadcast: row('unsigned char[32]', `${LINK} IFLA_BROADCAST`, (d: NetDevice) => d.address(IFLA.BROADCAST)),
  perm_addr: row('unsigned char[32]', `${LINK} IFLA_PERM_ADDRESS: zeros where the device has none`, (d: NetDevice) =>
    d.address(IFLA.PERM_ADDRESS),
  ),
} satisfies Rows

const STATS = `${LINK} IFLA_STATS64`
/** The counter at this place. Kernels from before it do not give the last ones. */
const counter = (at: number, from = STATS) =>
  row('__u64', from, (s: DeviceStats) => {
    const value = s.stats()[at]
    if (value === undefined)
      throw new ErrnoError(EOPNOTSUPP, `rtnl_link_stats64 of ${s.device.name}: ${STATS} has no field ${at}`)
    return value
  })
const FILE = `${STATS}, or /proc/net/dev`
const inSum = (sum: string): string => `${STATS}; 0 from /proc/net/dev, which has it in ${sum}`
const isSum = (of: string): string => `${FILE}, which adds ${of} to it`

const rtnl_link_stats64 = {
  rx_packets: counter(0, FILE),
  tx_packets: counter(1, FILE),
  rx_bytes: counter(2, FILE),
  tx_bytes: counter(3, FILE),
  rx_errors: counter(4, FILE),
  tx_errors: counter(5, FILE),
  rx_dropped: counter(6, isSum('rx_missed_errors')),
  tx_dropped: counter(7, FILE),
  multicast: counter(8, FILE),
  collisions: counter(9, FILE),
  rx_length_errors: counter(10, inSum('rx_frame_errors')),
  rx_over_errors: counter(11, inSum('rx_frame_errors')),
  rx_crc_errors: counter(12, inSum('rx_frame_errors')),
  rx_frame_errors: counter(13, isSum('length, over and crc errors')),
  rx_fifo_errors: counter(14, FILE),
  rx_missed_errors: counter(15, inSum('rx_dropped')),
  tx_aborted_errors: counter(16, inSum('tx_carrier_errors')),
  tx_carrier_errors: counter(17, isSum('aborted, window and heartbeat errors')),
  tx_fifo_errors: counter(18, FILE),
  tx_heartbeat_errors: counter(19, inSum('tx_carrier_errors')),
  tx_window_errors: counter(20, inSum('tx_carrier_errors')),
  rx_compressed: counter(21, FILE),
  tx_compressed: counter(22, FILE),
  rx_nohandler: counter(23),
  rx_otherhost_dropped: counter(24),
} satisfies Rows

/** What stands behind the structs of this file. */
export interface NetDeviceSources {
  net_device: NetDevice
  rtnl_link_stats64: DeviceStats
}

export const netDeviceStructs = { net_device, rtnl_link_stats64 }
