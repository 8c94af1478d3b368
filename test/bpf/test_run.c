// Loads BPF programs into the kernel and runs each once, for comparisons with our engines. Little-endian, from standard input, until its end:
//   u32 number of instructions, u32 bytes of context, u32 repeat, the instructions, the context
// and to standard output for each
//   i32 0 or the errno of the load (negative) or of the run, u32 return value, u32 ns a run, u32 bytes of log, the context as the
//   program left it, the log
// A program is of type SYSCALL: r1 is the address of its context, which it may read and write.
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char log_buf[1 << 20];

static long bpf(int cmd, union bpf_attr *attr) { return syscall(SYS_bpf, cmd, attr, sizeof *attr); }

static int load(void *insns, uint32_t count, int log_level) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_SYSCALL;
  attr.prog_flags = BPF_F_SLEEPABLE;
  attr.insns = (uintptr_t)insns;
  attr.insn_cnt = count;
  attr.license = (uintptr_t) "GPL";
  attr.log_level = log_level;
  if (log_level) {
    attr.log_buf = (uintptr_t)log_buf;
    attr.log_size = sizeof log_buf;
  }
  return bpf(BPF_PROG_LOAD, &attr);
}

static int run(int fd, void *ctx, uint32_t size, uint32_t repeat, uint32_t *retval, uint32_t *ns) {
  union bpf_attr attr;
  uint64_t begin = 0;
  for (uint32_t i = 0; i < repeat; i++) {
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = fd;
    attr.test.ctx_in = (uintptr_t)ctx;
    attr.test.ctx_size_in = size;
    if (bpf(BPF_PROG_TEST_RUN, &attr) != 0) return errno;
    *retval = attr.test.retval;
  }
  (void)begin;
  *ns = attr.test.duration;
  return 0;
}

static int get(void *to, size_t size) { return fread(to, 1, size, stdin) == size; }

int main(int argc, char **argv) {
  uint32_t head[3];
  int log_level = argc > 1 ? atoi(argv[1]) : 0;
  while (get(head, sizeof head)) {
    char *insns = malloc(head[0] * 8), *ctx = calloc(1, head[1] + 1);
    uint32_t out[4] = {0, 0, 0, 0};
    if (!get(insns, head[0] * 8) || !get(ctx, head[1])) return 1;
    log_buf[0] = 0;
    int fd = load(insns, head[0], log_level);
    if (fd < 0) out[0] = -errno;
    else out[0] = run(fd, ctx, head[1], head[2], &out[1], &out[2]);
    if (fd >= 0) close(fd);
    out[3] = strlen(log_buf);
    fwrite(out, 1, sizeof out, stdout);
    fwrite(ctx, 1, head[1], stdout);
    fwrite(log_buf, 1, out[3], stdout);
    free(insns);
    free(ctx);
  }
  return 0;
}
