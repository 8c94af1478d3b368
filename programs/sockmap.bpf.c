// The sockets in a map of sockets.
//
// Prints  for each slot: its key in hexadecimal, and of the socket in it what `ss` calls family, type, protocol and state, as numbers, with
//         its cookie; at the end the name of the map and how many slots have a socket.
// Parameters  map MAP: the map, a sockmap, of which all slots are shown, or a sockhash.
// Keys are cut to 64 bytes.
#include "bytes.h"

char LICENSE[] SEC("license") = "GPL";

/* Of this open file: the numbers begin anew with each session. */
static __u64 session;
static __u32 sockets;

SEC("iter/sockmap")
int dump_sockmap(struct bpf_iter__sockmap *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;
	struct sock *sk = ctx->sk;
	void *key = ctx->key;

	if (session != ctx->meta->session_id) {
		session = ctx->meta->session_id;
		sockets = 0;
	}
	if (!key) {
		BPF_SEQ_PRINTF(seq, "%u in %s\n", sockets, map->name);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "key:");
	print_bytes(seq, key, map->key_size);
	if (!sk) {
		BPF_SEQ_PRINTF(seq, "  empty\n");
		return 0;
	}
	sockets++;
	BPF_SEQ_PRINTF(seq, "  family %u type %u protocol %u state %u cookie %llu\n", sk->__sk_common.skc_family, sk->sk_type,
		       sk->sk_protocol, sk->__sk_common.skc_state, bpf_get_socket_cookie(sk));
	return 0;
}
