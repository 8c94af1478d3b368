// Rows of tcp sockets: whole ones, those in TIME_WAIT, and connections that begin.

import { swap16 } from '../../sources/inet-address.ts'
import { INET_DIAG } from '../../sources/inet-diag.ts'
import type { InetSocket } from '../../sources/inet-socket.ts'
import { TCP_LISTEN, TIMER } from '../../sources/inet-telling.ts'
import type { TcpInfoField } from '../../sources/tcp-info.ts'
import { bitfield, type Raw, type Row, type Rows, row } from '../types.ts'

const DIAG = 'sock_diag'
const PROC = '/proc/net/tcp and tcp6'
const ITSELF = 'the socket itself'

type Counter = 'u32' | '__u32' | 'u16' | '__u16' | 'u8' | '__u8'
/** A member of tcp_info; `times` where the kernel's field counts in smaller parts. */
const info = <T extends Counter>(type: T, field: TcpInfoField, times = 1): Row<InetSocket, T> => {
  const from = `tcp_info tcpi_${field}${times > 1 ? `, in steps of ${times}` : ''}; 0 for a listener`
  return row(type, from, ((s: InetSocket) => s.info(field) * times) as (s: InetSocket) => Raw<T>)
}
const bigInfo = (field: TcpInfoField) =>
  row('u64', `tcp_info tcpi_${field}; 0 for a listener`, (s: InetSocket) => s.bigInfo(field))
/** When something was, as the low 32 bits of jiffies. */
const since = (type: 'u32' | '__u32', field: TcpInfoField) =>
  row(type, `tcp_info tcpi_${field}: jiffies`, (s: InetSocket) => s.jiffiesBefore(s.info(field)))

const RETRANSMITS = 'tcp_info tcpi_retransmits, or retrnsmt of /proc/net'
const inet_connection_sock = {
  icsk_inet: row('struct inet_sock', ITSELF, (s: InetSocket) => s),
  icsk_accept_queue: row('struct request_sock_queue', PROC, (s: InetSocket) => s),
  icsk_retransmit_timer: row('struct timer_list', `${DIAG} timer 1 and 4, or tr of /proc/net`, (s: InetSocket) =>
    s.timerOf('icsk_retransmit_timer', TIMER.RETRANSMIT, TIMER.PROBE0),
  ),
  icsk_rto: row('__u32', 'tcp_info tcpi_rto, or /proc/net in steps of 1/USER_HZ s: jiffies', (s: InetSocket) => s.rto()),
  icsk_pmtu_cookie: info('__u32', 'pmtu'),
  icsk_ca_ops: row('const struct tcp_congestion_ops *', `${DIAG} CONG`, (s: InetSocket) => s.text(INET_DIAG.CONG)),
  icsk_ulp_ops: row('const struct tcp_ulp_ops *', `${DIAG} ULP_INFO, which takes CAP_NET_ADMIN: NULL for none`, (s: InetSocket) =>
    s.ulp(),
  ),
  icsk_ca_state: bitfield(info('__u8', 'ca_state'), 0, 5),
  icsk_retransmits: row('__u8', RETRANSMITS, (s: InetSocket) => s.retransmitted()),
  icsk_pending: row(
    '__u8',
    `${DIAG} timer, or tr of /proc/net: 1 for all that send again, 3 for a window probe`,
    (s: InetSocket) => s.pending,
  ),
  icsk_backoff: info('__u8', 'backoff'),
  icsk_probes_out: row('__u8', 'tcp_info tcpi_probes, or timeout of /proc/net', (s: InetSocket) => s.probes()),
  icsk_ack: row('struct inet_connection_sock__icsk_ack', PROC, (s: InetSocket) => s),
} satisfies Rows

const inet_connection_sock__icsk_ack = {
  ato: bitfield(
    row('__u32', `${PROC} in steps of 1/USER_HZ s: jiffies`, (s: InetSocket) => Number(s.line().ato)),
    0,
    8,
  ),
  quick: row('__u8', PROC, (s: InetSocket) => s.line().quick),
  pingpong: row('__u8', `${PROC}: 1 while the threshold net.ipv4.tcp_pingpong_thresh is reached, else 0`, (s: InetSocket) =>
    s.line().pingpong ? 1 : 0,
  ),
  lrcvtime: since('__u32', 'last_data_recv'),
  rcv_mss: info('__u16', 'rcv_mss'),
} satisfies Rows

const request_sock_queue = { fastopenq: row('struct fastopen_queue', PROC, (s: InetSocket) => s) } satisfies Rows
const fastopen_queue = {
  max_qlen: row('int', `last column of a listener in ${PROC}; 0 for others`, (s: InetSocket) =>
    s.state === TCP_LISTEN ? s.line().ssthresh : 0,
  ),
} satisfies Rows
const tcp_congestion_ops = { name: row('char[16]', `${DIAG} CONG`, (name: string) => name) } satisfies Rows
const tcp_ulp_ops = { name: row('char[16]', `${DIAG} ULP_INFO`, (name: string) => name) } satisfies Rows

const DIFFERENCE = 'true only by what it differs from the other end of its queue'
const tcp_sock = {
  inet_conn: row('struct inet_connection_sock', ITSELF, (s: InetSocket) => s),
  snd_una: row('u32', `0: ${DIFFERENCE}, write_seq`, () => 0),
  write_seq: row('u32', `${DIAG} wqueue, or tx_queue of /proc/net: ${DIFFERENCE}, snd_una`, (s: InetSocket) => s.sendQueue),
  copied_seq: row('u32', `0: ${DIFFERENCE}, rcv_nxt`, () => 0),
  rcv_nxt: row('u32', `${DIAG} rqueue, or rx_queue of /proc/net: ${DIFFERENCE}, copied_seq; 0 for a listener`, (s: InetSocket) =>
    s.state === TCP_LISTEN ? 0 : s.receiveQueue,
  ),
  snd_cwnd: row('u32', 'tcp_info tcpi_snd_cwnd, or /proc/net', (s: InetSocket) => s.cwnd()),
  snd_ssthresh: row('u32', 'tcp_info tcpi_snd_ssthresh, or /proc/net; 0x7fffffff for a listener', (s: InetSocket) =>
    s.ssthresh(),
  ),
  ...{ mss_cache: info('u32', 'snd_mss'), advmss: info('u16', 'advmss'), rcv_ssthresh: info('u32', 'rcv_ssthresh') },
  ...{ snd_wnd: info('u32', 'snd_wnd'), rcv_wnd: info('u32', 'rcv_wnd'), reordering: info('u32', 'reordering') },
  ...{ srtt_us: info('u32', 'rtt', 8), mdev_us: info('u32', 'rttvar', 4) },
  rtt_min: row('struct minmax', 'tcp_info tcpi_min_rtt', (s: InetSocket) => s),
  rcv_rtt_est: row('struct tcp_sock__rcv_rtt_est', 'tcp_info', (s: InetSocket) => s),
  rcvq_space: row('struct tcp_sock__rcvq_space', 'tcp_info', (s: InetSocket) => s),
  ...{ packets_out: info('u32', 'unacked'), sacked_out: info('u32', 'sacked'), lost_out: info('u32', 'lost') },
  ...{
    retrans_out: info('u32', 'retrans'),
    total_retrans: info('u32', 'total_retrans'),
    bytes_retrans: bigInfo('bytes_retrans'),
  },
  ...{ bytes_sent: bigInfo('bytes_sent'), bytes_acked: bigInfo('bytes_acked'), bytes_received: bigInfo('bytes_received') },
  ...{ segs_out: info('u32', 'segs_out'), segs_in: info('u32', 'segs_in') },
  ...{ data_segs_out: info('u32', 'data_segs_out'), data_segs_in: info('u32', 'data_segs_in') },
  ...{ delivered: info('u32', 'delivered'), delivered_ce: info('u32', 'delivered_ce') },
  ...{ dsack_dups: info('u32', 'dsack_dups'), reord_seen: info('u32', 'reord_seen'), rcv_ooopack: info('u32', 'rcv_ooopack') },
  ...{ total_rto: info('u16', 'total_rto'), total_rto_recoveries: info('u16', 'total_rto_recoveries') },
  total_rto_time: info('u32', 'total_rto_time'),
  lsndtime: since('u32', 'last_data_sent'),
  rcv_tstamp: since('u32', 'last_ack_recv'),
} satisfies Rows
const minmax = { s: row('struct minmax_sample[3]', 'tcp_info: the first of three', (s: InetSocket) => [s]) } satisfies Rows
const minmax_sample = { v: info('u32', 'min_rtt') } satisfies Rows
const tcp_sock__rcv_rtt_est = { rtt_us: info('u32', 'rcv_rtt', 8) } satisfies Rows
const tcp_sock__rcvq_space = {
  space: row('int', 'tcp_info tcpi_rcv_space; 0 for a listener', (s: InetSocket) => s.info('rcv_space')),
} satisfies Rows

const tcp6_sock = {
  tcp: row('struct tcp_sock', ITSELF, (s: InetSocket) => s),
  inet6: row('struct ipv6_pinfo', ITSELF, (s: InetSocket) => s),
} satisfies Rows

const inet_timewait_sock = {
  __tw_common: row('struct sock_common', ITSELF, (s: InetSocket) => s),
  tw_mark: row('__u32', `${DIAG} MARK, which takes CAP_NET_ADMIN`, (s: InetSocket) => s.mark()),
  tw_substate: row('unsigned char', `${DIAG} state, or st of /proc/net`, (s: InetSocket) => s.substate),
  tw_sport: row('__be16', `${DIAG}, or /proc/net`, (s: InetSocket) => swap16(s.telling.localPort)),
  tw_timer: row('struct timer_list', `${DIAG} timer 3, or tr 03 of /proc/net`, (s: InetSocket) =>
    s.timerOf('tw_timer', TIMER.TIME_WAIT),
  ),
} satisfies Rows
const tcp_timewait_sock = { tw_sk: row('struct inet_timewait_sock', ITSELF, (s: InetSocket) => s) } satisfies Rows

const request_sock = {
  __req_common: row('struct sock_common', ITSELF, (s: InetSocket) => s),
  num_retrans: row('u8', `${DIAG} retrans`, (s: InetSocket) => s.synAcks()),
  num_timeout: bitfield(
    row('u8', `retrnsmt of ${PROC}`, (s: InetSocket) => s.line().retransmits),
    1,
    7,
  ),
  rsk_timer: row('struct timer_list', `${DIAG} timer 1, or tr 01 of /proc/net`, (s: InetSocket) =>
    s.timerOf('rsk_timer', TIMER.RETRANSMIT),
  ),
} satisfies Rows
const inet_request_sock = {
  req: row('struct request_sock', ITSELF, (s: InetSocket) => s),
  ir_mark: row('u32', `${DIAG} MARK, which takes CAP_NET_ADMIN`, (s: InetSocket) => s.mark()),
} satisfies Rows
const tcp_request_sock = { req: row('struct inet_request_sock', ITSELF, (s: InetSocket) => s) } satisfies Rows

/** What stands behind the structs of this file. */
export interface TcpSources {
  inet_connection_sock: InetSocket
  inet_connection_sock__icsk_ack: InetSocket
  request_sock_queue: InetSocket
  fastopen_queue: InetSocket
  tcp_congestion_ops: string
  tcp_ulp_ops: string
  tcp_sock: InetSocket
  minmax: InetSocket
  minmax_sample: InetSocket
  tcp_sock__rcv_rtt_est: InetSocket
  tcp_sock__rcvq_space: InetSocket
  tcp6_sock: InetSocket
  inet_timewait_sock: InetSocket
  tcp_timewait_sock: InetSocket
  request_sock: InetSocket
  inet_request_sock: InetSocket
  tcp_request_sock: InetSocket
}

export const tcpStructs = {
  ...{
    inet_connection_sock,
    inet_connection_sock__icsk_ack,
    request_sock_queue,
    fastopen_queue,
    tcp_congestion_ops,
    tcp_ulp_ops,
  },
  ...{ tcp_sock, minmax, minmax_sample, tcp_sock__rcv_rtt_est, tcp_sock__rcvq_space, tcp6_sock },
  ...{ inet_timewait_sock, tcp_timewait_sock, request_sock, inet_request_sock, tcp_request_sock },
}
