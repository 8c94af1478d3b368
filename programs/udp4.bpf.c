// /proc/net/udp: the bound udp sockets of IPv4 in the network namespace of the one who opens it. The first column is the context's
// bucket: in the kernel's iterator that of another table than /proc's, so that number and order differ there. The pointer is %pK of
// this side.
//
// Prints  the heading and one line of 127 characters a socket.
#include "proc_net_udp.h"

/** Of a line without its newline. */
#define HEADING "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"

SEC("iter/udp")
int dump_udp4(struct bpf_iter__udp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct udp_sock *up = ctx->udp_sk;
	struct sock_common *skc;
	struct udp_columns c = {};
	char line[256] = {};
	long used;

	if (wants_heading(ctx->meta, up))
		BPF_SEQ_PRINTF(seq, "%-127s\n", HEADING);
	if (!up)
		return 0;
	skc = &up->inet.sk.__sk_common;
	if (skc->skc_family != AF_INET)
		return 0;
	fill_columns(&c, up);

	used = BPF_SNPRINTF(line, 128, "%5d: %08X:%04X %08X:%04X %02X %08X:%08X 00:00000000 00000000 %5u %8d", ctx->bucket,
			    skc->skc_rcv_saddr, skc->skc_num, skc->skc_daddr, bpf_ntohs(skc->skc_dport), skc->skc_state, c.tx_queue,
			    c.rx_queue, ctx->uid, 0);
	if (used < 1 || used > 128)
		return 0;
	BPF_SNPRINTF(line + used - 1, 128, " %lu %d %pK %u", c.inode, c.refs, up, c.drops);
	BPF_SEQ_PRINTF(seq, "%-127s\n", line);
	return 0;
}
