// iter_pin OBJ PATH [tid N | pid N | pidfd N | map PIN] [order N] [cgroup DIR | cgroupid N | cgroupfd N] [prog NAME] [set NAME=VALUE]...:
// pins an iterator with what bpftool 7.1 cannot give. DIR may be any file; `fdinfo -` prints the link's fdinfo too.
// VALUE is a number, numbers with commas between them for an array, or the text of an array of char.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* union bpf_iter_link_info of 6.18; the header of this libbpf may be older. */
union info {
	struct { unsigned tid, pid, pid_fd; } task;
	struct { unsigned map_fd; } map;
	struct { unsigned order, cgroup_fd; unsigned long long cgroup_id; } cgroup;
	char room[16];
};

static int fail(const char *what, int err)
{
	err = err < 0 ? -err : err;
	fprintf(stderr, "%s: %s\n", what, strerror(err));
	return 256 - err;
}

static const struct btf_type *plain_type(const struct btf *btf, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(btf, id);

	while (btf_is_mod(type) || btf_is_typedef(type))
		type = btf__type_by_id(btf, type->type);
	return type;
}

/* Writes `text` into a variable of this type. */
static int put(const struct btf *btf, const struct btf_type *type, char *to, const char *text)
{
	const struct btf_type *item;
	unsigned long long number;
	unsigned i;
	char *end;

	if (!btf_is_array(type)) {
		number = strtoull(text, &end, 0);
		if (!strcmp(text, "true"))
			number = 1;
		memcpy(to, &number, type->size);
		return 0;
	}
	item = plain_type(btf, btf_array(type)->type);
	if (item->size == 1 && (text[0] < '0' || text[0] > '9')) {
		strncpy(to, text, btf_array(type)->nelems);
		return 0;
	}
	for (i = 0; i < btf_array(type)->nelems && *text; i++, text = *end ? end + 1 : end) {
		number = strtoull(text, &end, 0);
		if (end == text)
			return -EINVAL;
		memcpy(to + i * item->size, &number, item->size);
	}
	return 0;
}

/* Sets the global NAME to VALUE before the object is loaded. */
static int set_global(struct bpf_object *obj, const char *assignment)
{
	const struct btf *btf = bpf_object__btf(obj);
	const char *equals = strchr(assignment, '=');
	size_t length = equals ? equals - assignment : 0, size;
	unsigned id, i;

	for (id = 1; length && id < btf__type_cnt(btf); id++) {
		const struct btf_type *section = btf__type_by_id(btf, id);
		const struct btf_var_secinfo *var;

		if (!btf_is_datasec(section))
			continue;
		for (i = 0, var = btf_var_secinfos(section); i < btf_vlen(section); i++, var++) {
			const struct btf_type *type = btf__type_by_id(btf, var->type);
			const char *name = btf__name_by_offset(btf, type->name_off);
			struct bpf_map *map;
			char *bytes;

			if (strlen(name) != length || strncmp(name, assignment, length))
				continue;
			map = bpf_object__find_map_by_name(obj, btf__name_by_offset(btf, section->name_off));
			bytes = map ? (char *)bpf_map__initial_value(map, &size) : NULL;
			return bytes ? put(btf, plain_type(btf, type->type), bytes + var->offset, equals + 1) : -ENOENT;
		}
	}
	return -ENOENT;
}

/* Prints the fdinfo of the link, as this process sees it. */
static int show_fdinfo(int fd)
{
	char path[64];
	FILE *file;
	int byte;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	while ((byte = fgetc(file)) != EOF)
		putchar(byte);
	return fclose(file);
}

int main(int argc, char **argv)
{
	union info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = (void *)&info, .link_info_len = sizeof(info));
	struct bpf_program *prog, *named = NULL, *first = NULL;
	const char *wanted = NULL;
	struct bpf_object *obj;
	struct bpf_link *link;
	struct bpf_map *map;
	char path[4096];
	int i, err, fdinfo = 0;

	if (argc < 3 || argc % 2 == 0)
		return fail("usage: iter_pin OBJ PATH [tid|pid|pidfd|map|order|cgroup|cgroupid|cgroupfd|fdinfo|prog|set VALUE]...", EINVAL);
	obj = bpf_object__open(argv[1]);
	if (!obj)
		return fail("open", errno);
	for (i = 3; i < argc; i += 2) {
		const char *key = argv[i], *value = argv[i + 1];

		if (!strcmp(key, "tid"))
			info.task.tid = atoi(value);
		else if (!strcmp(key, "pid"))
			info.task.pid = atoi(value);
		else if (!strcmp(key, "pidfd"))
			info.task.pid_fd = syscall(SYS_pidfd_open, atoi(value), 0);
		else if (!strcmp(key, "map"))
			info.map.map_fd = bpf_obj_get(value);
		else if (!strcmp(key, "order"))
			info.cgroup.order = atoi(value);
		else if (!strcmp(key, "cgroup"))
			info.cgroup.cgroup_fd = open(value, O_RDONLY);
		else if (!strcmp(key, "cgroupid"))
			info.cgroup.cgroup_id = strtoull(value, NULL, 0);
		else if (!strcmp(key, "cgroupfd"))
			info.cgroup.cgroup_fd = atoi(value);
		else if (!strcmp(key, "fdinfo"))
			fdinfo = 1;
		else if (!strcmp(key, "prog"))
			wanted = value;
		else if (strcmp(key, "set"))
			return fail(key, EINVAL);
		else if ((err = set_global(obj, value)))
			return fail(value, err);
	}
	err = bpf_object__load(obj);
	if (err)
		return fail("load", err);
	/* An array of programs that nobody but programs knows is emptied. */
	bpf_object__for_each_map(map, obj) {
		snprintf(path, sizeof(path), "%s_%s", argv[2], bpf_map__name(map));
		if (bpf_map__type(map) == BPF_MAP_TYPE_PROG_ARRAY && (err = bpf_map__pin(map, path)))
			return fail(path, err);
	}
	bpf_object__for_each_program(prog, obj) {
		if (!first && !strncmp(bpf_program__section_name(prog), "iter", 4))
			first = prog;
		if (wanted && !strcmp(bpf_program__name(prog), wanted))
			named = prog;
	}
	prog = wanted ? named : first;
	if (!prog)
		return fail("no such program", ENOENT);
	link = bpf_program__attach_iter(prog, &opts);
	if (!link)
		return fail("attach", errno);
	if (fdinfo && (err = show_fdinfo(bpf_link__fd(link))))
		return fail("fdinfo", err);
	err = bpf_link__pin(link, argv[2]);
	return err ? fail("pin", err) : 0;
}
