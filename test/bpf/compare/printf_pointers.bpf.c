// Pointers: raw ones, those that are never hashed, symbols, IP addresses.
#include "compare.h"

extern const void vfs_read __ksym;

const __u8 v4[] = { 192, 0, 2, 33 };
const __u8 v6[] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	void *symbol = (void *)&vfs_read;

	if (!ctx->task)
		return 0;
	OUT("%px|%px|%px|%px\n", (void *)0, (void *)0x1234, (void *)-1, (void *)0xffff888012345678);
	OUT("%20px|%-20px|%020px|%3px\n", (void *)0x1234, (void *)0x1234, (void *)0x1234, (void *)0x1234);
	OUT("%p|%p|%pK\n", (void *)0, (void *)-22, (void *)0);
	OUT("%20p|%-20p|\n", (void *)0, (void *)0);
	OUT("%pS|%ps|%pB\n", symbol, symbol, symbol + 1);
	OUT("%pS|%ps|%pB\n", symbol + 5, symbol + 5, symbol + 6);
	OUT("%30pS|%-30pS|%30ps|%-30ps|\n", symbol, symbol, symbol, symbol);
	OUT("%pS|%ps|%pB\n", (void *)0, (void *)0x123456, (void *)0x123457);
	OUT("%pI4|%pi4|%pI6|%pi6\n", v4, v4, v6, v6);
	OUT("%pI4|%pi4|%pI6|%pi6\n", (void *)0, (void *)0, (void *)0, (void *)1);
	OUT("%30pI4|%-30pi4|%pI4,%pI4\n", v4, v4, v4, v4);
	OUT("%pxx|%pI4h|%pI6c|%pSb\n", (void *)0x12, v4, v6, symbol);
	return 0;
}
