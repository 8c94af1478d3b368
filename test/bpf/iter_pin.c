// iter_pin OBJ PATH (tid|pid|pidfd) N: pins an iterator with parameters, which bpftool 7.1 cannot give.
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* union bpf_iter_link_info of 6.18; the header of this libbpf may be older. */
union info {
	struct { unsigned tid, pid, pid_fd; } task;
	char room[16];
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(err < 0 ? -err : err));
	return 1;
}

int main(int argc, char **argv)
{
	union info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = (void *)&info, .link_info_len = sizeof(info));
	if (argc != 5)
		return fail("usage: iter_pin OBJ PATH (tid|pid|pidfd) N", 22);
	unsigned n = atoi(argv[4]);
	if (!strcmp(argv[3], "tid"))
		info.task.tid = n;
	else if (!strcmp(argv[3], "pid"))
		info.task.pid = n;
	else
		info.task.pid_fd = syscall(SYS_pidfd_open, n, 0);
	struct bpf_object *obj = bpf_object__open(argv[1]);
	if (!obj)
		return fail("open", 2);
	int err = bpf_object__load(obj);
	if (err)
		return fail("load", err);
	struct bpf_program *prog = bpf_object__next_program(obj, NULL);
	struct bpf_link *link = bpf_program__attach_iter(prog, &opts);
	if (!link)
		return fail("attach", libbpf_get_error(link));
	err = bpf_link__pin(link, argv[2]);
	return err ? fail("pin", err) : 0;
}
