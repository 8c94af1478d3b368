// /proc/net/tcp6: as tcp4.bpf.c, for IPv6.
//
// Prints  the heading and one line a socket.
#include "proc_net_tcp.h"

SEC("iter/tcp")
int dump_tcp6(struct bpf_iter__tcp *ctx)
{
	struct bpf_iter_meta *meta = ctx->meta;
	struct seq_file *seq = meta->seq;
	struct sock_common *skc = ctx->sk_common;
	struct columns c = {};
	__u32 *local, *remote;

	if (wants_heading(meta, skc))
		BPF_SEQ_PRINTF(seq, "  sl  local_address                         remote_address                        "
				    "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n");
	if (!skc || skc->skc_family != AF_INET6 || !fill_columns(&c, skc, ctx->uid))
		return 0;

	local = skc->skc_v6_rcv_saddr.in6_u.u6_addr32;
	remote = skc->skc_v6_daddr.in6_u.u6_addr32;
	BPF_SEQ_PRINTF(seq, "%4d: %08X%08X%08X%08X:%04X %08X%08X%08X%08X:%04X", line_number(meta), local[0], local[1], local[2], local[3],
		       skc->skc_num, remote[0], remote[1], remote[2], remote[3], bpf_ntohs(skc->skc_dport));
	BPF_SEQ_PRINTF(seq, " %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu %d %pK", c.state, c.tx_queue, c.rx_queue, c.timer, c.when,
		       c.retrnsmt, c.uid, c.timeout, c.inode, c.refs, skc);
	if (c.whole)
		BPF_SEQ_PRINTF(seq, " %lu %lu %u %u %d", c.rto, c.ato, c.quick, c.cwnd, c.ssthresh);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
