// bpf_sock_from_file(): the internet sockets that a process has open.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define AF_INET 2
#define AF_INET6 10

SEC("iter/task_file")
int dump_sockets(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct file *file = ctx->file;
	struct socket *socket;
	struct sock *sk;

	if (!ctx->task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	sk = socket ? socket->sk : NULL;
	if (!sk || (sk->__sk_common.skc_family != AF_INET && sk->__sk_common.skc_family != AF_INET6))
		return 0;
	BPF_SEQ_PRINTF(seq, "%d type %d family %d state %d port %d cookie %llu\n", ctx->fd, socket->type, sk->__sk_common.skc_family,
		       sk->__sk_common.skc_state, sk->__sk_common.skc_num, bpf_get_socket_cookie(sk));
	return 0;
}
