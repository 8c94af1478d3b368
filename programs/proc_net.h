// What the programs that print files of /proc/net share.
#pragma once
#include "heading.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

#define AF_INET 2
#define AF_INET6 10
/** Clock ticks a second of /proc. */
#define USER_HZ 100
/** An iterator holds the sockets that it shows; /proc does not. */
#define ITER_REFS 1

extern int CONFIG_HZ __kconfig __weak;

/** Jiffies as clock ticks; those of a time that is over are 0. */
static __always_inline unsigned long ticks(long jiffies)
{
	int hz = CONFIG_HZ ? CONFIG_HZ : 250;

	return jiffies <= 0 ? 0 : (unsigned long)jiffies * USER_HZ / hz;
}

/** What is left of a time, in clock ticks. */
static __always_inline unsigned long ticks_until(unsigned long expires)
{
	return ticks((long)(expires - bpf_jiffies64()));
}

/** Number of a socket's inode; 0 without a file. */
static __always_inline unsigned long inode_of(struct sock *sk)
{
	struct socket *socket = sk->sk_socket;
	struct socket_alloc *alloc = (struct socket_alloc *)socket;
	unsigned long ino = 0;

	if (socket)
		BPF_CORE_READ_INTO(&ino, alloc, vfs_inode.i_ino);
	return ino;
}

/** How far a reader is: /proc counts the lines of its file only, an iterator all sockets. */
struct place {
	__u64 seq_num;
	__u32 sl;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct place);
} places SEC(".maps");

/** The line's number; the same when the same object is shown again. */
static __always_inline __u32 line_number(struct bpf_iter_meta *meta)
{
	__u64 session = meta->session_id;
	struct place *place = bpf_map_lookup_elem(&places, &session);
	struct place first = { .seq_num = meta->seq_num };

	if (!place) {
		bpf_map_update_elem(&places, &session, &first, BPF_ANY);
		return 0;
	}
	if (place->seq_num != meta->seq_num) {
		place->seq_num = meta->seq_num;
		place->sl++;
	}
	return place->sl;
}
