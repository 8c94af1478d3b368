// bpf_map_sum_elem_count, and a weak kfunc that no kernel has.
#include "compare.h"

extern s64 bpf_map_sum_elem_count(const struct bpf_map *map) __ksym;
extern int bpf_no_such_kfunc(int n) __ksym __weak;

MAP(table, HASH, 8, __u32, __u32);

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u32 n;

	if (!ctx->task)
		return 0;
	OUT("before %lld\n", bpf_map_sum_elem_count((struct bpf_map *)&table));
	LOOP(n, 0, 5)
		bpf_map_update_elem(&table, &n, &n, BPF_ANY);
	n = 2;
	bpf_map_delete_elem(&table, &n);
	OUT("then %lld\n", bpf_map_sum_elem_count((struct bpf_map *)&table));
	OUT("no such kfunc %d\n", &bpf_no_such_kfunc == 0);
	if (&bpf_no_such_kfunc)
		OUT("never %d\n", bpf_no_such_kfunc(1));
	return 0;
}
