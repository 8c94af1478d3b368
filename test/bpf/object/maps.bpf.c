// Maps in every way of defining them, and variables in every section.
#include "mini.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct key {
	int a;
	long b;
};
enum { FLAGS = 1 };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__uint(map_flags, FLAGS);
	__type(key, struct key);
	__type(value, long);
} by_type SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__uint(key_size, 4);
	__uint(value_size, 12);
} by_size SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(int));
	__type(key, int);
	__type(value, struct key);
} both_ways SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
} rounded_up SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, int);
} a_queue SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, int);
	__type(value, long);
} inner_one SEC(".maps"), inner_two SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, int);
	__array(values, struct inner);
} outer_array SEC(".maps") = {
	.values = { [1] = &inner_one, [3] = &inner_two },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_HASH);
		__uint(max_entries, 1);
		__type(key, int);
		__type(value, int);
	});
} outer_hash SEC(".maps");

int first(struct bpf_iter__task *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, int(void *));
} programs SEC(".maps") = {
	.values = { [1] = (void *)&first },
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, int);
} a_name_longer_than_the_kernel_takes SEC(".maps");

int zero_one, zero_two;
static volatile long only_static;
long initialised = 0x1122334455667788, second = 2;
const volatile int constant = 42;
const volatile struct {
	int limit;
	char text[6];
} config = { 7, "hello" };
int custom SEC(".data.custom") = 5;
const volatile int custom_constant SEC(".rodata.custom") = 6;
volatile int hidden __attribute__((visibility("hidden"))) = 9;

SEC("iter/task")
int first(struct bpf_iter__task *ctx)
{
	struct key key = { constant, custom_constant };
	int zero = config.limit - 7;
	long *value = bpf_map_lookup_elem(&by_type, &key);
	if (value)
		initialised += *value + custom + hidden;
	only_static++;
	zero_two = config.text[1] + second;
	bpf_map_lookup_elem(&by_size, &zero);
	bpf_map_lookup_elem(&both_ways, &zero);
	bpf_map_lookup_elem(&a_name_longer_than_the_kernel_takes, &zero);
	bpf_map_push_elem(&a_queue, &zero, 0);
	void *inner = bpf_map_lookup_elem(&outer_array, &zero);
	if (inner)
		bpf_map_lookup_elem(inner, &zero);
	inner = bpf_map_lookup_elem(&outer_hash, &zero);
	if (inner)
		zero_one = bpf_map_lookup_elem(inner, &zero) != NULL;
	return 0;
}

SEC("?iter/task")
int not_loaded(struct bpf_iter__task *ctx)
{
	return zero_one;
}
