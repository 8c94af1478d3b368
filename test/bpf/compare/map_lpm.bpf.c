// Longest prefix match: the longest of several prefixes, the one of length 0, replacing and deleting.
#include "compare.h"

struct prefix {
	__u32 length;
	__u8 address[4];
};

MAP(routes, LPM_TRIE, 8, struct prefix, __u32, __uint(map_flags, BPF_F_NO_PREALLOC););

#define KEY(bits, a, b, c, d) key = (struct prefix){ bits, { a, b, c, d } }
#define LOOK(a, b, c, d)                                                                                                            \
	KEY(32, a, b, c, d);                                                                                                        \
	at = bpf_map_lookup_elem(&routes, &key);                                                                                    \
	OUT(#a "." #b "." #c "." #d " %d\n", at ? *at : -1)
#define ADD(bits, a, b, c, d, to)                                                                                                   \
	KEY(bits, a, b, c, d);                                                                                                      \
	value = to;                                                                                                                 \
	OUT("add %d: %ld\n", to, (long)bpf_map_update_elem(&routes, &key, &value, BPF_ANY))

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct prefix key;
	__u32 value, *at;

	if (!ctx->task)
		return 0;
	LOOK(10, 0, 0, 1);
	ADD(8, 10, 0, 0, 0, 1);
	ADD(16, 10, 1, 0, 0, 2);
	ADD(24, 10, 1, 2, 0, 3);
	ADD(32, 10, 1, 2, 3, 4);
	ADD(33, 10, 1, 2, 3, 5);
	LOOK(10, 9, 9, 9);
	LOOK(10, 1, 9, 9);
	LOOK(10, 1, 2, 9);
	LOOK(10, 1, 2, 3);
	LOOK(11, 0, 0, 0);
	ADD(0, 0, 0, 0, 0, 6);
	LOOK(11, 0, 0, 0);
	ADD(24, 10, 1, 2, 0, 7);
	LOOK(10, 1, 2, 9);
	KEY(24, 10, 1, 2, 0);
	OUT("delete %ld ", (long)bpf_map_delete_elem(&routes, &key));
	OUT("%ld\n", (long)bpf_map_delete_elem(&routes, &key));
	LOOK(10, 1, 2, 9);
	KEY(9, 10, 0, 0, 0);
	at = bpf_map_lookup_elem(&routes, &key);
	OUT("shorter key %d\n", at ? *at : -1);
	KEY(0, 0, 0, 0, 0);
	bpf_map_delete_elem(&routes, &key);
	KEY(24, 10, 1, 2, 0);
	OUT("exist %ld\n", (long)bpf_map_update_elem(&routes, &key, &value, BPF_EXIST));
	return 0;
}
