// /proc/net/tcp: the tcp sockets of IPv4 in the network namespace of the one who opens it, to the byte but for two things: the pointer
// is %pK of this side, and the order of sockets that come and go meanwhile.
//
// Prints  the heading and one line of 149 characters a socket.
#include "proc_net_tcp.h"

/** Of a line without its newline. */
#define HEADING "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"

SEC("iter/tcp")
int dump_tcp4(struct bpf_iter__tcp *ctx)
{
	struct bpf_iter_meta *meta = ctx->meta;
	struct seq_file *seq = meta->seq;
	struct sock_common *skc = ctx->sk_common;
	struct columns c = {};
	char line[256] = {};
	long used, more;

	if (wants_heading(meta, skc))
		BPF_SEQ_PRINTF(seq, "%-149s\n", HEADING);
	if (!skc || skc->skc_family != AF_INET || !fill_columns(&c, skc, ctx->uid))
		return 0;

	used = BPF_SNPRINTF(line, 96, "%4d: %08X:%04X %08X:%04X %02X %08X:%08X", line_number(meta), skc->skc_rcv_saddr, skc->skc_num,
			    skc->skc_daddr, bpf_ntohs(skc->skc_dport), c.state, c.tx_queue, c.rx_queue);
	if (used < 1 || used > 96)
		return 0;
	more = BPF_SNPRINTF(line + used - 1, 96, " %02X:%08lX %08X %5u %8d %lu %d %pK", c.timer, c.when, c.retrnsmt, c.uid, c.timeout,
			    c.inode, c.refs, skc);
	if (more < 1 || more > 96)
		return 0;
	if (c.whole)
		BPF_SNPRINTF(line + used - 1 + more - 1, 64, " %lu %lu %u %u %d", c.rto, c.ato, c.quick, c.cwnd, c.ssthresh);
	BPF_SEQ_PRINTF(seq, "%-149s\n", line);
	return 0;
}
