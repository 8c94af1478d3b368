// The sockets that have a value in a map of socket storage, with the values.
//
// Prints  for each of them: family, type, protocol and state as numbers, cookie, and its value in hexadecimal; at the end the name of the map.
// Parameters  map MAP: the map, of type sk_storage.
// Globals  reset: when not 0, the first 4 bytes of each value are set to 0 after they were printed, in the map itself.
// Values are cut to 64 bytes.
#include "bytes.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 reset = 0;

SEC("iter/bpf_sk_storage_map")
int dump_sk_storage(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct bpf_map *map = ctx->map;
	struct sock *sk = ctx->sk;
	__u32 *value = ctx->value;

	if (!sk || !value) {
		BPF_SEQ_PRINTF(seq, "end of %s\n", map->name);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "family %u type %u protocol %u state %u cookie %llu  value:", sk->__sk_common.skc_family, sk->sk_type,
		       sk->sk_protocol, sk->__sk_common.skc_state, bpf_get_socket_cookie(sk));
	print_bytes(seq, value, map->value_size);
	BPF_SEQ_PRINTF(seq, "\n");
	if (reset)
		*value = 0;
	return 0;
}
