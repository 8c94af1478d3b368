// Netlink sockets that have a port, and those of the kernel.
//
// Prints  the text of /proc/net/netlink of the reader's network namespace.
#include "proc_net.h"

SEC("iter/netlink")
int dump_netlink(struct bpf_iter__netlink *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct netlink_sock *nlk = ctx->sk;
	struct sock *sk = (struct sock *)nlk;
	unsigned long groups = 0;

	if (wants_heading(ctx->meta, nlk))
		BPF_SEQ_PRINTF(seq, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n");
	if (!nlk)
		return 0;
	if (nlk->groups)
		bpf_probe_read_kernel(&groups, sizeof(groups), nlk->groups);
	BPF_SEQ_PRINTF(seq, "%pK %-3d %-10u %08x %-8d %-8d %-5d ", nlk, sk->sk_protocol, nlk->portid, (__u32)groups,
		       sk->sk_backlog.rmem_alloc.counter, sk->sk_wmem_alloc.refs.counter - 1, nlk->cb_running);
	BPF_SEQ_PRINTF(seq, "%-8d %-8u %-8lu\n", sk->__sk_common.skc_refcnt.refs.counter, sk->sk_drops.counter, inode_of(sk));
	return 0;
}
