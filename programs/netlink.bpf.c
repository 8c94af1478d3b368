// Netlink sockets that have a port, and those of the kernel.
//
// Prints  the text of /proc/net/netlink of the reader's network namespace.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

static void print_heading(struct seq_file *seq)
{
	BPF_SEQ_PRINTF(seq, "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n");
}

SEC("iter/netlink")
int dump_netlink(struct bpf_iter__netlink *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct netlink_sock *nlk = ctx->sk;
	struct sock *sk = (struct sock *)nlk;
	unsigned long groups = 0;

	if (!nlk) {
		if (ctx->meta->seq_num == (__u64)-1) /* there was none */
			print_heading(seq);
		return 0;
	}
	if (ctx->meta->seq_num == 0)
		print_heading(seq);
	if (nlk->groups)
		bpf_probe_read_kernel(&groups, sizeof(groups), nlk->groups);
	BPF_SEQ_PRINTF(seq, "%pK %-3d %-10u %08x %-8d %-8d %-5d ", nlk, sk->sk_protocol, nlk->portid, (__u32)groups,
		       sk->sk_backlog.rmem_alloc.counter, sk->sk_wmem_alloc.refs.counter - 1, nlk->cb_running);
	BPF_SEQ_PRINTF(seq, "%-8d %-8u %-8lu\n", sk->__sk_common.skc_refcnt.refs.counter, sk->sk_drops.counter, sk->sk_ino);
	return 0;
}
