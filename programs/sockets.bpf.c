// Tcp sockets with owner and congestion figures.
//
// Prints  a heading, then for each tcp socket of the reader's network namespace, IPv4 and IPv6: state, bytes to be read and bytes not
//         acknowledged (of a listener: connections that wait, and how many may), both ends, inode, uid, congestion control, congestion
//         window in segments, round-trip time in us, segments sent again, id of the cgroup, and who holds it: PID/DESCRIPTOR/COMM of up
//         to 16 descriptors. A - stands for what a socket does not have. Columns are separated by one space: `column -t` aligns them.
//         Owners are an extra of iterfs, see docs/programs.md; in the kernel their column is a -.
// Globals  listening: 1 prints listeners only. port: when not 0, sockets with another local port are left out.
#include "proc_net.h"

#define MAX_OWNERS 16

const volatile bool listening = false;
const volatile __u16 port = 0;

/* No kernel has these; the names behind ___ are no part of what is looked for. */
struct iterfs_sock_owner___extra {
	struct task_struct *task;
	__u32 fd;
	struct iterfs_sock_owner___extra *next;
} __attribute__((preserve_access_index));

struct socket___iterfs {
	struct iterfs_sock_owner___extra *iterfs_owner;
} __attribute__((preserve_access_index));

static const char *state_name(int state)
{
	switch (state) {
	case TCP_ESTABLISHED:
		return "ESTABLISHED";
	case TCP_SYN_SENT:
		return "SYN_SENT";
	case TCP_SYN_RECV:
	case TCP_NEW_SYN_RECV:
		return "SYN_RECV";
	case TCP_FIN_WAIT1:
		return "FIN_WAIT1";
	case TCP_FIN_WAIT2:
		return "FIN_WAIT2";
	case TCP_TIME_WAIT:
		return "TIME_WAIT";
	case TCP_CLOSE_WAIT:
		return "CLOSE_WAIT";
	case TCP_LAST_ACK:
		return "LAST_ACK";
	case TCP_LISTEN:
		return "LISTEN";
	case TCP_CLOSING:
		return "CLOSING";
	default:
		return "CLOSE";
	}
}

static void print_ends(struct seq_file *seq, struct sock_common *skc)
{
	__u16 local = skc->skc_num, remote = bpf_ntohs(skc->skc_dport);

	if (skc->skc_family == AF_INET6)
		BPF_SEQ_PRINTF(seq, " [%pI6]:%u [%pI6]:%u", &skc->skc_v6_rcv_saddr, local, &skc->skc_v6_daddr, remote);
	else
		BPF_SEQ_PRINTF(seq, " %pI4:%u %pI4:%u", &skc->skc_rcv_saddr, local, &skc->skc_daddr, remote);
}

static void print_owners(struct seq_file *seq, struct sock *sk)
{
	struct socket___iterfs *socket = (struct socket___iterfs *)sk->sk_socket;
	struct iterfs_sock_owner___extra *owner;
	int i;

	if (!bpf_core_field_exists(socket->iterfs_owner) || !socket || !socket->iterfs_owner) {
		BPF_SEQ_PRINTF(seq, " -\n");
		return;
	}
	owner = socket->iterfs_owner;
	for (i = 0; i < MAX_OWNERS && owner; i++) {
		BPF_SEQ_PRINTF(seq, "%s%d/%u/%s", i ? "," : " ", owner->task->tgid, owner->fd, owner->task->comm);
		owner = owner->next;
	}
	BPF_SEQ_PRINTF(seq, "\n");
}

static void print_whole(struct seq_file *seq, struct tcp_sock *tp, __u32 uid)
{
	struct sock *sk = (struct sock *)tp;
	struct sock_common *skc = &sk->__sk_common;
	struct cgroup *cgroup = sk->sk_cgrp_data.cgroup;

	if (skc->skc_state == TCP_LISTEN)
		BPF_SEQ_PRINTF(seq, " %u %u", sk->sk_ack_backlog, sk->sk_max_ack_backlog);
	else
		BPF_SEQ_PRINTF(seq, " %u %u", tp->rcv_nxt - tp->copied_seq, tp->write_seq - tp->snd_una);
	print_ends(seq, skc);
	BPF_SEQ_PRINTF(seq, " %lu %u %s", inode_of(sk), uid, tp->inet_conn.icsk_ca_ops->name);
	if (skc->skc_state == TCP_LISTEN)
		BPF_SEQ_PRINTF(seq, " - - -");
	else
		BPF_SEQ_PRINTF(seq, " %u %u %u", tp->snd_cwnd, tp->srtt_us >> 3, tp->total_retrans);
	if (cgroup)
		BPF_SEQ_PRINTF(seq, " %llu", cgroup->kn->id);
	else
		BPF_SEQ_PRINTF(seq, " -");
	print_owners(seq, sk);
}

SEC("iter/tcp")
int dump_sockets(struct bpf_iter__tcp *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct sock_common *skc = ctx->sk_common;
	struct tcp_sock *tp;

	if (wants_heading(ctx->meta, skc))
		BPF_SEQ_PRINTF(seq, "state recv-q send-q local remote inode uid cc cwnd rtt_us retrans cgroup owner\n");
	if (!skc || (listening && skc->skc_state != TCP_LISTEN) || (port && skc->skc_num != port))
		return 0;
	BPF_SEQ_PRINTF(seq, "%s", state_name(skc->skc_state));
	tp = bpf_skc_to_tcp_sock(skc);
	if (tp) {
		print_whole(seq, tp, ctx->uid);
		return 0;
	}
	/* In TIME_WAIT, or a connection that begins: no whole socket. */
	BPF_SEQ_PRINTF(seq, " 0 0");
	print_ends(seq, skc);
	BPF_SEQ_PRINTF(seq, " 0 %u - - - - - -\n", ctx->uid);
	return 0;
}
