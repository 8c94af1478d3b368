// IPv4 routes. The target is iterfs's own: no kernel has it.
//
// Prints  what /proc/net/route prints, byte by byte: the routes of the main table, without those to broadcast and multicast addresses. Addresses are
//         numbers as this CPU reads them.
// Parameters  none. The network namespace is that of the process that opens the file.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define AF_INET 2
#define RT_TABLE_MAIN 254
#define RTN_BROADCAST 3
#define RTN_MULTICAST 5
#define RTN_UNREACHABLE 7
#define RTN_PROHIBIT 8
#define RTF_UP 0x0001
#define RTF_GATEWAY 0x0002
#define RTF_HOST 0x0004
#define RTF_REJECT 0x0200
/* Places in dst_metrics.metrics. */
#define WINDOW 2
#define RTT 3
#define ADVMSS 7
/* What the headers of IPv4 and TCP take of a packet. */
#define HEADERS 40
#define LINE 128

/* The route's own first path, or the first one of the nexthop object that it leads through. */
static struct fib_nh_common *path_of(struct fib_info *fi)
{
	struct nexthop *nh = fi->nh;

	if (!nh)
		return &fi->fib_nh[0].nh_common;
	if (nh->is_group)
		nh = nh->nh_grp->nh_entries[0].nh;
	return &nh->nh_info->fib_nhc;
}

static __u32 mask_of(int len)
{
	return len == 0 ? 0 : __builtin_bswap32(0xffffffffU << (32 - len));
}

SEC("iter/ipv4_route")
int dump_ipv4_route(struct bpf_iter__ipv4_route *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct fib_rt_info *rt = ctx->rt;
	__u32 mask, gateway, advmss, flags = RTF_UP;
	struct fib_nh_common *path;
	struct net_device *dev;
	struct fib_info *fi;
	char line[LINE];
	int len;

	/* Without any route, of whatever table, the kernel has no tables, and its file not even a heading. */
	if (rt && ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "%-127s\n", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
	if (!rt || rt->tb_id != RT_TABLE_MAIN || rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST)
		return 0;
	fi = rt->fi;
	path = path_of(fi);
	dev = path->nhc_dev;
	mask = mask_of(rt->dst_len);
	if (rt->type == RTN_UNREACHABLE || rt->type == RTN_PROHIBIT)
		flags |= RTF_REJECT;
	if (path->nhc_gw.ipv4)
		flags |= RTF_GATEWAY;
	if (mask == 0xffffffff)
		flags |= RTF_HOST;
	gateway = path->nhc_gw_family == AF_INET ? path->nhc_gw.ipv4 : 0;
	advmss = fi->fib_metrics->metrics[ADVMSS];
	/* Two steps, as the arguments of one call are at most 12 and each line is filled with blanks to 127 characters. */
	len = BPF_SNPRINTF(line, sizeof(line), "%s\t%08X\t%08X\t%04X\t%d\t%u\t%u\t%08X\t%d\t%u\t%u", dev ? dev->name : "*", rt->dst,
			   gateway, flags, 0, 0, fi->fib_priority, mask, advmss ? advmss + HEADERS : 0,
			   fi->fib_metrics->metrics[WINDOW], fi->fib_metrics->metrics[RTT] >> 3);
	if (len > 0)
		BPF_SEQ_PRINTF(seq, "%-127s\n", line);
	return 0;
}
