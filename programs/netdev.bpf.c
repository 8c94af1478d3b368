// Network devices. The target is iterfs's own: no kernel has it.
//
// Prints  what /proc/net/dev prints, byte by byte: the counters of each device.
// Parameters  none. The network namespace is that of the process that opens the file.
#include "heading.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("iter/netdev")
int dump_netdev(struct bpf_iter__netdev *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct rtnl_link_stats64 *s = ctx->stats;
	struct net_device *dev = ctx->dev;

	if (wants_heading(ctx->meta, dev)) {
		BPF_SEQ_PRINTF(seq, "Inter-|   Receive                                                |  Transmit\n");
		BPF_SEQ_PRINTF(seq, " face |bytes    packets errs drop fifo frame compressed multicast|");
		BPF_SEQ_PRINTF(seq, "bytes    packets errs drop fifo colls carrier compressed\n");
	}
	if (!dev || !s)
		return 0;
	BPF_SEQ_PRINTF(seq, "%6s: %7llu %7llu %4llu %4llu %4llu %5llu %10llu %9llu ", dev->name, s->rx_bytes, s->rx_packets, s->rx_errors,
		       s->rx_dropped + s->rx_missed_errors, s->rx_fifo_errors,
		       s->rx_length_errors + s->rx_over_errors + s->rx_crc_errors + s->rx_frame_errors, s->rx_compressed, s->multicast);
	BPF_SEQ_PRINTF(seq, "%8llu %7llu %4llu %4llu %4llu %5llu %7llu %10llu\n", s->tx_bytes, s->tx_packets, s->tx_errors, s->tx_dropped,
		       s->tx_fifo_errors, s->collisions,
		       s->tx_carrier_errors + s->tx_aborted_errors + s->tx_window_errors + s->tx_heartbeat_errors, s->tx_compressed);
	return 0;
}
