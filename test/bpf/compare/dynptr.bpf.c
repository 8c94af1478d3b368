// Dynamic pointers into a map value and a ring buffer record.
#include "compare.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

MAP(values, ARRAY, 1, __u32, struct { char bytes[32]; });

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct bpf_dynptr ptr;
	__u64 number = 0x4142434445464748;
	__u32 zero = 0;
	char *value, out[8] = "";
	char *slice;

	if (!ctx->task)
		return 0;
	value = bpf_map_lookup_elem(&values, &zero);
	if (!value)
		return 0;
	OUT("from mem %ld\n", (long)bpf_dynptr_from_mem(value, 32, 0, &ptr));
	OUT("write %ld ", (long)bpf_dynptr_write(&ptr, 3, &number, sizeof(number), 0));
	OUT("beyond %ld\n", (long)bpf_dynptr_write(&ptr, 30, &number, sizeof(number), 0));
	OUT("read %ld ", (long)bpf_dynptr_read(out, 7, &ptr, 4, 0));
	OUT("%s ", out);
	OUT("beyond %ld\n", (long)bpf_dynptr_read(out, 8, &ptr, 25, 0));
	slice = bpf_dynptr_data(&ptr, 3, 4);
	OUT("slice %c ", slice ? slice[1] : '-');
	slice = bpf_dynptr_data(&ptr, 30, 4);
	OUT("beyond %d\n", slice == 0);
	OUT("reserve %ld\n", (long)bpf_ringbuf_reserve_dynptr(&ring, 40, 0, &ptr));
	OUT("write %ld\n", (long)bpf_dynptr_write(&ptr, 32, &number, sizeof(number), 0));
	bpf_ringbuf_submit_dynptr(&ptr, 0);
	OUT("data %llu\n", (__u64)bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA));
	return 0;
}
