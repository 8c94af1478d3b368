// Types of every kind, and layouts that C compilers do not make by themselves: what BTF is read from, and written as C again.
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))

enum plain { PLAIN_ZERO, PLAIN_ONE, PLAIN_FAR = 1000 };
enum negative { MINUS = -5, PLUS = 5 };
enum wide { WIDE_MIN = -1LL << 40, WIDE_MAX = 1LL << 40 };
enum wide_unsigned { TOP = 0x8000000000000000ULL };
enum __attribute__((mode(byte))) tiny { TINY_A = 1, TINY_B = 127 };
enum __attribute__((packed)) small { SMALL_A, SMALL_B = 255 };
enum __attribute__((packed)) pair { PAIR_A, PAIR_B = 256 };
enum __attribute__((mode(word))) word { WORD_A = 1, WORD_B = 2 };

struct forward;
union forward_union;

struct node {
	struct node *next, **pprev;
	struct forward *forward;
	union forward_union *forward_union;
	const volatile int *const restricted;
	void *nothing;
};

struct first;
struct second {
	struct first *first;
};
struct first {
	struct second second;
	struct second *pointer;
};

typedef struct own own_t;
struct own {
	own_t *self;
	int (*call)(own_t *, const char *format, ...);
};

typedef int (*callback_t)(struct node *node, void *data);
typedef int function_t(int, long);
typedef const char *const words_t[3];
typedef int grid_t[2][3];
typedef void (*(*returns_callback_t)(int signal, void (*handler)(int)))(int);

struct callbacks {
	callback_t plain;
	function_t *typed;
	int (*table[4])(const struct node *);
	int (*(*nested)(void))(int);
	void (*none)(void);
	char *(*strings)[5];
	grid_t grid;
	const grid_t *grids;
	words_t words;
	int flexible[];
};

struct bits {
	u32 a : 1, b : 2;
	u32 : 5;
	u32 c : 24;
	int d : 3;
	enum plain e : 4;
	u64 f : 33;
	u8 g : 7;
	u8 h;
	u16 i : 9;
	u64 j : 1;
};

struct __attribute__((packed)) tight {
	u8 a;
	u32 b;
	u64 c;
	u16 d;
};

struct holes {
	u8 a;
	u8 b __attribute__((aligned(8)));
	u16 c;
	u32 d __attribute__((aligned(32)));
	char e[3];
	struct tight f;
	u64 g;
	u8 h;
} __attribute__((aligned(64)));

struct gap {
	u32 a;
	u32 : 32;
	u32 : 32;
	u32 b;
};

struct half_packed {
	u8 a;
	struct {
		u8 b;
		u32 c;
	} __attribute__((packed)) inner;
	u16 d __attribute__((aligned(4)));
};

struct anonymous {
	int kind;
	union {
		u64 number;
		struct {
			u32 low, high;
			union {
				u8 byte;
				u16 half;
			} part[2];
		};
		enum { NAMELESS_A = 3, NAMELESS_B } choice;
	};
	struct {
		int x, y;
	} point, *points;
	struct {
	} empty;
};

union mixed {
	u8 bytes[16];
	u32 word;
	struct bits bits;
	double number;
	float single;
	_Bool flag;
	__int128 huge;
};

struct zeros {
	struct {
	} nothing;
	int zero[0];
	struct zeros *next;
};

struct enums {
	enum plain plain;
	enum negative negative;
	enum wide wide;
	enum wide_unsigned wide_unsigned;
	enum tiny tiny;
	enum small small;
	enum pair pair;
	enum word word;
	u8 after;
};

#if __clang_major__ >= 14
#define TAG(name) __attribute__((btf_type_tag(name)))
#define DECL_TAG(name) __attribute__((btf_decl_tag(name)))
#else
#define TAG(name)
#define DECL_TAG(name)
#endif

struct tagged {
	int TAG("user") *user;
	const struct node TAG("rcu") *rcu;
	int marked DECL_TAG("a mark");
} DECL_TAG("of the struct");

struct uses {
	struct node node;
	struct first first;
	own_t own;
	struct callbacks *callbacks;
	struct bits bits;
	struct tight tight;
	struct holes holes;
	struct gap gap;
	struct half_packed half;
	struct anonymous anonymous;
	union mixed mixed;
	struct zeros zeros;
	struct enums enums;
	struct tagged tagged;
	returns_callback_t returns_callback;
	long int_long;
	unsigned long long longlong;
	short s;
	signed char sc;
};

struct uses uses = {};
const volatile int target_pid = 7;
static volatile int counter;
char LICENSE[] SEC("license") = "GPL";
int in_data = 3;
struct callbacks *callbacks_pointer;
struct {
	int (*type)[1];
	struct node *key;
} map SEC(".maps");

static __attribute__((noinline)) int helper(const struct node *node, int n)
{
	counter += n;
	return node != 0;
}

SEC("iter/task") int program(void *ctx)
{
	return helper(ctx, target_pid) + in_data;
}
