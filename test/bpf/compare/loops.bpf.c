// Control flow: bounded loops of all kinds, switches, breaks out of nested loops, code that is not structured.
#include "compare.h"

__u8 bytes[64];
/* In memory, where the verifier does not follow them: else each path would be one of its own. */
volatile __u32 last, count, n, crc;

static __noinline int kind(__u32 n)
{
	switch (n) {
	case 0:
		return 10;
	case 1:
	case 2:
		return 20;
	case 7:
		return 70;
	case 1000 ... 2000:
		return 1500;
	case 0xffffffff:
		return -1;
	default:
		return n & 1 ? 1 : 2;
	}
}

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u32 i, j;
	__u64 a = 0, b = 1, t;

	if (!ctx->task)
		return 0;
	for (i = 0; i < 90; i++) {
		t = a + b;
		a = b;
		b = t;
	}
	OUT("fibonacci %llu\n", a);
	count = 0;
	for (i = 2; i < 120; i++) {
		for (j = 2; j * j <= i; j++)
			if (i % j == 0)
				goto composite;
		count++;
		last = i;
composite:
		continue;
	}
	OUT("primes %u last %u\n", count, last);
	n = 27;
	for (i = 0; n != 1 && i < 200; i++)
		n = n % 2 ? 3 * n + 1 : n / 2;
	OUT("collatz %u\n", i);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = i * 37;
	crc = ~0U;
	for (i = 0; i < sizeof(bytes); i++) {
		crc ^= bytes[i];
		for (j = 0; j < 8; j++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	OUT("crc %x\n", ~crc);
	OUT("kinds %d %d %d %d %d %d %d %d\n", kind(0), kind(1), kind(2), kind(3), kind(7), kind(8), kind(1234), kind(-1));
	i = 0;
	do {
		if (i == 5)
			i += 2;
		if (i > 20)
			break;
		count += i;
	} while (++i < 100);
	OUT("do while %u %u\n", i, count);
	return 0;
}
