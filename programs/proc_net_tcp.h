// What the programs that print /proc/net/tcp and tcp6 share.
#pragma once
#include "proc_net.h"

/** icsk_pending */
#define ICSK_TIME_RETRANS 1
#define ICSK_TIME_PROBE0 3
#define ICSK_TIME_LOSS_PROBE 5
#define ICSK_TIME_REO_TIMEOUT 6
/** A threshold that stands for none. */
#define INFINITE_SSTHRESH 0x7fffffff

/** The columns that come from different places for sockets of different kinds. */
struct columns {
	__u32 state;
	__u32 tx_queue;
	__u32 rx_queue;
	__u32 timer;
	unsigned long when;
	__u32 retrnsmt;
	__u32 uid;
	int timeout;
	unsigned long inode;
	int refs;
	/** Of a whole socket: the last five columns. */
	bool whole;
	unsigned long rto;
	unsigned long ato;
	__u32 quick;
	__u32 cwnd;
	int ssthresh;
};

static __always_inline void whole_socket(struct columns *c, struct tcp_sock *tp, __u32 uid)
{
	struct inet_connection_sock *icsk = &tp->inet_conn;
	struct sock *sk = &icsk->icsk_inet.sk;
	__u8 pending = icsk->icsk_pending;
	__u32 rx = tp->rcv_nxt - tp->copied_seq;

	c->whole = true;
	c->state = sk->__sk_common.skc_state;
	c->tx_queue = tp->write_seq - tp->snd_una;
	c->rx_queue = c->state == TCP_LISTEN ? sk->sk_ack_backlog : (int)rx < 0 ? 0 : rx;
	if (pending == ICSK_TIME_RETRANS || pending == ICSK_TIME_LOSS_PROBE || pending == ICSK_TIME_REO_TIMEOUT)
		c->timer = 1;
	else if (pending == ICSK_TIME_PROBE0)
		c->timer = 4;
	else if (sk->sk_timer.entry.pprev)
		c->timer = 2;
	if (c->timer == 2)
		c->when = ticks_until(sk->sk_timer.expires);
	else if (c->timer)
		c->when = ticks_until(icsk->icsk_retransmit_timer.expires);
	c->retrnsmt = icsk->icsk_retransmits;
	c->uid = uid;
	c->timeout = icsk->icsk_probes_out;
	c->inode = inode_of(sk);
	c->refs = sk->__sk_common.skc_refcnt.refs.counter - ITER_REFS;
	c->rto = ticks(icsk->icsk_rto);
	c->ato = ticks(icsk->icsk_ack.ato);
	c->quick = (icsk->icsk_ack.quick << 1) | (icsk->icsk_ack.pingpong >= 1);
	c->cwnd = tp->snd_cwnd;
	if (c->state == TCP_LISTEN)
		c->ssthresh = icsk->icsk_accept_queue.fastopenq.max_qlen;
	else
		c->ssthresh = tp->snd_ssthresh >= INFINITE_SSTHRESH ? -1 : (int)tp->snd_ssthresh;
}

static __always_inline void ending_socket(struct columns *c, struct tcp_timewait_sock *ttw)
{
	struct inet_timewait_sock *tw = &ttw->tw_sk;

	c->state = tw->tw_substate;
	c->timer = 3;
	c->when = ticks_until(tw->tw_timer.expires);
	c->refs = tw->__tw_common.skc_refcnt.refs.counter - ITER_REFS;
}

static __always_inline void beginning_socket(struct columns *c, struct tcp_request_sock *treq, __u32 uid)
{
	struct request_sock *req = &treq->req.req;

	c->state = TCP_SYN_RECV;
	c->timer = 1;
	c->when = ticks_until(req->rsk_timer.expires);
	c->retrnsmt = req->num_timeout;
	c->uid = uid;
}

/** The socket of the context as columns, whatever kind it is; false for none. */
static __always_inline bool fill_columns(struct columns *c, struct sock_common *skc, __u32 uid)
{
	struct tcp_sock *tp;
	struct tcp_timewait_sock *tw;
	struct tcp_request_sock *req;

	tp = bpf_skc_to_tcp_sock(skc);
	if (tp) {
		whole_socket(c, tp, uid);
		return true;
	}
	tw = bpf_skc_to_tcp_timewait_sock(skc);
	if (tw) {
		ending_socket(c, tw);
		return true;
	}
	req = bpf_skc_to_tcp_request_sock(skc);
	if (req)
		beginning_socket(c, req, uid);
	return req != NULL;
}
