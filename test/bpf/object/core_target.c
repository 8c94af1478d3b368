// The types that core_*.bpf.c are resolved against: where theirs differ, these count.
typedef unsigned int u32;
typedef long long s64;

struct bpf_iter_meta {
	void *seq;
	unsigned long long session_id;
	unsigned long long seq_num;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	void *task;
};

enum plain { PLAIN_NEW = 3, PLAIN_ONE = 11, PLAIN_NEGATIVE = -7, PLAIN_BIG = 0x7fffffff };
enum wide { WIDE_HIGH = 0x123456789abcdef0ULL, WIDE_ONE = 1 };
enum kept { KEPT_ONE = 1, KEPT_TWO = 2, KEPT_THREE = 3 };

struct inner {
	char more[5];
	short x;
	long deep[3];
};

union both {
	int first;
	s64 second;
	struct inner third;
};

struct fields {
	char pad0;
	u32 plain;
	int negative;
	unsigned long grown;
	unsigned short shrunk;
	void *pointer;
	struct inner in;
	struct inner array[4];
	union both both;
	struct {
		int hidden;
		union {
			int twice_hidden;
			unsigned char bytes[8];
		};
	};
	char name[32];
	int matrix[3][5];
	const volatile enum plain kind;
	float real;
	int (*call)(int);
	long moved;
	struct inner flexible[];
};

struct bits {
	unsigned long before : 11;
	unsigned int a : 3;
	int b : 9;
	unsigned long c : 33;
	unsigned char d;
	short e : 5;
	_Bool f : 1;
	enum plain g : 8;
	unsigned long h : 40;
};

typedef struct {
	int one;
	int two;
	int three;
} anonymous_t;

typedef int (*callback_t)(struct fields *, long);
typedef int (*other_callback_t)(struct fields *, long, int);

struct matching {
	int number;
	unsigned int flags;
	struct inner *pointer;
	enum kept kept;
	char text[16];
	union both both;
	int (*call)(int, long);
	int extra;
};

struct sized {
	long words[9];
};

#define USE(type, name) type use_##name
USE(struct bpf_iter__task, context);
USE(struct bpf_iter_meta, meta);
USE(enum plain, plain);
USE(enum wide, wide);
USE(enum kept, kept);
USE(struct fields, fields);
USE(struct bits, bits);
USE(anonymous_t, anonymous);
USE(callback_t, callback);
USE(other_callback_t, other);
USE(struct matching, matching);
USE(struct sized, sized);
