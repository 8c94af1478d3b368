// Every byte from 1 to 255 at place AT of the format F0 .. F6, with the text "hello" (POINTER) or VALUE as first argument and 7
// as second; each call is followed by its result. The formats are in test/src/helpers/bprintf-bytes.test.ts.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

const char hello[] = "hello";

SEC("iter/bpf_link")
int dump(struct bpf_iter__bpf_link *ctx)
{
  struct seq_file *seq = ctx->meta->seq;
  // Volatile: a constant list would be laid out in .rodata, where the address of another constant cannot be filled in.
  volatile __u64 args[2];

  if (ctx->link)
    return 0;
  args[0] = POINTER ? (__u64)hello : VALUE;
  args[1] = 7;
  for (int byte = 1; byte < 256; byte++) {
    char fmt[8] = {F0, F1, F2, F3, F4, F5, F6, 0};
    long ret;

    fmt[AT] = byte;
    ret = bpf_seq_printf(seq, fmt, sizeof(fmt), (void *)args, sizeof(args));
    BPF_SEQ_PRINTF(seq, "\nret=%ld\n--8<--\n", ret);
  }
  return 0;
}
