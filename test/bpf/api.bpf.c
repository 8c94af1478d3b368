// What the tests of the TypeScript API open: variables and maps of many types, and programs that use them.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define OUT(...) BPF_SEQ_PRINTF(ctx->meta->seq, __VA_ARGS__)

enum colour { RED, GREEN = 5, BLUE };
enum breadth { SMALL = 2, LARGE = 0x100000000ULL };

typedef struct {
	__u16 major, minor;
} version_t;

struct point {
	int x, y;
	char name[8];
};

struct everything {
	__u8 u8;
	__s8 s8;
	__u16 u16;
	__s16 s16;
	__u32 u32;
	__s32 s32;
	__u64 u64;
	__s64 s64;
	bool yes;
	char letter;
	enum colour colour;
	enum breadth breadth;
	unsigned int low : 3;
	int high : 5;
	__u64 wide : 40;
	struct point points[2];
	char words[2][4];
	int grid[2][3];
	version_t version;
	void *address;
	union {
		__u32 word;
		__u8 bytes[4];
	};
	struct {
		int deep;
	} inner;
};

int target_pid;
__u64 visited;
struct everything all;
struct everything copy;
int list[3] = { 1, 2, 3 };
char title[16] = "as written";
const volatile int limit = 10;
const volatile char greeting[12] = "hello";
__u32 custom SEC(".data.custom") = 7;
extern bool CONFIG_BPF __kconfig __weak;
extern int LINUX_KERNEL_VERSION __kconfig;

#define MAP(NAME, TYPE, ENTRIES, KEY, VALUE)           \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_##TYPE);     \
		__uint(max_entries, ENTRIES);          \
		__type(key, KEY);                      \
		__type(value, VALUE);                  \
	} NAME SEC(".maps")

MAP(counts, HASH, 4, __u32, __u64);
MAP(points, HASH, 8, struct point, struct everything);
MAP(slots, ARRAY, 3, __u32, version_t);
MAP(percpu, PERCPU_ARRAY, 1, __u32, __u32);
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 2);
	__uint(value_size, 4);
} queue SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

/* The lines are numbered by `visited`, which outlives an iteration. */
SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	__u32 key;
	__u64 one = 1, *count;

	if (!task)
		return 0;
	if (target_pid && task->tgid != target_pid)
		return 0;
	visited++;
	key = task->tgid;
	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		(*count)++;
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	OUT("%llu %llu %d\n", ctx->meta->seq_num, visited, task->tgid);
	return 0;
}

SEC("iter.s/task")
int dump_all(struct bpf_iter__task *ctx)
{
	if (ctx->task)
		return 0;
	copy = all;
	OUT("%u %d %u %d %u %d %llu %lld\n", all.u8, all.s8, all.u16, all.s16, all.u32, all.s32, all.u64, all.s64);
	OUT("%d %c %d %llx %u %d %llx\n", all.yes, all.letter, all.colour, (__u64)all.breadth, all.low, all.high, (__u64)all.wide);
	OUT("%d %s %s %s %d %u.%u %x %d\n", all.points[1].x, all.points[1].name, all.words[0], all.words[1], all.grid[1][2],
	    all.version.major, all.version.minor, all.word, all.inner.deep);
	OUT("%d %d %d %s %d %s\n", list[0], list[1], list[2], title, limit, (const char *)greeting);
	OUT("%u %d %d\n", custom++, LINUX_KERNEL_VERSION > 0, CONFIG_BPF);
	return 0;
}

SEC("iter/bpf_map_elem")
int dump_counts(struct bpf_iter__bpf_map_elem *ctx)
{
	__u32 *key = ctx->key;
	__u64 *value = ctx->value;

	if (!key || !value)
		return 0;
	OUT("%u: %llu\n", *key, *value);
	*value += 100;
	return 0;
}

SEC("iter/bpf_map")
int dump_maps(struct bpf_iter__bpf_map *ctx)
{
	if (ctx->map)
		OUT("%s %u\n", ctx->map->name, ctx->map->max_entries);
	return 0;
}

/* Fails the first read. */
SEC("iter/task")
int again(struct bpf_iter__task *ctx)
{
	return ctx->task ? 1 : 0;
}

/* More text than an object may have. */
SEC("iter/task")
int too_much(struct bpf_iter__task *ctx)
{
	int i;

	for (i = 0; i < 600; i++)
		OUT("................................................................\n");
	return 0;
}

static int step(__u32 i, void *unused)
{
	visited++;
	return 0;
}

/* Seconds. */
SEC("iter/task")
int endless(struct bpf_iter__task *ctx)
{
	bpf_loop(1 << 23, step, NULL, 0);
	bpf_loop(1 << 23, step, NULL, 0);
	bpf_loop(1 << 23, step, NULL, 0);
	return 0;
}

SEC("?iter/task")
int on_request(struct bpf_iter__task *ctx)
{
	if (!ctx->task) {
		OUT("on request\n");
		bpf_printk("traced %d", 5);
	}
	return 0;
}

SEC("kprobe/nothing")
int no_iterator(void *ctx)
{
	return 0;
}
