// Fields of sockets of AF_UNIX and of netlink, beyond those of the files of /proc/net.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

const volatile __u64 first_inode = 0;
const volatile __u64 last_inode = 0xffffffff;

static __u64 inode_of(struct sock *sk)
{
	return sk ? sk->sk_ino : 0;
}

SEC("iter/unix")
int unix_fields(struct bpf_iter__unix *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct unix_sock *unix_sk = ctx->unix_sk;
	struct sock *sk = (struct sock *)unix_sk;

	if (!unix_sk) {
		BPF_SEQ_PRINTF(seq, "end %llu %u\n", ctx->meta->seq_num, ctx->uid);
		return 0;
	}
	if (sk->sk_ino < first_inode || sk->sk_ino > last_inode)
		return 0;
	BPF_SEQ_PRINTF(seq, "%lu uid %u family %u peer %d/%lu listener %d/%lu len %d", sk->sk_ino, ctx->uid, sk->__sk_common.skc_family,
		       !!unix_sk->peer, inode_of(unix_sk->peer), !!unix_sk->listener, inode_of(unix_sk->listener),
		       unix_sk->addr ? unix_sk->addr->len : 0);
	if (unix_sk->addr && unix_sk->addr->len > 3)
		BPF_SEQ_PRINTF(seq, " family %u %d", unix_sk->addr->name->sun_family, unix_sk->addr->name->sun_path[1]);
	if (sk->sk_ino) {
		BPF_SEQ_PRINTF(seq, " rcvbuf %d sndbuf %d wmem %d rmem %d inq %d uid %u", sk->sk_rcvbuf, sk->sk_sndbuf,
			       sk->sk_wmem_alloc.refs.counter, sk->sk_backlog.rmem_alloc.counter, unix_sk->inq_len, sk->sk_uid.val);
		BPF_SEQ_PRINTF(seq, " type %d back %d", sk->sk_socket->type, sk->sk_socket->sk == sk);
	}
	if (sk->__sk_common.skc_state == TCP_LISTEN)
		BPF_SEQ_PRINTF(seq, " backlog %u of %u", sk->sk_ack_backlog, sk->sk_max_ack_backlog);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}

SEC("iter/netlink")
int netlink_fields(struct bpf_iter__netlink *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct netlink_sock *nlk = ctx->sk;
	struct sock *sk = (struct sock *)nlk;
	unsigned long group = 0;

	if (!nlk) {
		BPF_SEQ_PRINTF(seq, "end %llu\n", ctx->meta->seq_num);
		return 0;
	}
	if (nlk->groups)
		bpf_probe_read_kernel(&group, sizeof(group), nlk->groups);
	/* NETLINK_F_EXT_ACK and STRICT_CHK are not shown. */
	BPF_SEQ_PRINTF(seq, "%lu port %u to %u/%u subscriptions %u groups %d %lx flags %lx bound %d", sk->sk_ino, nlk->portid,
		       nlk->dst_portid, nlk->dst_group, nlk->subscriptions, !!nlk->groups, group, nlk->flags & 0x3f, nlk->bound);
	BPF_SEQ_PRINTF(seq, " type %u state %u family %u rcvbuf %d sndbuf %d socket %d\n", sk->sk_type, sk->__sk_common.skc_state,
		       sk->__sk_common.skc_family, sk->sk_rcvbuf, sk->sk_sndbuf, sk->sk_socket->type);
	return 0;
}
