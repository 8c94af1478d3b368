// Formats and arguments that are refused, with their results; a string that is not a constant is looked at at run time.
#include "compare.h"

#define TRY(fmt, count)                                                                                                             \
	do {                                                                                                                        \
		static const char bad[] = fmt;                                                                                      \
		long ret = bpf_seq_printf(ctx->meta->seq, bad, sizeof(bad), args, count * 8);                                       \
		OUT(" = %ld\n", ret);                                                                                               \
	} while (0)

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	__u64 args[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	static const char open_end[4] = { 'o', 'p', 'e', 'n' };

	if (!ctx->task)
		return 0;
	TRY("plain", 0);
	TRY("too few %d %d", 1);
	TRY("more %d", 3);
	TRY("%", 1);
	TRY("100%", 0);
	TRY("%5%", 0);
	TRY("%%", 0);
	TRY("%y", 1);
	TRY("%hd", 1);
	TRY("%zd", 1);
	TRY("%o", 1);
	TRY("%#x", 1);
	TRY("%.3d", 1);
	TRY("%*d", 2);
	TRY("%llld", 1);
	TRY("%sx", 1);
	TRY("%p1", 1);
	TRY("%pI5", 1);
	TRY("%pV", 1);
	TRY("%p%", 1);
	TRY("%ls", 1);
	TRY("%12d%d%d%d%d%d%d%d%d%d%d%d", 12);
	TRY("\x01", 0);
	TRY("\x1b[m", 0);
	TRY("\t\v\f\r", 0);
	TRY("\xc3\xa9", 0);
	TRY("before\0after %d", 0);
	OUT("size not a multiple of 8: %ld\n", (long)bpf_seq_printf(ctx->meta->seq, "%d", 3, args, 12));
	OUT("no NUL %ld\n", (long)bpf_seq_printf(ctx->meta->seq, open_end, 4, 0, 0));
	return 0;
}
