// Paths of files: of each descriptor, and into a buffer that is too small.
#include "compare.h"

char path[256];

SEC("iter/task_file")
int dump(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;
	char few[8] = "";
	long ret;

	if (!ctx->task || !file)
		return 0;
	ret = bpf_d_path((struct path *)&file->f_path, path, sizeof(path));
	OUT("%u %ld %s\n", ctx->fd, ret, path);
	ret = bpf_d_path((struct path *)&file->f_path, few, sizeof(few));
	if (ret < 0)
		OUT("too small %ld\n", ret);
	else
		OUT("fits %ld %s\n", ret, few);
	return 0;
}
