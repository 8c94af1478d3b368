// The sockets that have a value in a map of socket storage, with the values.
//
// Prints  for each of them: family, type, protocol and state as numbers, cookie, and its value in hexadecimal; at the end the name of the map.
// Parameters  map MAP: the map, of type sk_storage.
// Globals  reset: when not 0, the first 4 bytes of each value are set to 0 after they were printed, in the map itself.
// Values are cut to 64 bytes.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define MAX_BYTES 64

const volatile __u32 reset = 0;

static void print_value(struct seq_file *seq, const void *from, __u32 size)
{
	unsigned char bytes[MAX_BYTES];
	__u32 i;

	if (size > MAX_BYTES)
		size = MAX_BYTES;
	/* Not a plain read: what a program reads plainly the values of every map that it is attached to must have. */
	if (bpf_probe_read_kernel(bytes, size, from))
		return;
	for (i = 0; i < MAX_BYTES && i < size; i++)
		BPF_SEQ_PRINTF(seq, " %02x", bytes[i]);
}

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
	print_value(seq, value, map->value_size);
	BPF_SEQ_PRINTF(seq, "\n");
	if (reset)
		*value = 0;
	return 0;
}
