// Arithmetic of all widths: division by zero, shifts, signs, comparisons, swaps of bytes; operands that the compiler cannot know.
#include "compare.h"

volatile __s64 s64s[] = { 0, 1, -1, 7, -7, 0x7fffffff, -0x80000000LL, 0x123456789abcdef0, -0x7fffffffffffffffLL - 1 };
#define COUNT (sizeof(s64s) / sizeof(s64s[0]))

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 hash = 0;
	__u32 i, j;

	if (!ctx->task)
		return 0;
#define MIX(value) hash = (hash << 7 | hash >> 57) ^ (__u64)(value)
	for (i = 0; i < COUNT; i++) {
		for (j = 0; j < COUNT; j++) {
			__s64 a = s64s[i], b = s64s[j];
			__u64 ua = a, ub = b;
			__u32 wa = a, wb = b;

			MIX(a + b);
			MIX(a - b);
			MIX(a * b);
			MIX(ub ? ua / ub : 1);
			MIX(ub ? ua % ub : 2);
			MIX(wb ? wa / wb : 3);
			MIX(wb ? wa % wb : 4);
			MIX(wa * wb);
			MIX(ua << (ub & 63));
			MIX(ua >> (ub & 63));
			MIX(a >> (ub & 63));
			MIX(wa << (wb & 31));
			MIX(wa >> (wb & 31));
			MIX((int)wa >> (wb & 31));
			MIX((a < b) | (a <= b) << 1 | (ua < ub) << 2 | (ua <= ub) << 3 | (a == b) << 4);
			MIX(((int)wa < (int)wb) | (wa < wb) << 1 | (wa >= wb) << 2 | ((a & b) != 0) << 3);
			MIX(a ^ b);
			MIX(a | b);
			MIX(a & ~b);
		}
		MIX(-s64s[i]);
		MIX((__s8)s64s[i]);
		MIX((__s16)s64s[i]);
		MIX((__s32)s64s[i]);
		MIX((__u8)s64s[i]);
		MIX(__builtin_bswap64(s64s[i]));
		MIX(__builtin_bswap32(s64s[i]));
		MIX(__builtin_bswap16(s64s[i]));
		OUT("%u: %llx\n", i, hash);
	}
	return 0;
}
