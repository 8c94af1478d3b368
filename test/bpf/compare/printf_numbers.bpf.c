// Every integer conversion with flags, widths and sizes.
#include "compare.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	long long all = -1, low = -0x8000000000000000LL, mixed = 0x123456789abcdef0LL;

	if (!ctx->task)
		return 0;
#define ALL_OF(value)                                                                                                               \
	OUT("%d|%i|%u|%x|%X\n", value, value, value, value, value);                                                                 \
	OUT("%ld|%li|%lu|%lx|%lX\n", value, value, value, value, value);                                                            \
	OUT("%lld|%lli|%llu|%llx|%llX\n", value, value, value, value, value)
	ALL_OF(0);
	ALL_OF(1);
	ALL_OF(42);
	ALL_OF(all);
	ALL_OF(low);
	ALL_OF(mixed);
	ALL_OF(0xfffffffffffffffeULL);
	OUT("%5d|%-5d|%05d|%+d|% d|%+5d|%-+5d|%0+5d\n", 42, 42, 42, 42, 42, 42, 42, 42);
	OUT("%5d|%-5d|%05d|%+d|% d|%+5d|%-+5d|%0+5d\n", -42, -42, -42, -42, -42, -42, -42, -42);
	OUT("%10x|%-10x|%010x|%10X|%+x|% x\n", 0xabc, 0xabc, 0xabc, 0xabc, 0xabc, 0xabc);
	OUT("%3lld|%-20lld|%020lld|%1lld\n", mixed, mixed, mixed, mixed);
	OUT("%-05d|%- 5d|%+ d|% +d|%00005d|%--5d|\n", 42, 42, 42, 42, 42, 42);
	OUT("%c%c%c|%5c|%-5c|%05c|%%\n", 'a', 'b', 0x163, 'd', 'e', 'f');
	OUT("%d%d%s%d\n", 1, 2, "", 3);
	OUT("%60d|%-60d|\n", 7, 7);
	OUT("twelve %d %d %d %d %d %d %d %d %d %d %d %d\n", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
	return 0;
}
