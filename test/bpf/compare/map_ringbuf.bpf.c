// Ring buffer: reserving, submitting and discarding records, what query tells, a record that does not fit.
#include "compare.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 *record, number = 42;
	char large[256] = "";
	int n, ok = 0;

	if (!ctx->task)
		return 0;
#define QUERY(what) OUT(#what " %llu ", (__u64)bpf_ringbuf_query(&ring, BPF_RB_##what))
	QUERY(AVAIL_DATA);
	QUERY(RING_SIZE);
	QUERY(CONS_POS);
	QUERY(PROD_POS);
	OUT("unknown %llu\n", (__u64)bpf_ringbuf_query(&ring, 9));
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (record) {
		*record = 7;
		bpf_ringbuf_submit(record, 0);
	}
	QUERY(AVAIL_DATA);
	record = bpf_ringbuf_reserve(&ring, 20, 0);
	if (record)
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
	QUERY(PROD_POS);
	OUT("output %ld ", (long)bpf_ringbuf_output(&ring, &number, sizeof(number), 0));
	QUERY(PROD_POS);
	OUT("\nbad flag %ld\n", (long)bpf_ringbuf_output(&ring, &number, sizeof(number), 8));
	for (n = 0; n < 32; n++)
		ok += bpf_ringbuf_output(&ring, large, sizeof(large), BPF_RB_NO_WAKEUP) == 0;
	OUT("fit %d full %ld\n", ok, (long)bpf_ringbuf_output(&ring, large, sizeof(large), 0));
	record = bpf_ringbuf_reserve(&ring, 5000, 0);
	OUT("too large %d\n", record == 0);
	if (record)
		bpf_ringbuf_discard(record, 0);
	QUERY(AVAIL_DATA);
	OUT("\n");
	return 0;
}
