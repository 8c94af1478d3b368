// Globals of all sections: set before load, changed by the program, kept from one read to the next.
#include "compare.h"

struct point {
	int x, y;
	char name[8];
};

int zero;
int counted = 40;
static int hidden = 5;
__u64 wide = 0x123456789abcdef0;
__s8 small = -3;
bool flag;
__u16 list[4] = { 1, 2, 3, 4 };
char text[16] = "as written";
struct point point = { .x = 1, .y = -2, .name = "point" };
struct point points[3];
const volatile int limit = 10;
const volatile char title[12] = "title";
const int table[5] = { 2, 3, 5, 7, 11 };
static volatile const __u8 letters[] = "letters";
__u32 custom SEC(".data.custom") = 7;
__u32 more_custom[2] SEC(".data.custom") = { 8, 9 };
const volatile __u32 fixed SEC(".rodata.fixed") = 70;
__u32 empty SEC(".bss.own");

static __noinline int next(void)
{
	static int calls;

	return ++calls + hidden++;
}

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	int i, sum = 0;

	if (!ctx->task)
		return 0;
	OUT("zero %d counted %d wide %llx small %d flag %d\n", zero++, ++counted, wide, small, flag);
	OUT("list %u %u %u %u text %s\n", list[0], list[1], list[2], list[3], text);
	OUT("point %d %d %s\n", point.x++, point.y, point.name);
	OUT("points %d %s\n", points[2].y, points[1].name);
	for (i = 0; i < 5; i++)
		sum += table[i];
	OUT("limit %d title %s sum %d letter %c\n", limit, (const char *)title, sum, letters[2]);
	OUT("next %d then %d\n", next(), next());
	OUT("custom %u %u %u fixed %u empty %u\n", custom++, more_custom[0], more_custom[1], fixed, empty++);
	points[zero & 1].x += 3;
	OUT("changed %d %d\n", points[0].x, points[1].x);
	wide = (wide << 4) | (wide >> 60);
	list[1] *= 2;
	text[0] ^= 0x20;
	flag = !flag;
	return 0;
}
