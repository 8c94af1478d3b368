// Bloom filter: what was pushed may be there, what was not is not, as far as a filter without collisions tells.
#include "compare.h"

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__type(value, __u64);
	__uint(map_extra, 5);
} filter SEC(".maps");

__u32 present, absent;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 value = 1;

	if (!ctx->task)
		return 0;
	OUT("empty %ld\n", (long)bpf_map_peek_elem(&filter, &value));
	LOOP(value, 1, 6)
		OUT("push %ld\n", (long)bpf_map_push_elem(&filter, &value, 0));
	present = absent = 0;
	LOOP(value, 1, 6)
		present += bpf_map_peek_elem(&filter, &value) == 0;
	LOOP(value, 100, 200)
		absent += bpf_map_peek_elem(&filter, &value) == -2;
	OUT("present %d, most absent %d\n", present, absent > 90);
	OUT("bad flag %ld\n", (long)bpf_map_push_elem(&filter, &value, BPF_EXIST));
	return 0;
}
