// seq_printf_btf of bytes of the program's own, as types that are whole on both sides.
#include "compare.h"

char bytes[512];

/* Addresses are shown as they are: hashes differ from boot to boot. */
#define SHOW(type, flags)                                                                                                           \
	ptr.type_id = bpf_core_type_id_kernel(type);                                                                                \
	OUT(#type " %d: ", flags);                                                                                                  \
	ret = bpf_seq_printf_btf(ctx->meta->seq, &ptr, sizeof(ptr), (flags) | BTF_F_PTR_RAW);                                       \
	OUT(" %ld\n", ret)
#define SHOW_ALL(type)                                                                                                              \
	SHOW(type, 0);                                                                                                              \
	SHOW(type, BTF_F_COMPACT);                                                                                                  \
	SHOW(type, BTF_F_NONAME);                                                                                                   \
	SHOW(type, BTF_F_ZERO);                                                                                                     \
	SHOW(type, BTF_F_COMPACT | BTF_F_NONAME | BTF_F_ZERO)

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct btf_ptr ptr = {};
	long ret;
	int i;

	if (!ctx->task)
		return 0;
	ptr.ptr = bytes;
	for (int round = 0; round < 3; round++) {
		/* Zeros; text and zeros; numbers. */
		for (i = 0; i < 512 && round; i++)
			bytes[i] = round == 1 ? (i % 5 == 3 ? 0 : 'A' + i % 60) : i * 37;
		SHOW_ALL(struct list_head);
		SHOW_ALL(struct callback_head);
		SHOW_ALL(struct hlist_node);
		SHOW_ALL(struct in6_addr);
		SHOW_ALL(struct sockaddr_in6);
		SHOW_ALL(struct timespec64);
		SHOW_ALL(struct bpf_stack_build_id);
		SHOW_ALL(struct btf_ptr);
		SHOW_ALL(struct kref);
		SHOW_ALL(struct task_io_accounting);
		SHOW_ALL(union bpf_iter_link_info);
		SHOW_ALL(enum bpf_map_type);
		SHOW_ALL(enum pid_type);
		SHOW_ALL(kuid_t);
		SHOW_ALL(bool);
	}
	return 0;
}
