// Arrays: all elements are there, indexes beyond, flags; an array that holds a struct with an array; counting over reads.
#include "compare.h"

struct row {
	__u64 hits;
	__u32 cells[3];
	char name[5];
};

MAP(numbers, ARRAY, 3, __u32, __u64);
MAP(rows, ARRAY, 2, __u32, struct row);

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 value = 9, *at;
	struct row *row;
	__u32 hits;
	__u32 n;

	if (!ctx->task)
		return 0;
	LOOP(n, 0, 5) {
		at = bpf_map_lookup_elem(&numbers, &n);
		OUT("%u: %lld ", n, at ? (__s64)*at : -1);
		OUT("any %ld ", (long)bpf_map_update_elem(&numbers, &n, &value, BPF_ANY));
		OUT("exist %ld ", (long)bpf_map_update_elem(&numbers, &n, &value, BPF_EXIST));
		OUT("noexist %ld ", (long)bpf_map_update_elem(&numbers, &n, &value, BPF_NOEXIST));
		OUT("delete %ld\n", (long)bpf_map_delete_elem(&numbers, &n));
	}
	n = 1;
	row = bpf_map_lookup_elem(&rows, &n);
	if (!row)
		return 0;
	hits = ++row->hits;
	row->cells[hits & 1] += 2;
	__builtin_memcpy(row->name, "abcd", 5);
	OUT("hits %llu cells %u %u %u name %s\n", row->hits, row->cells[0], row->cells[1], row->cells[2], row->name);
	return 0;
}
