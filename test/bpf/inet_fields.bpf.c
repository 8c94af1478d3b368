// What a tcp or udp socket has beyond the columns of /proc: one line a socket, by the struct that it lies in.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define AF_INET 2
#define AF_INET6 10

char LICENSE[] SEC("license") = "GPL";

static void show_common(struct seq_file *seq, struct sock_common *skc)
{
	struct in6_addr *local = &skc->skc_v6_rcv_saddr, *remote = &skc->skc_v6_daddr;

	BPF_SEQ_PRINTF(seq, "%d %d port %d %d %x dev %d net %u", skc->skc_family, skc->skc_state, skc->skc_num, bpf_ntohs(skc->skc_dport),
		       skc->skc_portpair, skc->skc_bound_dev_if, skc->skc_net.net->ns.inum);
	/* What IPv6 sockets have there depends on how they came to be. */
	if (skc->skc_family == AF_INET || local->in6_u.u6_addr32[2] == bpf_htonl(0xffff))
		BPF_SEQ_PRINTF(seq, " %pI4 %pI4 %llx", &skc->skc_rcv_saddr, &skc->skc_daddr, skc->skc_addrpair);
	if (skc->skc_family == AF_INET6)
		BPF_SEQ_PRINTF(seq, " %pI6 %pI6", local, remote);
}

static void show_sock(struct seq_file *seq, struct sock *sk)
{
	BPF_SEQ_PRINTF(seq, " mem %d %d %d %d %d", sk->sk_backlog.rmem_alloc.counter, sk->sk_wmem_alloc.refs.counter, sk->sk_rcvbuf,
		       sk->sk_sndbuf, sk->sk_wmem_queued);
	BPF_SEQ_PRINTF(seq, " omem %d", sk->sk_omem_alloc.counter);
	if (sk->__sk_common.skc_state == TCP_LISTEN)
		BPF_SEQ_PRINTF(seq, " backlog %d of %d", sk->sk_ack_backlog, sk->sk_max_ack_backlog);
	BPF_SEQ_PRINTF(seq, " type %d proto %d uid %u shutdown %d mark %u", sk->sk_type, sk->sk_protocol, sk->sk_uid.val, sk->sk_shutdown,
		       sk->sk_mark);
	BPF_SEQ_PRINTF(seq, " cgroup %llu", sk->sk_cgrp_data.cgroup->kn->id);
}

static void show_tcp(struct seq_file *seq, struct tcp_sock *tp)
{
	struct inet_connection_sock *icsk = &tp->inet_conn;

	BPF_SEQ_PRINTF(seq, " ca %s state %d rto %u", icsk->icsk_ca_ops->name, icsk->icsk_ca_state, icsk->icsk_rto);
	BPF_SEQ_PRINTF(seq, " sport %d tos %d", bpf_ntohs(icsk->icsk_inet.inet_sport), icsk->icsk_inet.tos);
	if (icsk->icsk_inet.sk.__sk_common.skc_family == AF_INET)
		BPF_SEQ_PRINTF(seq, " saddr %pI4", &icsk->icsk_inet.inet_saddr);
	BPF_SEQ_PRINTF(seq, " ato %u quick %u cwnd %u %u", icsk->icsk_ack.ato, icsk->icsk_ack.quick, tp->snd_ssthresh, tp->snd_cwnd);
	if (icsk->icsk_inet.sk.__sk_common.skc_state == TCP_LISTEN)
		return;
	BPF_SEQ_PRINTF(seq, " mss %u %u %u rcv_ssthresh %u wnd %u %u", tp->mss_cache, tp->advmss, icsk->icsk_ack.rcv_mss, tp->rcv_ssthresh,
		       tp->snd_wnd, tp->rcv_wnd);
	BPF_SEQ_PRINTF(seq, " rtt %u %u min %u rcv %u space %d", tp->srtt_us >> 3, tp->mdev_us >> 2, tp->rtt_min.s[0].v,
		       tp->rcv_rtt_est.rtt_us >> 3, tp->rcvq_space.space);
	BPF_SEQ_PRINTF(seq, " out %u %u %u %u total %u", tp->packets_out, tp->sacked_out, tp->lost_out, tp->retrans_out, tp->total_retrans);
	BPF_SEQ_PRINTF(seq, " bytes %llu %llu %llu %llu", tp->bytes_sent, tp->bytes_acked, tp->bytes_received, tp->bytes_retrans);
	BPF_SEQ_PRINTF(seq, " segs %u %u %u %u delivered %u %u", tp->segs_out, tp->segs_in, tp->data_segs_out, tp->data_segs_in,
		       tp->delivered, tp->delivered_ce);
	BPF_SEQ_PRINTF(seq, " reord %u %u dsack %u ooo %u pmtu %u", tp->reordering, tp->reord_seen, tp->dsack_dups, tp->rcv_ooopack,
		       icsk->icsk_pmtu_cookie);
	BPF_SEQ_PRINTF(seq, " pacing %lu of %lu", icsk->icsk_inet.sk.sk_pacing_rate, icsk->icsk_inet.sk.sk_max_pacing_rate);
}

SEC("iter/tcp")
int dump_tcp(struct bpf_iter__tcp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct sock_common *skc = ctx->sk_common;
	struct tcp_sock *tp;
	struct tcp6_sock *tp6;
	struct tcp_timewait_sock *tw;
	struct tcp_request_sock *req;

	if (!skc) {
		BPF_SEQ_PRINTF(seq, "end %lld uid %u\n", ctx->meta->seq_num, ctx->uid);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "%lld cookie %llu uid %u ", ctx->meta->seq_num, bpf_get_socket_cookie(skc), ctx->uid);
	show_common(seq, skc);
	tp = bpf_skc_to_tcp_sock(skc);
	tp6 = bpf_skc_to_tcp6_sock(skc);
	tw = bpf_skc_to_tcp_timewait_sock(skc);
	req = bpf_skc_to_tcp_request_sock(skc);
	BPF_SEQ_PRINTF(seq, " is%s%s%s%s%s", tp ? " tcp" : "", tp6 ? " tcp6" : "", tw ? " timewait" : "", req ? " request" : "",
		       bpf_skc_to_udp6_sock(skc) ? " udp6" : "");
	BPF_SEQ_PRINTF(seq, " same %d", (!tp || (void *)tp == skc) && (!tp6 || (void *)tp6 == skc) && (!tw || (void *)tw == skc));
	if (tp6)
		BPF_SEQ_PRINTF(seq, " v6 %u", tp6->tcp.inet_conn.icsk_inet.sk.__sk_common.skc_num);
	if (tp) {
		show_sock(seq, (struct sock *)tp);
		show_tcp(seq, tp);
	}
	if (tw)
		BPF_SEQ_PRINTF(seq, " substate %d sport %d mark %u", tw->tw_sk.tw_substate, bpf_ntohs(tw->tw_sk.tw_sport), tw->tw_sk.tw_mark);
	if (req)
		BPF_SEQ_PRINTF(seq, " retrans %d timeout %d mark %u", req->req.req.num_retrans, req->req.req.num_timeout, req->req.ir_mark);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}

SEC("iter/udp")
int dump_udp(struct bpf_iter__udp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct udp_sock *up = ctx->udp_sk;
	struct udp6_sock *up6;

	if (!up) {
		BPF_SEQ_PRINTF(seq, "end %lld uid %u bucket %d\n", ctx->meta->seq_num, ctx->uid, ctx->bucket);
		return 0;
	}
	up6 = bpf_skc_to_udp6_sock(up);
	BPF_SEQ_PRINTF(seq, "cookie %llu uid %u udp6 %d same %d ", bpf_get_socket_cookie(up), ctx->uid, up6 != NULL,
		       !up6 || (void *)up6 == (void *)up);
	show_common(seq, &up->inet.sk.__sk_common);
	show_sock(seq, &up->inet.sk);
	BPF_SEQ_PRINTF(seq, " deficit %d drops %d\n", up->forward_deficit, up->drop_counters.drops0.counter + up->drop_counters.drops1.counter);
	return 0;
}
