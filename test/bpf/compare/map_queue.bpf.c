// Queue and stack: order, empty and full ones, pushing out the oldest.
#include "compare.h"

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 3);
	__type(value, __u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 3);
	__type(value, __u32);
} stack SEC(".maps");

#define TRY(map)                                                                                                                    \
	value = 0;                                                                                                                  \
	OUT("peek %ld ", (long)bpf_map_peek_elem(&map, &value));                                                                    \
	OUT("%u ", value);                                                                                                          \
	OUT("pop %ld ", (long)bpf_map_pop_elem(&map, &value));                                                                      \
	OUT("%u\n", value)

#define ALL(map)                                                                                                                    \
	OUT(#map "\n");                                                                                                             \
	TRY(map);                                                                                                                   \
	LOOP(n, 1, 5)                                                                                                      \
		OUT("push %u: %ld\n", n, (long)bpf_map_push_elem(&map, &n, 0));                                                     \
	n = 9;                                                                                                                      \
	OUT("push over: %ld\n", (long)bpf_map_push_elem(&map, &n, BPF_EXIST));                                                      \
	OUT("bad flag %ld\n", (long)bpf_map_push_elem(&map, &n, BPF_NOEXIST));                                                      \
	TRY(map);                                                                                                                   \
	TRY(map);                                                                                                                   \
	TRY(map);                                                                                                                   \
	TRY(map)

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u32 n, value;

	if (!ctx->task)
		return 0;
	ALL(queue);
	ALL(stack);
	return 0;
}
