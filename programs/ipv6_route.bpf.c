// IPv6 routes.
//
// Prints  what /proc/net/ipv6_route prints, byte by byte: destination and source with their prefix lengths, gateway, metric, references, use,
//         flags and device of every route of every table.
// Parameters  none. The network namespace is that of the process that opens the file.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define RTF_GATEWAY 0x0002

/*
 * The route's own path, or the first one of the nexthop object that it leads through. nh_info and nh_grp share their place: the verifier knows the
 * first of them only, so the group is read with a helper.
 */
static struct fib_nh_common *path_of(struct fib6_info *rt)
{
	struct nexthop *nh = rt->nh;

	if (!nh)
		return &rt->fib6_nh[0].nh_common;
	if (nh->is_group)
		nh = BPF_CORE_READ(nh, nh_grp, nh_entries[0].nh);
	return &BPF_CORE_READ(nh, nh_info)->fib6_nh.nh_common;
}

SEC("iter/ipv6_route")
int dump_ipv6_route(struct bpf_iter__ipv6_route *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct fib6_info *rt = ctx->rt;
	struct fib_nh_common *path;
	struct net_device *dev;
	__u32 flags;

	if (!rt)
		return 0;
	path = path_of(rt);
	dev = BPF_CORE_READ(path, nhc_dev);
	flags = rt->fib6_flags;
	BPF_SEQ_PRINTF(seq, "%pi6 %02x %pi6 %02x ", &rt->fib6_dst.addr, rt->fib6_dst.plen, &rt->fib6_src.addr, rt->fib6_src.plen);
	if (BPF_CORE_READ(path, nhc_gw_family)) {
		flags |= RTF_GATEWAY;
		BPF_SEQ_PRINTF(seq, "%pi6", &path->nhc_gw.ipv6);
	} else {
		BPF_SEQ_PRINTF(seq, "00000000000000000000000000000000");
	}
	/* The kernel's routes count no use. */
	BPF_SEQ_PRINTF(seq, " %08x %08x %08x %08x %8s\n", rt->fib6_metric, rt->fib6_ref.refs.counter, 0, flags, dev ? dev->name : "");
	return 0;
}
