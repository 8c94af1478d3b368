// insns OBJ [BTF]: opens and loads an object with libbpf and prints what the kernel gets: one line a map, one a program. File
// descriptors are printed as numbers of maps, kfuncs as numbers of their first use; addresses that are BTF ids become 0, with a line that
// says where. `load N` is the result of really loading it; the rest is printed whatever the verifier says of it.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static int map_index(struct bpf_object *obj, int fd)
{
	struct bpf_map *map;
	int i = 0;
	bpf_object__for_each_map(map, obj) {
		if (bpf_map__fd(map) == fd)
			return i;
		i++;
	}
	return -1;
}

static void print_maps(struct bpf_object *obj)
{
	struct bpf_map *map;
	bpf_object__for_each_map(map, obj) {
		struct bpf_map_info info = {};
		unsigned len = sizeof(info);
		if (bpf_map__fd(map) >= 0)
			bpf_obj_get_info_by_fd(bpf_map__fd(map), &info, &len);
		printf("map %s %u %u %u %u %u %llu %u %u\n", info.name, bpf_map__type(map), bpf_map__key_size(map),
		       bpf_map__value_size(map), bpf_map__max_entries(map), bpf_map__map_flags(map), (unsigned long long)bpf_map__map_extra(map),
		       info.btf_key_type_id, info.btf_value_type_id);
		if (bpf_map__is_internal(map) && bpf_map__fd(map) >= 0) {
			unsigned zero = 0;
			unsigned char *value = malloc(info.value_size);
			if (bpf_map_lookup_elem(bpf_map__fd(map), &zero, value))
				continue;
			printf("value ");
			for (unsigned i = 0; i < info.value_size; i++)
				printf("%02x", value[i]);
			printf("\n");
		}
	}
}

static void print_prog(struct bpf_object *obj, struct bpf_program *prog, struct btf *vmlinux)
{
	size_t n = bpf_program__insn_cnt(prog);
	struct bpf_insn *insns = malloc(n * sizeof(*insns));
	int kfuncs[64], nr_kfuncs = 0;
	memcpy(insns, bpf_program__insns(prog), n * sizeof(*insns));
	printf("prog %s %s\n", bpf_program__name(prog), bpf_program__section_name(prog));
	for (size_t i = 0; i < n; i++) {
		struct bpf_insn *insn = &insns[i];
		if (insn->code == 0x18 && (insn->src_reg == 1 || insn->src_reg == 2))
			insn->imm = map_index(obj, insn->imm);
		if (insn->code == 0x18 && insn->src_reg == 3) {
			printf("btfid %zu\n", i);
			insn->src_reg = insn->imm = insn[1].imm = 0;
		}
		/* A weak kfunc that is not there: libbpf 1.1 leaves 0, newer ones a poisoned call. */
		if (insn->code == 0x85 && insn->src_reg == 2 && insn->imm == 0)
			insn->src_reg = 0;
		if (insn->code == 0x85 && insn->src_reg == 2) {
			int k = 0;
			for (; k < nr_kfuncs && kfuncs[k] != insn->imm; k++)
				;
			if (k == nr_kfuncs) {
				kfuncs[nr_kfuncs++] = insn->imm;
				printf("kfunc %s\n", btf__name_by_offset(vmlinux, btf__type_by_id(vmlinux, insn->imm)->name_off));
			}
			insn->imm = k;
		}
		if (insn->code == 0x18)
			i++;
	}
	printf("insns ");
	for (size_t i = 0; i < n * sizeof(*insns); i++)
		printf("%02x", ((unsigned char *)insns)[i]);
	printf("\n");
	free(insns);
}

static struct bpf_object *opened;

/* Called for the first program when all of them are relocated and all maps exist. */
static int print_all(struct bpf_program *first, struct bpf_prog_load_opts *opts, long cookie)
{
	struct btf *vmlinux = btf__load_vmlinux_btf();
	struct bpf_program *prog;
	print_maps(opened);
	bpf_object__for_each_program(prog, opened)
		if (bpf_program__autoload(prog))
			print_prog(opened, prog, vmlinux);
	fflush(stdout);
	exit(0);
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = argc > 2 ? argv[2] : NULL);
	LIBBPF_OPTS(libbpf_prog_handler_opts, handler, .prog_prepare_load_fn = print_all);
	libbpf_set_print(print);
	opened = argc > 1 ? bpf_object__open_file(argv[1], &opts) : NULL;
	if (!opened)
		return 1;
	printf("load %d\n", bpf_object__load(opened));
	bpf_object__close(opened);
	libbpf_register_prog_handler("iter+", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, &handler);
	libbpf_register_prog_handler("iter.s+", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER, &handler);
	opened = bpf_object__open_file(argv[1], &opts);
	if (!opened)
		return 1;
	bpf_object__load(opened);
	return 0;
}
