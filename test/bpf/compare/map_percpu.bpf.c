// Per-CPU maps: this CPU's value, and those of all added up.
#include "compare.h"

MAP(counters, PERCPU_ARRAY, 2, __u32, __u64);
MAP(table, PERCPU_HASH, 2, __u32, __u32);
MAP(recent, LRU_PERCPU_HASH, 4, __u32, __u64);

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 *count, sum = 0, big = 77;
	__u32 n = 1, value = 5, *at, cpu;

	if (!ctx->task)
		return 0;
	count = bpf_map_lookup_elem(&counters, &n);
	if (count)
		*count += 3;
	for (cpu = 0; cpu < 8; cpu++) {
		count = bpf_map_lookup_percpu_elem(&counters, &n, cpu);
		if (count)
			sum += *count;
	}
	OUT("counters %llu\n", sum);
	n = 2;
	OUT("beyond %d\n", bpf_map_lookup_elem(&counters, &n) == 0);
	n = 0;
	OUT("no such cpu %d\n", bpf_map_lookup_percpu_elem(&counters, &n, 100000) == 0);
	bpf_map_delete_elem(&table, &n);
	OUT("hash %ld ", (long)bpf_map_update_elem(&table, &n, &value, BPF_NOEXIST));
	at = bpf_map_lookup_elem(&table, &n);
	OUT("%d\n", at ? (*at)++ : -1);
	at = bpf_map_lookup_elem(&table, &n);
	OUT("in place %d\n", at ? *at : -1);
	sum = 0;
	for (cpu = 0; cpu < 8; cpu++) {
		at = bpf_map_lookup_percpu_elem(&table, &n, cpu);
		if (at)
			sum += *at;
	}
	OUT("others are 0: %llu\n", sum);
	OUT("lru %ld ", (long)bpf_map_update_elem(&recent, &n, &big, BPF_ANY));
	count = bpf_map_lookup_elem(&recent, &n);
	OUT("%llu\n", count ? *count : 0);
	OUT("delete %ld %ld\n", (long)bpf_map_delete_elem(&table, &n), (long)bpf_map_delete_elem(&table, &n));
	return 0;
}
