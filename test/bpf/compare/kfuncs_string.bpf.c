// kfuncs about strings.
#include "compare.h"

extern int bpf_strcmp(const char *s1, const char *s2) __ksym;
extern int bpf_strlen(const char *s) __ksym;
extern int bpf_strnlen(const char *s, size_t count) __ksym;
extern int bpf_strchr(const char *s, char c) __ksym;
extern int bpf_strchrnul(const char *s, char c) __ksym;
extern int bpf_strnchr(const char *s, size_t count, char c) __ksym;
extern int bpf_strrchr(const char *s, char c) __ksym;
extern int bpf_strspn(const char *s, const char *accept) __ksym;
extern int bpf_strcspn(const char *s, const char *reject) __ksym;
extern int bpf_strstr(const char *s1, const char *s2) __ksym;
extern int bpf_strnstr(const char *s1, const char *s2, size_t len) __ksym;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	char comm[16] = "";
	const char *wild = (const char *)0xdead000000000000;

	if (!task)
		return 0;
	bpf_probe_read_kernel_str(comm, sizeof(comm), task->comm);
	OUT("strcmp %d %d %d %d\n", bpf_strcmp(comm, "leader (x) y"), bpf_strcmp(comm, "leader"), bpf_strcmp("leader", comm), bpf_strcmp("", ""));
	OUT("strlen %d %d strnlen %d %d\n", bpf_strlen(comm), bpf_strlen(""), bpf_strnlen(comm, 3), bpf_strnlen(comm, 100));
	OUT("strchr %d %d %d strchrnul %d %d\n", bpf_strchr(comm, 'e'), bpf_strchr(comm, 'Z'), bpf_strchr(comm, 0), bpf_strchrnul(comm, 'r'), bpf_strchrnul(comm, 'Z'));
	OUT("strnchr %d %d strrchr %d %d\n", bpf_strnchr(comm, 3, 'r'), bpf_strnchr(comm, 6, 'r'), bpf_strrchr(comm, 'e'), bpf_strrchr(comm, 'Z'));
	OUT("strspn %d %d strcspn %d %d\n", bpf_strspn(comm, "adel"), bpf_strspn(comm, "x"), bpf_strcspn(comm, "(r"), bpf_strcspn(comm, "Z"));
	OUT("strstr %d %d %d %d\n", bpf_strstr(comm, "der"), bpf_strstr(comm, "dex"), bpf_strstr(comm, ""), bpf_strstr("", comm));
	OUT("strnstr %d %d %d\n", bpf_strnstr(comm, "der", 5), bpf_strnstr(comm, "der", 6), bpf_strnstr(comm, "", 0));
	OUT("of null %d %d of a wild pointer %d\n", bpf_strlen((const char *)1), bpf_strcmp(comm, (const char *)1), bpf_strlen(wild));
	return 0;
}
