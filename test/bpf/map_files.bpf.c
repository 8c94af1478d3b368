// Maps of many types, with keys and values of many types, for what reading their pins prints. The program only uses them.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

enum colour { RED, GREEN = 5, BLUE = -2 };
enum breadth { SMALL = 2, LARGE = 0x100000000ULL };
enum small { LITTLE = 1, BIG = 200 } __attribute__((packed));

struct inside {
	int a;
	char c;
};

union one_of {
	int i;
	unsigned char b[4];
};

typedef struct {
	short x, y;
} point;

struct plain {
	_Bool yes;
	signed char sc;
	unsigned char uc;
	short s;
	unsigned int u;
	long long ll;
	__int128 big;
	unsigned __int128 ubig;
	const int constant;
	volatile unsigned short changing;
	point at;
	enum colour colour;
	enum breadth wide;
	enum small small;
};

struct bits {
	_Bool flag : 1;
	int low : 3;
	unsigned int high : 5;
	long long far : 40;
	enum colour colour : 4;
	unsigned char whole;
};

struct nested {
	char name[8];
	unsigned char raw[3];
	struct inside in;
	struct inside list[2];
	point points[2];
	int grid[2][2];
	union one_of either;
	struct {
		int anonymous;
		union {
			short half;
			char byte;
		};
	};
	int none[0];
	struct {
	} empty;
	enum colour colours[2];
};

struct pointers {
	void *p;
	struct nested *next;
	int (*call)(int);
	const char *text;
	long (*table[2])(void);
};

struct prefix {
	__u32 length;
	unsigned char bytes[4];
};

struct locked {
	int before;
	struct bpf_spin_lock lock;
	long after;
};

#define MAP(NAME, TYPE, ENTRIES, FLAGS, KEY, VALUE)    \
	struct {                                       \
		__uint(type, TYPE);                    \
		__uint(max_entries, ENTRIES);          \
		__uint(map_flags, FLAGS);              \
		__type(key, KEY);                      \
		__type(value, VALUE);                  \
	} NAME SEC(".maps")

MAP(plain, BPF_MAP_TYPE_HASH, 8, BPF_F_ZERO_SEED, point, struct plain);
MAP(bitfields, BPF_MAP_TYPE_ARRAY, 3, 0, int, struct bits);
MAP(nested, BPF_MAP_TYPE_ARRAY, 3, 0, __u32, struct nested);
MAP(pointers, BPF_MAP_TYPE_ARRAY, 2, 0, int, struct pointers);
MAP(locked, BPF_MAP_TYPE_HASH, 4, BPF_F_ZERO_SEED, enum colour, struct locked);
MAP(texts, BPF_MAP_TYPE_HASH, 4, BPF_F_ZERO_SEED, char[8], char[12]);
MAP(smalls, BPF_MAP_TYPE_HASH, 4, BPF_F_ZERO_SEED, enum small, enum small);
MAP(tables, BPF_MAP_TYPE_ARRAY, 2, 0, int, int[2][3]);
MAP(cpu_row, BPF_MAP_TYPE_PERCPU_ARRAY, 2, 0, int, struct inside);
MAP(cpu_table, BPF_MAP_TYPE_PERCPU_HASH, 4, BPF_F_ZERO_SEED, __u64, unsigned short);
MAP(recent, BPF_MAP_TYPE_LRU_HASH, 4, BPF_F_ZERO_SEED, unsigned char, __s64);
MAP(cpu_recent, BPF_MAP_TYPE_LRU_PERCPU_HASH, 4, BPF_F_ZERO_SEED, int, int);
MAP(trie, BPF_MAP_TYPE_LPM_TRIE, 4, BPF_F_NO_PREALLOC, struct prefix, int);
/* Types of keys that the kernel does not take: these maps are created without types. */
MAP(wide_trie, BPF_MAP_TYPE_LPM_TRIE, 4, BPF_F_NO_PREALLOC, __u64, int);
MAP(by_colour, BPF_MAP_TYPE_ARRAY, 2, 0, enum colour, int);
MAP(by_struct, BPF_MAP_TYPE_PERCPU_ARRAY, 2, 0, point, int);
MAP(progs, BPF_MAP_TYPE_PROG_ARRAY, 2, 0, int, int);
MAP(store, BPF_MAP_TYPE_TASK_STORAGE, 0, BPF_F_NO_PREALLOC, int, int);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 8);
} untyped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, int);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 4);
	__type(value, int);
} bloom SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

int counter = 7;
char title[8] = "globals";
struct inside pair = { 1, 'x' };
long zero;
struct nested zeros;
const volatile int constant = 9;

SEC("iter/task")
int use(struct bpf_iter__task *ctx)
{
	static char key[64];

	if (ctx->task)
		return 0;
	counter += zeros.in.a + zero + constant + title[0] + pair.a;
#define USE(MAP) bpf_map_lookup_elem(&MAP, key)
	USE(plain), USE(bitfields), USE(nested), USE(pointers), USE(locked), USE(texts), USE(smalls), USE(tables), USE(untyped);
	USE(cpu_row), USE(cpu_table), USE(recent), USE(cpu_recent), USE(trie), USE(wide_trie), USE(by_colour), USE(by_struct);
	bpf_map_peek_elem(&queue, key);
	bpf_map_peek_elem(&bloom, key);
	bpf_ringbuf_query(&ring, 0);
	bpf_tail_call(ctx, &progs, 0);
	bpf_task_storage_get(&store, bpf_get_current_task_btf(), 0, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
