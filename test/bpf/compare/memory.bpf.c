// Memory: stack of all sizes and alignments, copies, filling, packed structs, unions.
#include "compare.h"

struct __attribute__((packed)) packed {
	__u8 a;
	__u16 b;
	__u32 c;
	__u64 d;
};

union word {
	__u64 all;
	__u32 halves[2];
	__u16 quarters[4];
	__u8 bytes[8];
};

struct packed in_memory;
union word word;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct packed packed = { 0x11, 0x2233, 0x44556677, 0x8899aabbccddeeffULL };
	__u8 raw[sizeof(packed)], i;
	__u64 sum = 0;
	char text[32];

	if (!ctx->task)
		return 0;
	__builtin_memcpy(raw, &packed, sizeof(packed));
	OUT("%x %x %x %x %x\n", raw[0], raw[1], raw[2], raw[3], raw[14]);
	in_memory = packed;
	in_memory.c++;
	OUT("%x %x %x %llx\n", in_memory.a, in_memory.b, in_memory.c, in_memory.d);
	word.all = 0x0102030405060708;
	word.quarters[1] = 0xffff;
	word.bytes[7] ^= 0x80;
	OUT("%llx %x %x %x\n", word.all, word.halves[0], word.quarters[2], word.bytes[4]);
	__builtin_memset(text, 'x', sizeof(text));
	__builtin_memcpy(text + 3, "middle", 6);
	text[31] = 0;
	OUT("%s\n", text);
	__builtin_memmove(text, text + 3, 16);
	OUT("%s\n", text);
	for (i = 0; i < sizeof(raw); i++)
		sum = sum * 257 + raw[i];
	OUT("%llx\n", sum);
	*(volatile __u32 *)(text + 8) = 0x41424344;
	*(volatile __u16 *)(text + 14) = 0x4546;
	OUT("%s\n", text);
	return 0;
}
