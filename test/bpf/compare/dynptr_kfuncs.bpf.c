// kfuncs about dynamic pointers.
#include "compare.h"

extern int bpf_dynptr_adjust(const struct bpf_dynptr *p, u32 start, u32 end) __ksym;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr *p) __ksym;
extern bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *p) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *p) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *p, u32 offset, void *buffer__opt, u32 buffer__szk) __ksym;
extern int bpf_dynptr_memset(struct bpf_dynptr *p, u32 offset, u32 size, u8 val) __ksym;
extern int bpf_dynptr_copy(struct bpf_dynptr *dst_ptr, u32 dst_off, struct bpf_dynptr *src_ptr, u32 src_off, u32 size) __ksym;
extern int bpf_probe_read_kernel_str_dynptr(struct bpf_dynptr *dptr, u32 off, u32 size, const void *unsafe_ptr__ign) __ksym;

struct bytes {
	char text[32];
};

MAP(values, ARRAY, 2, __u32, struct bytes);

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct bpf_dynptr ptr, clone, other;
	struct bytes *value, *second;
	__u32 n = 0;
	char *slice;

	if (!task)
		return 0;
	value = bpf_map_lookup_elem(&values, &n);
	n = 1;
	second = bpf_map_lookup_elem(&values, &n);
	if (!value || !second)
		return 0;
	__builtin_memcpy(value->text, "0123456789abcdefghijklmnopqrstu", 32);
	bpf_dynptr_from_mem(value, sizeof(*value), 0, &ptr);
	bpf_dynptr_from_mem(second, sizeof(*second), 0, &other);
	OUT("size %u null %d read-only %d\n", bpf_dynptr_size(&ptr), bpf_dynptr_is_null(&ptr), bpf_dynptr_is_rdonly(&ptr));
	OUT("clone %d ", bpf_dynptr_clone(&ptr, &clone));
	OUT("adjust %d ", bpf_dynptr_adjust(&clone, 10, 20));
	OUT("size %u of the first %u\n", bpf_dynptr_size(&clone), bpf_dynptr_size(&ptr));
	OUT("bad adjust %d %d\n", bpf_dynptr_adjust(&clone, 8, 4), bpf_dynptr_adjust(&clone, 0, 11));
	slice = bpf_dynptr_slice(&clone, 2, 0, 4);
	OUT("slice %c\n", slice ? slice[1] : '-');
	slice = bpf_dynptr_slice(&clone, 8, 0, 4);
	OUT("beyond %d\n", slice == 0);
	OUT("memset %d %d\n", bpf_dynptr_memset(&ptr, 28, 2, '#'), bpf_dynptr_memset(&ptr, 28, 9, '#'));
	OUT("copy %d %d\n", bpf_dynptr_copy(&other, 1, &ptr, 8, 12), bpf_dynptr_copy(&other, 30, &ptr, 8, 12));
	OUT("comm %d\n", bpf_probe_read_kernel_str_dynptr(&other, 16, 8, task->comm));
	OUT("%s|%s|%s\n", value->text, second->text + 1, second->text + 16);
	return 0;
}
