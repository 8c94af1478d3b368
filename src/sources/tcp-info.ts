// struct tcp_info (linux/tcp.h): where each member lies. The kernel only ever adds some at its end.

/** Bytes of each member, in their order, without `tcpi_`; what begins with `_` is not read. */
const SIZES = {
  ...{
    _state: 1,
    ca_state: 1,
    retransmits: 1,
    probes: 1,
    backoff: 1,
    _options: 1,
    _wscale: 1,
    _limited: 1,
    rto: 4,
    ato: 4,
    snd_mss: 4,
  },
  ...{
    rcv_mss: 4,
    unacked: 4,
    sacked: 4,
    lost: 4,
    retrans: 4,
    _fackets: 4,
    last_data_sent: 4,
    _last_ack_sent: 4,
    last_data_recv: 4,
  },
  ...{ last_ack_recv: 4, pmtu: 4, rcv_ssthresh: 4, rtt: 4, rttvar: 4, snd_ssthresh: 4, snd_cwnd: 4, advmss: 4, reordering: 4 },
  ...{
    rcv_rtt: 4,
    rcv_space: 4,
    total_retrans: 4,
    pacing_rate: 8,
    max_pacing_rate: 8,
    bytes_acked: 8,
    bytes_received: 8,
    segs_out: 4,
  },
  ...{ segs_in: 4, _notsent_bytes: 4, min_rtt: 4, data_segs_in: 4, data_segs_out: 4, _delivery_rate: 8, _busy_time: 8 },
  ...{ _rwnd_limited: 8, _sndbuf_limited: 8, delivered: 4, delivered_ce: 4, bytes_sent: 8, bytes_retrans: 8, dsack_dups: 4 },
  ...{
    reord_seen: 4,
    rcv_ooopack: 4,
    snd_wnd: 4,
    rcv_wnd: 4,
    _rehash: 4,
    total_rto: 2,
    total_rto_recoveries: 2,
    total_rto_time: 4,
  },
} as const

type Member = keyof typeof SIZES
/** A member, without `tcpi_`. */
export type TcpInfoField = Exclude<Member, `_${string}`>

/** Where each member lies, in bytes. */
export const TCP_INFO: Readonly<Record<TcpInfoField, { readonly at: number; readonly size: number }>> = (() => {
  const found = {} as Record<Member, { at: number; size: number }>
  let at = 0
  for (const [name, size] of Object.entries(SIZES) as [Member, number][]) {
    found[name] = { at, size }
    at += size
  }
  return found
})()
