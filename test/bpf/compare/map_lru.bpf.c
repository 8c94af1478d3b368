// LRU hash: it takes more than it has room for; the newest element is there, and not all of the old ones.
#include "compare.h"

MAP(recent, LRU_HASH, 16, __u32, __u32);

__u32 found;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u32 n, *at;

	if (!ctx->task)
		return 0;
	LOOP(n, 0, 1000)
		if (bpf_map_update_elem(&recent, &n, &n, BPF_ANY))
			OUT("update %u failed\n", n);
	n = 999;
	at = bpf_map_lookup_elem(&recent, &n);
	OUT("newest %d\n", at ? *at : -1);
	found = 0;
	LOOP(n, 0, 1000)
		found += bpf_map_lookup_elem(&recent, &n) != 0;
	OUT("some are gone %d\n", found > 0 && found < 1000);
	n = 999;
	OUT("noexist %ld\n", (long)bpf_map_update_elem(&recent, &n, &n, BPF_NOEXIST));
	OUT("delete %ld\n", (long)bpf_map_delete_elem(&recent, &n));
	OUT("exist %ld\n", (long)bpf_map_update_elem(&recent, &n, &n, BPF_EXIST));
	return 0;
}
