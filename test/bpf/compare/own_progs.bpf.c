// The targets bpf_prog and bpf_link: the program finds itself, by its name.
#include "compare.h"

__u32 highest;
/* There may be others of the same name. */
bool seen;

SEC("iter/bpf_prog")
int self_of_compare(struct bpf_iter__bpf_prog *ctx)
{
	struct bpf_prog *prog = ctx->prog;
	char name[16] = "";

	if (!prog) {
		OUT("end\n");
		return 0;
	}
	if (ctx->meta->seq_num == 0)
		highest = seen = 0;
	if (prog->aux->id <= highest)
		OUT("not ascending\n");
	highest = prog->aux->id;
	bpf_probe_read_kernel_str(name, sizeof(name), prog->aux->name);
	if (!seen && bpf_strncmp(name, 15, "self_of_compare") == 0) {
		seen = true;
		OUT("%s %s\n", name, prog->aux->attach_func_name);
	}
	return 0;
}

SEC("iter/bpf_link")
int links(struct bpf_iter__bpf_link *ctx)
{
	struct bpf_link *link = ctx->link;

	if (!link) {
		OUT("ascending to %d\n", highest > 0);
		return 0;
	}
	if (ctx->meta->seq_num == 0)
		highest = 0;
	if (link->id <= highest)
		OUT("not ascending\n");
	highest = link->id;
	return 0;
}
