// Atomic operations of 32 and 64 bits, with and without the old value. Needs cpu v3.
#include "compare.h"

__u64 wide = 100;
__u32 narrow = 100;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 on_stack = 5;

	if (!ctx->task)
		return 0;
	__sync_fetch_and_add(&wide, 7);
	__sync_fetch_and_add(&narrow, -1);
	OUT("add %llu %u\n", wide, narrow);
	OUT("fetch_add %llu %u\n", __sync_fetch_and_add(&wide, 1), __sync_fetch_and_add(&narrow, 2));
	OUT("fetch_sub %llu %u\n", __sync_fetch_and_sub(&wide, 3), __sync_fetch_and_sub(&narrow, 3));
	OUT("fetch_or %llx %x\n", __sync_fetch_and_or(&wide, 0xff00), __sync_fetch_and_or(&narrow, 0xff00));
	OUT("fetch_and %llx %x\n", __sync_fetch_and_and(&wide, 0xf0f0), __sync_fetch_and_and(&narrow, 0xf0f0));
	OUT("fetch_xor %llx %x\n", __sync_fetch_and_xor(&wide, -1ULL), __sync_fetch_and_xor(&narrow, -1));
	OUT("now %llx %x\n", wide, narrow);
	OUT("xchg %llx %x\n", __sync_lock_test_and_set(&wide, 41), __sync_lock_test_and_set(&narrow, 42));
	OUT("cmpxchg %llu %llu\n", __sync_val_compare_and_swap(&wide, 41, 51), __sync_val_compare_and_swap(&wide, 41, 61));
	OUT("cmpxchg %u %u\n", __sync_val_compare_and_swap(&narrow, 42, 52), __sync_val_compare_and_swap(&narrow, 42, 62));
	OUT("now %llu %u\n", wide, narrow);
	OUT("stack %llu ", __sync_fetch_and_add(&on_stack, 10));
	OUT("%llu\n", on_stack);
	wide = 100;
	narrow = 100;
	return 0;
}
