// A program for each target, a sleepable one too, and maps of all types: what attaching says of them (test/cases/attach.ts).
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define MAP(name, map_type, keys, values, entries, ...)                                                                             \
	struct {                                                                                                                    \
		__uint(type, BPF_MAP_TYPE_##map_type);                                                                              \
		__uint(max_entries, entries);                                                                                       \
		__uint(key_size, keys);                                                                                             \
		__uint(value_size, values);                                                                                         \
		__VA_ARGS__                                                                                                         \
	} name SEC(".maps")
MAP(hash_4_8, HASH, 4, 8, 4);
MAP(hash_4_4, HASH, 4, 4, 4);
MAP(hash_8_8, HASH, 8, 8, 4);
MAP(lru_hash, LRU_HASH, 4, 8, 4);
MAP(array, ARRAY, 4, 8, 4);
MAP(percpu_hash, PERCPU_HASH, 4, 8, 4);
MAP(lru_percpu_hash, LRU_PERCPU_HASH, 4, 8, 4);
MAP(percpu_array, PERCPU_ARRAY, 4, 8, 4);
MAP(percpu_array_4, PERCPU_ARRAY, 4, 4, 4);
MAP(prog_array, PROG_ARRAY, 4, 4, 4);
MAP(lpm_trie, LPM_TRIE, 8, 8, 4, __uint(map_flags, BPF_F_NO_PREALLOC););
MAP(queue, QUEUE, 0, 8, 4);
MAP(stack, STACK, 0, 8, 4);
MAP(ringbuf, RINGBUF, 0, 0, 4096);
MAP(bloom_filter, BLOOM_FILTER, 0, 8, 4);
MAP(sockmap, SOCKMAP, 4, 4, 4);
MAP(sockmap_8, SOCKMAP, 4, 8, 4);
MAP(sockhash, SOCKHASH, 4, 4, 4);
MAP(sockhash_8_8, SOCKHASH, 8, 8, 4);
MAP(rdonly_prog, ARRAY, 4, 8, 4, __uint(map_flags, BPF_F_RDONLY_PROG););
#define STORAGE(name, of, value_type)                                                                                               \
	struct {                                                                                                                    \
		__uint(type, BPF_MAP_TYPE_##of##_STORAGE);                                                                          \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                                               \
		__type(key, int);                                                                                                   \
		__type(value, value_type);                                                                                          \
	} name SEC(".maps")
STORAGE(sk_storage, SK, __u64);
STORAGE(sk_storage_4, SK, __u32);
STORAGE(task_storage, TASK, __u64);

#define PROG(target)                                                                                                                \
	SEC("iter/" #target) int plain__##target(void *ctx) { return 0; }                                                           \
	SEC("iter.s/" #target) int sleeps__##target(void *ctx) { return 0; }
PROG(task)
PROG(task_file)
PROG(task_vma)
PROG(bpf_map)
PROG(bpf_prog)
PROG(bpf_link)
PROG(bpf_map_elem)
PROG(sockmap)
PROG(bpf_sk_storage_map)
PROG(tcp)
PROG(udp)
PROG(unix)
PROG(netlink)
PROG(ipv6_route)
PROG(cgroup)
PROG(ksym)
PROG(kmem_cache)
PROG(dmabuf)

/* Loads from, and stores to, buffers of a context that may be smaller. */
#define TOUCH(name, target, field, body)                                                                                            \
	SEC("iter/" #target) int name##__##target(struct bpf_iter__##target *ctx)                                                   \
	{                                                                                                                           \
		volatile __u64 *at = ctx->field;                                                                                    \
		if (!at)                                                                                                            \
			return 0;                                                                                                   \
		body;                                                                                                               \
		return 0;                                                                                                           \
	}
TOUCH(reads_key_8, bpf_map_elem, key, (void)at[0])
TOUCH(reads_value_8, bpf_map_elem, value, (void)at[0])
TOUCH(reads_value_16, bpf_map_elem, value, (void)at[1])
TOUCH(writes_value_8, bpf_map_elem, value, at[0] = 1)
TOUCH(writes_value_16, bpf_map_elem, value, at[1] = 1)
TOUCH(reads_key_8, sockmap, key, (void)at[0])
TOUCH(reads_value_8, bpf_sk_storage_map, value, (void)at[0])
TOUCH(writes_value_8, bpf_sk_storage_map, value, at[0] = 1)
