// Programs that no verifier would let in: they write over whatever their address space has, and call helpers with what makes no sense.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define OUT(...) BPF_SEQ_PRINTF(ctx->meta->seq, __VA_ARGS__)
#define WINDOW 0xffffc90000000000ull
#define HEAP 65536

#define MAP(name, map_type, entries, flags, key_type, value_type)                                                                    \
	struct {                                                                                                                     \
		__uint(type, BPF_MAP_TYPE_##map_type);                                                                               \
		__uint(max_entries, entries);                                                                                        \
		__uint(map_flags, flags);                                                                                            \
		__type(key, key_type);                                                                                               \
		__type(value, value_type);                                                                                           \
	} name SEC(".maps")

struct prefix {
	__u32 length;
	__u32 data;
};

MAP(hash, HASH, 64, 0, __u32, __u64);
MAP(grown, HASH, 64, 1, __u32, __u64);
MAP(lru, LRU_HASH, 16, 0, __u32, __u64);
MAP(trie, LPM_TRIE, 64, 1, struct prefix, __u64);
MAP(array, ARRAY, 64, 0, __u32, __u64);
MAP(large, ARRAY, 100000, 0, __u32, __u64);
MAP(store, TASK_STORAGE, 0, 1, int, __u64);

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, __u64);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inside SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {.values = {[1] = &inside}};

int circle(struct bpf_iter__task *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct bpf_iter__task *));
} progs SEC(".maps") = {.values = {[1] = &circle}};

__u32 seed = 1;
/* Writes over the memory before the maps are used; behind what address. */
__u32 writes = 0;
__u32 span = 1 << 20;

static __always_inline __u32 next(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 3;
}

static long touch(void *map, void *key, void *value, void *data)
{
	*(__u64 *)value += *(__u32 *)key;
	if (*(__u32 *)key == 3)
		bpf_map_delete_elem(map, key);
	return 0;
}

static __noinline void use(__u32 n)
{
	__u64 value = n, *found;
	__u32 key = n & 127;
	struct prefix prefix = {n & 31, n};
	void *maps[] = {&hash, &grown, &lru};

	for (int i = 0; i < 3; i++) {
		bpf_map_update_elem(maps[i], &key, &value, 0);
		key ^= 5;
		found = bpf_map_lookup_elem(maps[i], &key);
		if (found)
			*found = value;
		if (n & 1)
			bpf_map_delete_elem(maps[i], &key);
	}
	bpf_map_update_elem(&trie, &prefix, &value, 0);
	prefix.data ^= 1 << (n & 31);
	bpf_map_lookup_elem(&trie, &prefix);
	if (n & 2)
		bpf_map_delete_elem(&trie, &prefix);
	key = n & 63;
	bpf_map_update_elem(&array, &key, &value, 0);
	bpf_map_push_elem(&queue, &value, 2);
	bpf_map_pop_elem(&queue, &value);
	bpf_ringbuf_output(&ring, &value, 8, 0);
	key = 1;
	void *map = bpf_map_lookup_elem(&outer, &key);
	if (map) {
		key = 0;
		found = bpf_map_lookup_elem(map, &key);
		if (found)
			*found += 1;
	}
}

/* Random words all over the heap, and all maps in between. */
SEC("iter/task")
int all_over(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		return 0;
	for (int round = 0; round < 40; round++) {
		for (__u32 i = 0; i < writes; i++) {
			__u32 at = HEAP + next() % span;
			__u32 word = next() & 1 ? next() : HEAP + next() % span;
			if (at >= (__u32)(unsigned long)&seed - 4 && at <= (__u32)(unsigned long)&span + 4)
				continue;
			*(volatile __u32 *)(WINDOW + at) = word;
		}
		use(next());
		if (round % 10 == 9) {
			bpf_for_each_map_elem(&hash, touch, 0, 0);
			bpf_for_each_map_elem(&lru, touch, 0, 0);
			bpf_for_each_map_elem(&array, touch, 0, 0);
		}
	}
	__u64 *own = bpf_task_storage_get(&store, ctx->task, 0, 1);
	OUT("done %d\n", own != 0);
	return 0;
}

static long nothing(__u32 i, void *data)
{
	return 0;
}

static long inner_loop(__u32 i, void *data)
{
	bpf_loop(1 << 23, nothing, data, 0);
	return 0;
}

SEC("iter/task")
int loop_in_loop(struct bpf_iter__task *ctx)
{
	return bpf_loop(1 << 23, inner_loop, 0, 0);
}

static long no_element(void *map, void *key, void *value, void *data)
{
	return 0;
}

SEC("iter/task")
int walks(struct bpf_iter__task *ctx)
{
	for (__u32 i = 0; i < 1 << 30; i++)
		bpf_for_each_map_elem(&large, no_element, 0, 0);
	return 0;
}

SEC("iter/task")
int no_function(struct bpf_iter__task *ctx)
{
	return bpf_loop(3, (void *)(WINDOW + HEAP), 0, 0);
}

static __noinline int deep(struct bpf_iter__task *ctx, int n)
{
	volatile int kept = n;
	return n == 0 ? 0 : deep(ctx, n + 1) + kept;
}

SEC("iter/task")
int recursion(struct bpf_iter__task *ctx)
{
	return deep(ctx, 1);
}

static long again(__u32 i, void *data)
{
	return bpf_loop(2, again, data, 0);
}

SEC("iter/task")
int callbacks_in_callbacks(struct bpf_iter__task *ctx)
{
	return bpf_loop(2, again, 0, 0);
}

SEC("iter/task")
int circle(struct bpf_iter__task *ctx)
{
	if (ctx->meta->seq_num == 0 && ctx->task)
		OUT("x");
	bpf_tail_call(ctx, &progs, 1);
	return 0;
}

SEC("iter/task")
int copies(struct bpf_iter__task *ctx)
{
	for (__u32 i = 0; i < 1 << 30; i++)
		bpf_probe_read_kernel((void *)(WINDOW + HEAP), 400000, (void *)(WINDOW + HEAP + 8));
	return 0;
}

SEC("iter/task")
int too_much(struct bpf_iter__task *ctx)
{
	return bpf_probe_read_kernel((void *)(WINDOW + HEAP), 0x7fffffff, (void *)(WINDOW + HEAP));
}

SEC("iter/task")
int below_the_stack(struct bpf_iter__task *ctx)
{
	return bpf_probe_read_kernel((void *)(WINDOW + 4096), 64, (void *)(WINDOW + HEAP));
}

SEC("iter/task")
int stores_below(struct bpf_iter__task *ctx)
{
	*(volatile __u64 *)(WINDOW + 4148) = 0;
	return 0;
}

SEC("iter/task")
int texts(struct bpf_iter__task *ctx)
{
	volatile char *text = (char *)(WINDOW + HEAP);
	for (__u32 i = 0; i < 400000; i++)
		text[i] = 'a';
	for (__u32 i = 0; i < 1 << 30; i++)
		bpf_strncmp((char *)text, 300000, (char *)text);
	return 0;
}

SEC("iter/task")
int reads_the_system(struct bpf_iter__task *ctx)
{
	__u64 buffer[8];
	for (__u32 i = 0; i < 1 << 30; i++)
		bpf_get_task_stack(ctx->task, buffer, sizeof(buffer), 0);
	return 0;
}

SEC("iter/task")
int no_map(struct bpf_iter__task *ctx)
{
	__u32 key = 0;
	return (long)bpf_map_lookup_elem((void *)(WINDOW + HEAP + 4), &key);
}

SEC("iter/task")
int forged_dynptr(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		return 0;
	__u64 dynptr[2] = {0, 0x10ffffff};
	char bytes[16] = {};
	long read = bpf_dynptr_read(bytes, 16, (void *)dynptr, 4096, 0);
	long written = bpf_dynptr_write((void *)dynptr, 4096, bytes, 16, 0);
	OUT("%ld %ld %d\n", read, written, bpf_dynptr_data((void *)dynptr, 0, 16) == 0);
	return 0;
}
