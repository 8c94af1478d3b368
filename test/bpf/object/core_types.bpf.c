// Type and enumerator relocations against core_target.c.
#include "mini.h"

char LICENSE[] SEC("license") = "GPL";

enum plain { PLAIN_ONE, PLAIN_NEGATIVE = -1, PLAIN_GONE };
enum plain___flavour { PLAIN_NEW___flavour = 9, PLAIN_BIG___x = 2 };
enum kept { KEPT_ONE, KEPT_THREE };
#if __clang_major__ >= 15
enum wide { WIDE_HIGH = 0x1000000000ULL, WIDE_GONE = 2 };
#endif

struct inner {
	int y;
};
struct fields {
	int x;
};
union both {
	int first;
};
struct both___not_a_union {
	int first;
};
struct sized {
	char c;
};
typedef struct {
	int one;
} anonymous_t;
typedef int (*callback_t)(struct fields *, long);
typedef int (*other_callback_t)(struct fields *, long);
struct absent {
	int x;
};
struct matching {
	int number;
	struct inner *pointer;
	enum kept kept;
	char text[16];
	union both both;
	int (*call)(int, long);
};
struct matching___wrong {
	long number;
};
struct matching___more {
	int number;
	int nowhere;
};
struct matching___text {
	char text[15];
};

volatile __u64 out[64];

SEC("iter/task")
int types(struct bpf_iter__task *ctx)
{
	int n = 0;
	if (!ctx->task)
		return 0;
#define TYPE(type)                                                                                   \
	do {                                                                                         \
		out[n++] = bpf_core_type_exists(type);                                               \
		out[n++] = bpf_core_type_size(type);                                                 \
		out[n++] = __builtin_btf_type_id(*(typeof(type) *)0, BPF_TYPE_ID_LOCAL) != 0;        \
		out[n++] = __builtin_btf_type_id(*(typeof(type) *)0, BPF_TYPE_ID_TARGET);            \
	} while (0)
	TYPE(struct fields);
	TYPE(struct sized);
	TYPE(union both);
	TYPE(enum plain);
	TYPE(anonymous_t);
	TYPE(callback_t);
	TYPE(other_callback_t);
	TYPE(struct absent);
	TYPE(struct both___not_a_union);
	out[n++] = bpf_core_type_id_local(struct sized);
	return 0;
}

SEC("iter/task")
int enumerators(struct bpf_iter__task *ctx)
{
	int n = 0;
	if (!ctx->task)
		return 0;
	out[n++] = bpf_core_enum_value_exists(enum plain, PLAIN_ONE);
	out[n++] = bpf_core_enum_value(enum plain, PLAIN_ONE);
	out[n++] = bpf_core_enum_value_exists(enum plain, PLAIN_GONE);
	out[n++] = bpf_core_enum_value(enum plain, PLAIN_NEGATIVE);
	out[n++] = bpf_core_enum_value(enum plain___flavour, PLAIN_NEW___flavour);
	out[n++] = bpf_core_enum_value(enum plain___flavour, PLAIN_BIG___x);
	if (bpf_core_enum_value_exists(enum plain, PLAIN_GONE))
		out[n++] = bpf_core_enum_value(enum plain, PLAIN_GONE);
#if __clang_major__ >= 15
	out[n++] = bpf_core_enum_value_exists(enum wide, WIDE_HIGH);
	out[n++] = bpf_core_enum_value(enum wide, WIDE_HIGH);
	out[n++] = bpf_core_enum_value_exists(enum wide, WIDE_GONE);
#endif
	return 0;
}

#if __clang_major__ >= 15
SEC("iter/task")
int matches(struct bpf_iter__task *ctx)
{
	int n = 0;
	if (!ctx->task)
		return 0;
	out[n++] = bpf_core_type_matches(struct matching);
	out[n++] = bpf_core_type_matches(struct matching___wrong);
	out[n++] = bpf_core_type_matches(struct matching___more);
	out[n++] = bpf_core_type_matches(struct matching___text);
	out[n++] = bpf_core_type_matches(struct absent);
	out[n++] = bpf_core_type_matches(enum kept);
	out[n++] = bpf_core_type_matches(enum plain);
	out[n++] = bpf_core_type_matches(callback_t);
	out[n++] = bpf_core_type_matches(other_callback_t);
	return 0;
}
#endif
