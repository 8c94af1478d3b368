// Field relocations against core_target.c: every kind, over every shape of a path.
#include "mini.h"

char LICENSE[] SEC("license") = "GPL";

enum plain { PLAIN_ONE = 1 };

struct inner {
	short x;
	long deep[2];
} CORE;

union both {
	long long second;
	int first;
	struct inner third;
} CORE;

struct fields {
	int negative;
	__u32 plain;
	__u32 grown;
	__u64 shrunk;
	void *pointer;
	int twice_hidden;
	unsigned char bytes[4];
	int hidden;
	struct inner in;
	struct inner array[2];
	union both both;
	char name[16];
	int matrix[2][2];
	enum plain kind;
	float real;
	int (*call)(int);
	int missing;
	struct inner flexible[];
} CORE;

struct fields___flavour {
	long moved;
	__u8 name[8];
} CORE;

struct fields___other {
	char *plain;
	struct {
		int x;
	} in;
} CORE;

struct bits {
	unsigned int a : 5;
	int b : 7;
	unsigned long c : 20;
	unsigned char d : 4;
	short e : 5;
	_Bool f : 1;
	unsigned long h : 2;
} CORE;

typedef struct {
	int two;
} CORE anonymous_t;

struct absent {
	int x;
} CORE;

volatile __u64 out[128];

SEC("iter/task")
int offsets(struct bpf_iter__task *ctx)
{
	struct fields *s = (void *)ctx->task;
	int n = 0;
#define OFFSET(path) out[n++] = __builtin_preserve_field_info(path, BPF_FIELD_BYTE_OFFSET)
	if (!s)
		return 0;
	OFFSET(s->negative);
	OFFSET(s->plain);
	OFFSET(s->grown);
	OFFSET(s->shrunk);
	OFFSET(s->pointer);
	OFFSET(s->hidden);
	OFFSET(s->twice_hidden);
	OFFSET(s->bytes[3]);
	OFFSET(s->in.x);
	OFFSET(s->in.deep[1]);
	OFFSET(s->array[1].deep[0]);
	OFFSET(s->both.first);
	OFFSET(s->both.third.x);
	OFFSET(s->name);
	OFFSET(s->name[7]);
	OFFSET(s->matrix[1][1]);
	OFFSET(s->kind);
	OFFSET(s->call);
	OFFSET(s->flexible[3].x);
	OFFSET(s[2].in.x);
	OFFSET(((struct fields___flavour *)s)->moved);
	OFFSET(((anonymous_t *)s)->two);
	return 0;
}

SEC("iter/task")
int about(struct bpf_iter__task *ctx)
{
	struct fields *s = (void *)ctx->task;
	struct fields___other *o = (void *)ctx->task;
	struct bits *b = (void *)ctx->task;
	int n = 0;
	if (!s)
		return 0;
#define ABOUT(path)                                                              \
	do {                                                                     \
		out[n++] = __builtin_preserve_field_info(path, BPF_FIELD_EXISTS);    \
		out[n++] = __builtin_preserve_field_info(path, BPF_FIELD_BYTE_SIZE); \
	} while (0)
#define SIGNED(path) out[n++] = __builtin_preserve_field_info(path, BPF_FIELD_SIGNED)
	ABOUT(s->negative);
	ABOUT(s->plain);
	ABOUT(s->grown);
	ABOUT(s->shrunk);
	ABOUT(s->pointer);
	ABOUT(s->kind);
	ABOUT(s->in);
	ABOUT(s->both);
	ABOUT(s->real);
	ABOUT(b->a);
	ABOUT(b->b);
	ABOUT(b->f);
	SIGNED(s->negative);
	SIGNED(s->plain);
	SIGNED(s->kind);
	SIGNED(s->in.x);
	SIGNED(b->a);
	SIGNED(b->b);
	SIGNED(b->f);
	out[n++] = __builtin_preserve_field_info(s->name, BPF_FIELD_BYTE_SIZE);
	out[n++] = __builtin_preserve_field_info(s->array[1], BPF_FIELD_BYTE_SIZE);
	out[n++] = bpf_core_field_exists(s->missing);
	out[n++] = bpf_core_field_exists(o->plain);
	out[n++] = bpf_core_field_exists(o->in.x);
	out[n++] = bpf_core_field_exists(((struct absent *)s)->x);
	return 0;
}

SEC("iter/task")
int loads(struct bpf_iter__task *ctx)
{
	struct fields *s = (void *)ctx->task;
	int n = 0;
	if (!s)
		return 0;
	out[n++] = s->plain;
	out[n++] = s->negative;
	out[n++] = s->grown;
	out[n++] = s->shrunk;
	out[n++] = (__u64)s->pointer;
	out[n++] = s->in.x;
	out[n++] = s->array[1].deep[1];
	out[n++] = s->bytes[2];
	out[n++] = s->kind;
	return 0;
}

SEC("iter/task")
int stores(struct bpf_iter__task *ctx)
{
	struct fields *s = (void *)ctx->task;
	if (!s)
		return 0;
	s->plain = ctx->meta->seq_num;
	s->grown = 7;
	s->shrunk = ctx->meta->session_id;
	s->in.x = 5;
	return 0;
}

SEC("iter/task")
int bitfields(struct bpf_iter__task *ctx)
{
	struct bits *s = (void *)ctx->task;
	int n = 0;
	if (!s)
		return 0;
	out[n++] = BPF_CORE_READ_BITFIELD(s, a);
	out[n++] = BPF_CORE_READ_BITFIELD(s, b);
	out[n++] = BPF_CORE_READ_BITFIELD(s, c);
	out[n++] = BPF_CORE_READ_BITFIELD(s, d);
	out[n++] = BPF_CORE_READ_BITFIELD(s, e);
	out[n++] = BPF_CORE_READ_BITFIELD(s, f);
	out[n++] = BPF_CORE_READ_BITFIELD_PROBED(s, h);
	return 0;
}

SEC("iter/task")
int poisoned(struct bpf_iter__task *ctx)
{
	struct fields *s = (void *)ctx->task;
	if (!s)
		return 0;
	if (bpf_core_field_exists(s->missing))
		out[0] = s->missing;
	if (bpf_core_field_exists(((struct absent *)s)->x))
		out[1] = ((struct absent *)s)->x + ((struct absent *)s)[3].x;
	return 0;
}
