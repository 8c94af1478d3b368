// /proc/net/udp6: as udp4.bpf.c, for IPv6.
//
// Prints  the heading and one line a socket.
#include "proc_net_udp.h"

SEC("iter/udp")
int dump_udp6(struct bpf_iter__udp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct udp_sock *up = ctx->udp_sk;
	struct sock_common *skc;
	struct udp_columns c = {};
	__u32 *local, *remote;

	if (wants_heading(ctx->meta, up))
		BPF_SEQ_PRINTF(seq, "  sl  local_address                         remote_address                        "
				    "st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n");
	if (!up)
		return 0;
	skc = &up->inet.sk.__sk_common;
	if (skc->skc_family != AF_INET6)
		return 0;
	fill_columns(&c, up);

	local = skc->skc_v6_rcv_saddr.in6_u.u6_addr32;
	remote = skc->skc_v6_daddr.in6_u.u6_addr32;
	BPF_SEQ_PRINTF(seq, "%5d: %08X%08X%08X%08X:%04X %08X%08X%08X%08X:%04X", ctx->bucket, local[0], local[1], local[2], local[3],
		       skc->skc_num, remote[0], remote[1], remote[2], remote[3], bpf_ntohs(skc->skc_dport));
	BPF_SEQ_PRINTF(seq, " %02X %08X:%08X 00:00000000 00000000 %5u %8d %lu %d %pK %u\n", skc->skc_state, c.tx_queue, c.rx_queue, ctx->uid,
		       0, c.inode, c.refs, up, c.drops);
	return 0;
}
