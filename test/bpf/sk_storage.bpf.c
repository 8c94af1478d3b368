// Programs with socket storage: PART 1 of target tcp, which gives each socket a value and puts it into a hash of sockets; 2 of target udp,
// which takes values away; 3, which copies values while it iterates them; 4 and 5 have maps of storage to be filled from outside.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
#define STORAGE(name, of)                                                                                                            \
	struct {                                                                                                                     \
		__uint(type, BPF_MAP_TYPE_##of##_STORAGE);                                                                           \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                                \
		__type(key, int);                                                                                                    \
		__type(value, __u64);                                                                                                \
	} name SEC(".maps")
STORAGE(of_sockets, SK);
STORAGE(of_more, SK);
STORAGE(of_some, SK);
STORAGE(by_socket, SK);
STORAGE(by_task, TASK);
STORAGE(by_cgroup, CGRP);
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 1000);
	__type(key, __u64);
	__type(value, __u64);
} sockets SEC(".maps");

#if PART == 1
SEC("iter/tcp")
int mark(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk_common = ctx->sk_common;
	struct tcp_sock *tp;
	__u64 *value, first = 1000, cookie;

	if (!sk_common)
		return 0;
	tp = bpf_skc_to_tcp_sock(sk_common);
	if (!tp)
		return 0;
	value = bpf_sk_storage_get(&of_sockets, tp, &first, BPF_SK_STORAGE_GET_F_CREATE);
	if (value)
		*value += sk_common->skc_family;
	if (sk_common->skc_family == 10)
		BPF_SEQ_PRINTF(ctx->meta->seq, "6 ");
	cookie = bpf_get_socket_cookie(tp);
	BPF_SEQ_PRINTF(ctx->meta->seq, "%llu %ld", cookie, (long)bpf_map_update_elem(&sockets, &cookie, (void *)tp, BPF_NOEXIST));
	BPF_SEQ_PRINTF(ctx->meta->seq, " %ld\n", (long)bpf_map_update_elem(&sockets, &cookie, (void *)tp, BPF_NOEXIST));
	return 0;
}

#endif
#if PART == 2
SEC("iter/udp")
int unmark(struct bpf_iter__udp *ctx)
{
	struct udp_sock *sk = ctx->udp_sk;

	if (sk)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%ld %ld\n", bpf_sk_storage_delete(&of_sockets, sk), bpf_sk_storage_delete(&of_sockets, sk));
	return 0;
}

#endif
#if PART == 3
SEC("iter/bpf_sk_storage_map")
int copy(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	__u64 *to, *value = ctx->value;
	struct sock *sk = ctx->sk;

	if (!sk || !value)
		return 0;
	to = bpf_sk_storage_get(&of_more, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!to)
		return 0;
	*to += *value;
	BPF_SEQ_PRINTF(ctx->meta->seq, "%llu %llu %u\n", bpf_get_socket_cookie(sk), *to, sk->__sk_common.skc_family);
	*value = 7;
	return 0;
}
#endif
#if PART == 4
SEC("iter/task")
int any(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || task->pid)
		return 0;
	bpf_task_storage_delete(&by_task, task);
	bpf_cgrp_storage_delete(&by_cgroup, task->cgroups->dfl_cgrp);
	return 0;
}
#endif
#if PART == 5
SEC("iter/udp")
int none(struct bpf_iter__udp *ctx)
{
	if (ctx->udp_sk && ctx->uid == 12345678) {
		bpf_sk_storage_delete(&of_some, ctx->udp_sk);
		bpf_sk_storage_delete(&by_socket, ctx->udp_sk);
	}
	return 0;
}
#endif
