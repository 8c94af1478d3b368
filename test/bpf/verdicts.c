// verdicts helpers TARGET (gpl|free) (plain|sleep) FIRST LAST: what the verifier says of a program of an iterator that calls each helper.
// verdicts kfuncs TARGET (plain|sleep) NAME...: the same of kfuncs. One line a function: number or name, a blank and the verdict.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRACE_ITER 28
#define SLEEPABLE 16

static char text[65536];
static int target_id;

/* Loads "call N; exit"; errno goes with the log. */
static void load(struct bpf_insn call, const char *license, unsigned flags)
{
	struct bpf_insn insns[] = { call, { .code = 0x95 } };
	union bpf_attr attr;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_TRACING;
	attr.expected_attach_type = TRACE_ITER;
	attr.attach_btf_id = target_id;
	attr.insns = (unsigned long)insns;
	attr.insn_cnt = 2;
	attr.license = (unsigned long)license;
	attr.log_buf = (unsigned long)text;
	attr.log_size = sizeof(text);
	attr.log_level = 1;
	attr.prog_flags = flags;
	text[0] = 0;
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd >= 0)
		close(fd);
}

static const char *verdict(void)
{
	static const char *const table[][2] = {
		{ "invalid func", "unknown" },
		{ "unknown func", "refused" },
		{ "cannot use helper", "refused" },
		{ "GPL-restricted", "gpl" },
		{ "non-GPL compatible", "gpl" },
		{ "might sleep", "sleep" },
		{ "must be sleepable", "sleep" },
		{ "is not allowed", "refused" },
	};
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strstr(text, table[i][0]))
			return table[i][1];
	return "ok";
}

int main(int argc, char **argv)
{
	struct btf *btf = btf__parse("/sys/kernel/btf/vmlinux", NULL);
	char name[128];
	if (argc < 5 || !btf)
		return 2;
	snprintf(name, sizeof(name), "bpf_iter_%s", argv[2]);
	target_id = btf__find_by_name_kind(btf, name, BTF_KIND_FUNC);
	int kfuncs = !strcmp(argv[1], "kfuncs");
	unsigned flags = strcmp(argv[kfuncs ? 3 : 4], "sleep") ? 0 : SLEEPABLE;
	int verbose = getenv("VERBOSE") != NULL;
	if (!kfuncs) {
		const char *license = strcmp(argv[3], "gpl") ? "Proprietary" : "GPL";
		for (int id = atoi(argv[5]); id <= atoi(argv[6]); id++) {
			load((struct bpf_insn){ .code = 0x85, .imm = id }, license, flags);
			printf("%d %s\n", id, verdict());
			if (verbose)
				printf("%s\n", text);
		}
		return 0;
	}
	for (int i = 4; i < argc; i++) {
		int id = btf__find_by_name_kind(btf, argv[i], BTF_KIND_FUNC);
		if (id < 0) {
			printf("%s missing\n", argv[i]);
			continue;
		}
		load((struct bpf_insn){ .code = 0x85, .src_reg = 2, .imm = id }, "GPL", flags);
		printf("%s %s\n", argv[i], verdict());
		if (verbose)
			printf("%s\n", text);
	}
	return 0;
}
