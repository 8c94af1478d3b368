// IPv4 neighbours. The target is iterfs's own: no kernel has it.
//
// Prints  what /proc/net/arp prints, byte by byte: address, type of hardware, flags, hardware address and device of each neighbour, and of each address
//         that the machine answers for.
// Parameters  none. The network namespace is that of the process that opens the file.
#include "heading.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define AF_INET 2
#define NUD_NOARP 0x40
#define NUD_PERMANENT 0x80
/* PERMANENT, NOARP, REACHABLE, PROBE, STALE and DELAY: what has a hardware address. */
#define NUD_VALID 0xde
#define ATF_COM 0x2
#define ATF_PERM 0x4
#define ATF_PUBL 0x8
/* Bytes of an address that the file has room for, and of its text. */
#define ADDRESS 9
#define TEXT 30

static const char digits[16] = "0123456789abcdef";

static __u32 flags_of(__u8 state)
{
	if (state & NUD_PERMANENT)
		return ATF_PERM | ATF_COM;
	return state & NUD_VALID ? ATF_COM : 0;
}

static void print_neigh(struct seq_file *seq, struct neighbour *neigh)
{
	struct net_device *dev = neigh->dev;
	__u8 bytes[ADDRESS], i, len = dev->addr_len;
	char ip[16], text[TEXT] = "";

	if (bpf_probe_read_kernel(bytes, sizeof(bytes), neigh->ha))
		return;
	for (i = 0; i < ADDRESS && i < len; i++) {
		text[3 * i] = digits[bytes[i] >> 4];
		text[3 * i + 1] = digits[bytes[i] & 15];
		text[3 * i + 2] = i + 1 < ADDRESS && i + 1 < len ? ':' : 0;
	}
	BPF_SNPRINTF(ip, sizeof(ip), "%pI4", neigh->primary_key);
	BPF_SEQ_PRINTF(seq, "%-16s 0x%-10x0x%-10x%-17s     *        %s\n", ip, dev->type, flags_of(neigh->nud_state), text, dev->name);
}

static void print_proxy(struct seq_file *seq, struct pneigh_entry *proxy)
{
	struct net_device *dev = proxy->dev;
	char ip[16];

	BPF_SNPRINTF(ip, sizeof(ip), "%pI4", proxy->key);
	BPF_SEQ_PRINTF(seq, "%-16s 0x%-10x0x%-10x%s     *        %s\n", ip, dev ? dev->type : 0, ATF_PUBL | ATF_PERM, "00:00:00:00:00:00",
		       dev ? dev->name : "*");
}

SEC("iter/neigh")
int dump_neigh(struct bpf_iter__neigh *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct neighbour *neigh = ctx->neigh;
	struct pneigh_entry *proxy = ctx->pneigh;
	struct neigh_table *tbl = ctx->tbl;

	if (wants_heading(ctx->meta, tbl))
		BPF_SEQ_PRINTF(seq, "IP address       HW type     Flags       HW address            Mask     Device\n");
	if (!tbl || tbl->family != AF_INET)
		return 0;
	if (neigh && (neigh->nud_state & ~NUD_NOARP))
		print_neigh(seq, neigh);
	if (proxy)
		print_proxy(seq, proxy);
	return 0;
}
