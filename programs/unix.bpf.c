// Sockets of AF_UNIX.
//
// Prints  the text of /proc/net/unix of the reader's network namespace: names as they were bound, an @ for each NUL in them.
//         In the kernel it loses sockets when its text does not fit into one buffer (32 KiB); in iterfs it does not.
// Globals  first_inode, last_inode: sockets with other inodes are left out; those that wait to be accepted have 0.
#include "proc_net.h"

/* Not in the BTF: macros and an enum that the kernel itself does not keep. */
#define SO_ACCEPTCON (1 << 16)
#define SUN_PATH_MAX 108
#define SUN_PATH_AT 2

enum { UNCONNECTED = 1, CONNECTING, CONNECTED, DISCONNECTING };

const volatile __u64 first_inode = 0;
const volatile __u64 last_inode = 0xffffffff;

static int state_of(const struct sock *sk)
{
	if (sk->__sk_common.skc_state == TCP_ESTABLISHED)
		return sk->sk_socket ? CONNECTED : CONNECTING;
	return sk->sk_socket ? UNCONNECTED : DISCONNECTING;
}

static void print_name(struct seq_file *seq, struct unix_address *addr)
{
	char name[SUN_PATH_MAX] = {};
	__u32 i, whole = addr->len;
	__u64 len = whole;

	BPF_SEQ_PRINTF(seq, " ");
	/* A path has a NUL at its end, which counts. */
	len -= addr->name->sun_path[0] ? SUN_PATH_AT + 1 : SUN_PATH_AT;
	if (len == 0 || len > SUN_PATH_MAX)
		return;
	bpf_probe_read_kernel(name, len, addr->name->sun_path);
	for (i = 0; i < SUN_PATH_MAX; i++)
		if (!name[i])
			name[i] = '@';
	bpf_seq_write(seq, name, len);
}

SEC("iter/unix")
int dump_unix(struct bpf_iter__unix *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct unix_sock *unix_sk = ctx->unix_sk;
	struct sock *sk = (struct sock *)unix_sk;
	__u64 inode;

	if (wants_heading(ctx->meta, unix_sk))
		BPF_SEQ_PRINTF(seq, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	if (!unix_sk)
		return 0;
	inode = inode_of(sk);
	if (inode < first_inode || inode > last_inode)
		return 0;
	BPF_SEQ_PRINTF(seq, "%pK: %08X %08X %08X %04X %02X %5lu", unix_sk, sk->__sk_common.skc_refcnt.refs.counter - ITER_REFS, 0,
		       sk->__sk_common.skc_state == TCP_LISTEN ? SO_ACCEPTCON : 0, sk->sk_type, state_of(sk), inode);
	if (unix_sk->addr)
		print_name(seq, unix_sk->addr);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
