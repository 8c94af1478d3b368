// Maps of many types of keys and values, for what `map dump` prints through BTF. The program does nothing.
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

enum colour { RED, GREEN = 5, BLUE };
enum breadth { SMALL = 2, LARGE = 0x100000000ULL };

struct inside {
	int a;
	char c;
};

union one_of {
	int i;
	unsigned char b[4];
};

struct record {
	int n;
	long long l;
	unsigned long long ul;
	char name[8];
	struct inside in;
	struct inside arr[2];
	enum colour color;
	enum breadth wide;
	unsigned char bytes[3];
	void *p;
	int bits : 3;
	unsigned int ubits : 5;
	long long lbits : 40;
	union one_of un;
	short s;
	__int128 big;
	int none[0];
	struct {
		int anon;
	};
	const char c;
	int grid[2][2];
	unsigned char flag;
};

struct pair {
	int x;
	int y;
};

#define MAP(NAME, TYPE, FLAGS, KEY, VALUE)             \
	struct {                                       \
		__uint(type, TYPE);                    \
		__uint(max_entries, 4);                \
		__uint(map_flags, FLAGS);              \
		__type(key, KEY);                      \
		__type(value, VALUE);                  \
	} NAME SEC(".maps")

MAP(structs, BPF_MAP_TYPE_HASH, BPF_F_ZERO_SEED, struct pair, struct record);
MAP(numbers, BPF_MAP_TYPE_ARRAY, 0, int, __u64);
MAP(texts, BPF_MAP_TYPE_HASH, BPF_F_ZERO_SEED, char[8], char[12]);
MAP(percpu_structs, BPF_MAP_TYPE_PERCPU_ARRAY, 0, int, struct inside);
MAP(percpu_numbers, BPF_MAP_TYPE_PERCPU_HASH, BPF_F_ZERO_SEED, __u64, long);
MAP(lru, BPF_MAP_TYPE_LRU_HASH, BPF_F_ZERO_SEED, enum colour, short);
MAP(trie, BPF_MAP_TYPE_LPM_TRIE, BPF_F_NO_PREALLOC, struct pair, int);

int counter = 7;
struct record zero;

SEC("iter/task")
int nothing(struct bpf_iter__task *ctx)
{
	struct pair key = {};
	int number = 0;
	__u64 wide = 0;
	char text[8] = {};

	counter += zero.n;
	bpf_map_lookup_elem(&structs, &key);
	bpf_map_lookup_elem(&numbers, &number);
	bpf_map_lookup_elem(&texts, text);
	bpf_map_lookup_elem(&percpu_structs, &number);
	bpf_map_lookup_elem(&percpu_numbers, &wide);
	bpf_map_lookup_elem(&lru, &number);
	bpf_map_lookup_elem(&trie, &key);
	return 0;
}

char _license[] SEC("license") = "GPL";
