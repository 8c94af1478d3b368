// What the programs that print /proc/net/udp and udp6 share.
#pragma once
#include "proc_net.h"

struct udp_columns {
	__u32 tx_queue;
	__u32 rx_queue;
	unsigned long inode;
	int refs;
	__u32 drops;
};

static __always_inline void fill_columns(struct udp_columns *c, struct udp_sock *up)
{
	struct sock *sk = &up->inet.sk;

	c->tx_queue = sk->sk_wmem_alloc.refs.counter - 1;
	c->rx_queue = sk->sk_backlog.rmem_alloc.counter - up->forward_deficit;
	c->inode = inode_of(sk);
	c->refs = sk->__sk_common.skc_refcnt.refs.counter - ITER_REFS;
	/* Before 6.18 udp_sock has no counters of its own. */
	if (bpf_core_field_exists(up->drop_counters))
		c->drops = up->drop_counters.drops0.counter + up->drop_counters.drops1.counter;
	else
		c->drops = sk->sk_drops.counter;
}
