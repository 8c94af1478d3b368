// What iterfs serves of IPv6 routes, of the nexthop objects that they lead through, and of their devices: each field that has a value of its own.
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

static void print_path(struct seq_file *seq, struct fib_nh_common *path)
{
	struct net_device *dev = path->nhc_dev;

	BPF_SEQ_PRINTF(seq, " path family %d gw %d flags %x weight %d oif %d", path->nhc_family, path->nhc_gw_family, path->nhc_flags,
		       path->nhc_weight, path->nhc_oif);
	if (path->nhc_gw_family)
		BPF_SEQ_PRINTF(seq, " %pI6 %x", &path->nhc_gw.ipv6, path->nhc_gw.ipv4);
	if (!dev)
		return;
	BPF_SEQ_PRINTF(seq, "\n  dev %s %d flags %x gflags %x type %d mtu %u..%u..%u oper %u link_mode %u", dev->name, dev->ifindex, dev->flags,
		       dev->gflags, dev->type, dev->min_mtu, dev->mtu, dev->max_mtu, dev->operstate, dev->link_mode);
	BPF_SEQ_PRINTF(seq, " group %d promisc %u allmulti %u queues %u %u len %u gso %u %u gro %u tso %u %u", dev->group, dev->promiscuity,
		       dev->allmulti, dev->num_tx_queues, dev->num_rx_queues, dev->tx_queue_len, dev->gso_max_size, dev->gso_max_segs,
		       dev->gro_max_size, dev->tso_max_size, dev->tso_max_segs);
	BPF_SEQ_PRINTF(seq, " carrier %d %d proto_down %d addr %d %pM %pM", dev->carrier_up_count.counter, dev->carrier_down_count.counter,
		       dev->proto_down, dev->addr_len, dev->dev_addr, dev->broadcast);
	BPF_SEQ_PRINTF(seq, " perm %pM", dev->perm_addr);
}

static void print_nexthop(struct seq_file *seq, struct nexthop *nh)
{
	struct nh_group *group;
	struct nh_info *info;

	BPF_SEQ_PRINTF(seq, "\n  nexthop %u proto %u flags %x group %d", nh->id, nh->protocol, nh->nh_flags, nh->is_group);
	if (nh->is_group) {
		/* The verifier takes what lies there for nh_info. */
		group = BPF_CORE_READ(nh, nh_grp);
		BPF_SEQ_PRINTF(seq, " of %u: multipath %d hash %d resilient %d fdb %d", BPF_CORE_READ(group, num_nh),
			       BPF_CORE_READ(group, is_multipath), BPF_CORE_READ(group, hash_threshold), BPF_CORE_READ(group, resilient),
			       BPF_CORE_READ(group, fdb_nh));
		BPF_SEQ_PRINTF(seq, " %u (%u), %u (%u)", BPF_CORE_READ(group, nh_entries[0].nh, id),
			       BPF_CORE_READ(group, nh_entries[0].weight), BPF_CORE_READ(group, nh_entries[1].nh, id),
			       BPF_CORE_READ(group, nh_entries[1].weight));
		BPF_SEQ_PRINTF(seq, " self %d", BPF_CORE_READ(group, nh_entries[1].nh_parent) == nh);
		return;
	}
	info = nh->nh_info;
	BPF_SEQ_PRINTF(seq, " family %u reject %d fdb %d self %d", info->family, info->reject_nh, info->fdb_nh, info->nh_parent == nh);
	print_path(seq, &info->fib6_nh.nh_common);
}

SEC("iter/ipv6_route")
int dump_route_fields(struct bpf_iter__ipv6_route *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct fib6_info *rt = ctx->rt;

	if (!rt) {
		BPF_SEQ_PRINTF(seq, "end %llu\n", ctx->meta->seq_num);
		return 0;
	}
	BPF_SEQ_PRINTF(seq, "%llu %pI6/%d from %pI6/%d prefsrc %pI6/%d", ctx->meta->seq_num, &rt->fib6_dst.addr, rt->fib6_dst.plen,
		       &rt->fib6_src.addr, rt->fib6_src.plen, &rt->fib6_prefsrc.addr, rt->fib6_prefsrc.plen);
	BPF_SEQ_PRINTF(seq, " table %u %d metric %u flags %x type %u proto %u", rt->fib6_table ? rt->fib6_table->tb6_id : 0, !rt->fib6_table,
		       rt->fib6_metric, rt->fib6_flags, rt->fib6_type, rt->fib6_protocol);
	BPF_SEQ_PRINTF(seq, " siblings %u ref %d offload %d %d %d", rt->fib6_nsiblings, rt->fib6_ref.refs.counter, rt->offload, rt->trap,
		       rt->offload_failed);
	BPF_SEQ_PRINTF(seq, " mtu %u advmss %u hoplimit %u last %u", rt->fib6_metrics->metrics[1], rt->fib6_metrics->metrics[7],
		       rt->fib6_metrics->metrics[9], rt->fib6_metrics->metrics[16]);
	if (rt->nh)
		print_nexthop(seq, rt->nh);
	else
		print_path(seq, &rt->fib6_nh[0].nh_common);
	BPF_SEQ_PRINTF(seq, "\n");
	return 0;
}
