// Hash maps: flags, a full map, values worked on in place, deletion; keys that are structs; what stays from one read to the next.
#include "compare.h"

struct pair_key {
	int pid;
	char letter;
};

MAP(numbers, HASH, 4, __u32, __u64);
MAP(structs, HASH, 8, struct pair_key, struct { int a; short b; });
MAP(lazy, HASH, 3, __u32, __u32, __uint(map_flags, BPF_F_NO_PREALLOC););

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct pair_key key = { .pid = 1, .letter = 'x' };
	struct { int a; short b; } pair = { 7, -3 }, *found;
	__u64 value = 10, *at;
	__u32 n;

	if (!ctx->task)
		return 0;
	n = 1;
	OUT("lookup of nothing %d\n", bpf_map_lookup_elem(&numbers, &n) == 0);
	OUT("exist %ld\n", (long)bpf_map_update_elem(&numbers, &n, &value, BPF_EXIST));
	OUT("noexist %ld\n", (long)bpf_map_update_elem(&numbers, &n, &value, BPF_NOEXIST));
	OUT("noexist again %ld\n", (long)bpf_map_update_elem(&numbers, &n, &value, BPF_NOEXIST));
	OUT("bad flag %ld\n", (long)bpf_map_update_elem(&numbers, &n, &value, 4));
	LOOP(n, 2, 7) {
		value = n * 100;
		OUT("any %u: %ld\n", n, (long)bpf_map_update_elem(&numbers, &n, &value, BPF_ANY));
	}
	n = 3;
	at = bpf_map_lookup_elem(&numbers, &n);
	if (at)
		*at += 5;
	at = bpf_map_lookup_elem(&numbers, &n);
	OUT("in place %llu\n", at ? *at : 0);
	OUT("delete %ld\n", (long)bpf_map_delete_elem(&numbers, &n));
	OUT("delete again %ld\n", (long)bpf_map_delete_elem(&numbers, &n));
	LOOP(n, 0, 7) {
		at = bpf_map_lookup_elem(&numbers, &n);
		OUT("%u: %lld\n", n, at ? (__s64)*at : -1);
		bpf_map_delete_elem(&numbers, &n);
	}
	OUT("struct pair_key %ld\n", (long)bpf_map_update_elem(&structs, &key, &pair, BPF_NOEXIST));
	key.letter = 'y';
	OUT("another letter %d\n", bpf_map_lookup_elem(&structs, &key) == 0);
	key.letter = 'x';
	found = bpf_map_lookup_elem(&structs, &key);
	if (found)
		OUT("found %d %d\n", found->a, found->b++);
	LOOP(n, 0, 5)
		OUT("no prealloc %u: %ld\n", n, (long)bpf_map_update_elem(&lazy, &n, &n, BPF_ANY));
	return 0;
}
