// Runs operations on maps of the kernel: one a line on standard input, one answer a line on standard output, an errno as a negative number.
//   create TYPE KEY_SIZE VALUE_SIZE MAX_ENTRIES FLAGS EXTRA BTF INNER   BTF 1: int key, value an array of bytes; INNER a map or -1
//   try ...                            as create, and gone again
//   lookup|pop|delete|next MAP KEY     KEY and VALUE in hex, - for none
//   update MAP KEY VALUE FLAGS         a value `@N` is the descriptor of map N
//   freeze|memlock|close MAP
//   touch MAP KEY                      a program looks up the key, of 4 bytes: 1 when it is there
// The value of a map of maps is answered as `@N`; a bloom filter is looked up with the value in the place of the key.
#define _GNU_SOURCE
#include <bpf/btf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_MAPS 4096
#define MAX_VALUE (1 << 20)

struct map {
	int fd, prog_fd;
	unsigned int type, value_size, id;
};

static struct map maps[MAX_MAPS];
static int map_count;
static unsigned char key[1024], value[MAX_VALUE];

static long call(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr)) < 0 ? -errno : 0;
}

static int hex(const char *text, unsigned char *to)
{
	int n = 0;

	if (*text == '-')
		return 0;
	if (*text == '@') {
		memcpy(to, &maps[atoi(text + 1)].fd, 4);
		return 4;
	}
	for (unsigned int byte; sscanf(text, "%2x", &byte) == 1; text += 2)
		to[n++] = byte;
	return n;
}

static void print_hex(const unsigned char *bytes, unsigned int n)
{
	if (n == 0)
		printf("-");
	for (unsigned int i = 0; i < n; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static int btf_of(unsigned int value_size, int *key_id, int *value_id)
{
	struct btf *btf = btf__new_empty();
	int byte;

	*key_id = btf__add_int(btf, "int", 4, BTF_INT_SIGNED);
	byte = btf__add_int(btf, "unsigned char", 1, 0);
	*value_id = btf__add_array(btf, *key_id, byte, value_size);
	if (btf__load_into_kernel(btf))
		return -1;
	return btf__fd(btf);
}

static unsigned int user_size(int type, unsigned int size, int cpus)
{
	int percpu = type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;

	return percpu ? (size + 7) / 8 * 8 * cpus : size;
}

static unsigned int id_of(int fd)
{
	struct bpf_map_info info = {};
	union bpf_attr attr = {};

	attr.info.bpf_fd = fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (unsigned long)&info;
	call(BPF_OBJ_GET_INFO_BY_FD, &attr);
	return info.id;
}

static void print_value(struct map *map)
{
	if (map->type != BPF_MAP_TYPE_ARRAY_OF_MAPS && map->type != BPF_MAP_TYPE_HASH_OF_MAPS) {
		print_hex(value, map->value_size);
		return;
	}
	for (int i = 0; i < map_count; i++)
		if (maps[i].id == *(unsigned int *)value) {
			printf("@%d\n", i);
			return;
		}
	printf("?\n");
}

static long create(const char *args, int cpus)
{
	union bpf_attr attr = {};
	unsigned long long extra;
	int inner, use_btf, key_id, value_id;
	long fd;

	sscanf(args, "%u %u %u %u %u %llu %d %d", &attr.map_type, &attr.key_size, &attr.value_size, &attr.max_entries,
	       &attr.map_flags, &extra, &use_btf, &inner);
	attr.map_extra = extra;
	if (inner >= 0)
		attr.inner_map_fd = maps[inner].fd;
	if (use_btf) {
		attr.btf_fd = btf_of(attr.value_size, &key_id, &value_id);
		attr.btf_key_type_id = key_id;
		attr.btf_value_type_id = value_id;
	}
	fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	if (fd < 0)
		fd = -errno;
	if (use_btf)
		close(attr.btf_fd);
	if (fd < 0)
		return fd;
	maps[map_count].fd = fd;
	maps[map_count].type = attr.map_type;
	maps[map_count].value_size = user_size(attr.map_type, attr.value_size, cpus);
	maps[map_count].id = id_of(fd);
	return map_count++;
}

/* A program whose context is the key. */
static int load_lookup(int map_fd)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_3, .src_reg = BPF_REG_1 },
		{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .src_reg = BPF_REG_3, .off = -4 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -4 },
		{ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map_fd },
		{},
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {};

	attr.prog_type = BPF_PROG_TYPE_SYSCALL;
	attr.prog_flags = BPF_F_SLEEPABLE;
	attr.insns = (unsigned long)insns;
	attr.insn_cnt = sizeof(insns) / sizeof(insns[0]);
	attr.license = (unsigned long)"GPL";
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static long touch(struct map *map)
{
	union bpf_attr attr = {};
	long result;

	if (map->prog_fd == 0)
		map->prog_fd = load_lookup(map->fd);
	attr.test.prog_fd = map->prog_fd;
	attr.test.ctx_in = (unsigned long)key;
	attr.test.ctx_size_in = 8;
	result = call(BPF_PROG_TEST_RUN, &attr);
	return result ? result : attr.test.retval;
}

static void memlock(int fd)
{
	char path[64], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "memlock:", 8))
			printf("%lld\n", atoll(line + 8));
	fclose(file);
}

int main(void)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF);
	static char line[4 * MAX_VALUE], key_text[4096], value_text[2 * MAX_VALUE + 2];
	char op[16];
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
	while (fgets(line, sizeof(line), stdin)) {
		union bpf_attr attr = {};
		unsigned long long flags = 0;
		struct map *map;
		int index = 0, keys;
		long result;

		strcpy(key_text, "-");
		sscanf(line, "%15s", op);
		if (!strcmp(op, "try")) {
			result = create(line + 4, cpus);
			if (result >= 0) {
				close(maps[--map_count].fd);
				result = 0;
			}
			printf("%ld\n", result);
			continue;
		}
		if (!strcmp(op, "create")) {
			printf("%ld\n", create(line + 7, cpus));
			continue;
		}
		sscanf(line, "%*s %d %4095s %s %llu", &index, key_text, value_text, &flags);
		map = &maps[index];
		if (!strcmp(op, "memlock")) {
			memlock(map->fd);
			continue;
		}
		if (!strcmp(op, "close")) {
			printf("%d\n", close(map->fd));
			continue;
		}
		keys = hex(key_text, map->type == BPF_MAP_TYPE_BLOOM_FILTER ? value : key);
		if (map->type == BPF_MAP_TYPE_BLOOM_FILTER)
			keys = 0;
		attr.map_fd = map->fd;
		attr.key = keys ? (unsigned long)key : 0;
		if (!strcmp(op, "freeze")) {
			memset(&attr, 0, sizeof(attr));
			attr.map_fd = map->fd;
			printf("%ld\n", call(BPF_MAP_FREEZE, &attr));
		} else if (!strcmp(op, "update")) {
			hex(value_text, value);
			attr.value = (unsigned long)value;
			attr.flags = flags;
			printf("%ld\n", call(BPF_MAP_UPDATE_ELEM, &attr));
		} else if (!strcmp(op, "touch")) {
			printf("%ld\n", touch(map));
		} else if (!strcmp(op, "delete")) {
			printf("%ld\n", call(BPF_MAP_DELETE_ELEM, &attr));
		} else if (!strcmp(op, "next")) {
			attr.next_key = (unsigned long)value;
			result = call(BPF_MAP_GET_NEXT_KEY, &attr);
			if (result)
				printf("%ld\n", result);
			else
				print_hex(value, keys ? keys : strtoul(value_text, NULL, 10));
		} else {
			attr.value = (unsigned long)value;
			result = call(op[0] == 'p' ? BPF_MAP_LOOKUP_AND_DELETE_ELEM : BPF_MAP_LOOKUP_ELEM, &attr);
			if (result)
				printf("%ld\n", result);
			else
				print_value(map);
		}
	}
	return 0;
}
