// Maps of maps: slots that the object fills, empty slots, and writing through an inner map.
#include "compare.h"

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, struct inner);
} array SEC(".maps") = { .values = { [0] = &first, [2] = &second } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} hash SEC(".maps") = { .values = { [1] = &second } };

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u32 n, one = 1;
	__u64 *at;
	void *map;

	if (!ctx->task)
		return 0;
	LOOP(n, 0, 4) {
		map = bpf_map_lookup_elem(&array, &n);
		at = map ? bpf_map_lookup_elem(map, &one) : 0;
		if (at)
			*at += 10 + n;
		OUT("array %u: %lld ", n, at ? (__s64)*at : -1);
		map = bpf_map_lookup_elem(&hash, &n);
		at = map ? bpf_map_lookup_elem(map, &one) : 0;
		OUT("hash %u: %lld\n", n, at ? (__s64)*at : -1);
	}
	at = bpf_map_lookup_elem(&second, &one);
	OUT("second %llu\n", at ? *at : 0);
	return 0;
}
