// Externs: the kernel's version and configuration, symbols of the kernel, weak ones that are not there.
#include "compare.h"

extern int LINUX_KERNEL_VERSION __kconfig;
extern int CONFIG_HZ __kconfig;
extern bool CONFIG_SMP __kconfig;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL __kconfig;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig __weak;
extern int CONFIG_NO_SUCH_OPTION __kconfig __weak;
extern bool CONFIG_NO_SUCH_SWITCH __kconfig __weak;
extern char CONFIG_CC_VERSION_TEXT[200] __kconfig;
extern int CONFIG_NR_CPUS __kconfig;

extern const void vfs_read __ksym;
extern const void no_such_symbol __ksym __weak;

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		return 0;
	OUT("version %d.%d.%d\n", LINUX_KERNEL_VERSION >> 16, LINUX_KERNEL_VERSION >> 8 & 0xff, LINUX_KERNEL_VERSION & 0xff);
	OUT("HZ %d SMP %d NR_CPUS %d\n", CONFIG_HZ, CONFIG_SMP, CONFIG_NR_CPUS);
	OUT("BPF_SYSCALL %d\n", CONFIG_BPF_SYSCALL);
	OUT("hostname %s compiler %s\n", CONFIG_DEFAULT_HOSTNAME, CONFIG_CC_VERSION_TEXT);
	OUT("not there %d %d\n", CONFIG_NO_SUCH_OPTION, CONFIG_NO_SUCH_SWITCH);
	OUT("vfs_read %ps %pS\n", &vfs_read, &vfs_read);
	OUT("no symbol %d\n", &no_such_symbol == 0);
	return 0;
}
