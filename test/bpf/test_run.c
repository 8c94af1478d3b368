// Loads BPF programs into the kernel and runs each once, for comparisons with our engines. Little-endian, from standard input, until its end:
//   u32 number of instructions, u32 bytes of context, u32 how often it runs, the instructions, the context
// and to standard output for each
//   i32 0 or the errno of the load (negative) or of the run, u32 return value, u32 ns of the shortest run, u32 bytes of log, the context as
//   the program left it, the log
// A program is of type SYSCALL: r1 is the address of its context, which it may read and write. The 64-bit immediate 0xb0b0b0b0b0b0b0b0
// becomes the address of 64 KiB in the value of a map, whose 32-bit words are i * 2654435761.
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
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
  struct timespec begin, end;
  *ns = UINT32_MAX;
  for (uint32_t i = 0; i < repeat; i++) {
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = fd;
    attr.test.ctx_in = (uintptr_t)ctx;
    attr.test.ctx_size_in = size;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (bpf(BPF_PROG_TEST_RUN, &attr) != 0) return errno;
    clock_gettime(CLOCK_MONOTONIC, &end);
    uint64_t took = (end.tv_sec - begin.tv_sec) * 1000000000ull + end.tv_nsec - begin.tv_nsec;
    if (took < *ns) *ns = took;
    *retval = attr.test.retval;
  }
  return 0;
}

#define MEMORY 65536

static int make_map(void) {
  union bpf_attr attr;
  static uint32_t words[MEMORY / 4];
  uint32_t key = 0;
  memset(&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_ARRAY;
  attr.key_size = 4;
  attr.value_size = MEMORY;
  attr.max_entries = 1;
  int fd = bpf(BPF_MAP_CREATE, &attr);
  for (uint32_t i = 0; i < MEMORY / 4; i++) words[i] = i * 2654435761u;
  memset(&attr, 0, sizeof attr);
  attr.map_fd = fd;
  attr.key = (uintptr_t)&key;
  attr.value = (uintptr_t)words;
  bpf(BPF_MAP_UPDATE_ELEM, &attr);
  return fd;
}

/* The map, when the program has the immediate that stands for it; else -1. */
static int put_map(struct bpf_insn *insns, uint32_t count) {
  int fd = -1;
  for (uint32_t i = 0; i + 1 < count; i++) {
    if (insns[i].code != 0x18 || insns[i].imm != (int)0xb0b0b0b0 || insns[i + 1].imm != (int)0xb0b0b0b0) continue;
    if (fd < 0) fd = make_map();
    insns[i].src_reg = BPF_PSEUDO_MAP_VALUE;
    insns[i].imm = fd;
    insns[i + 1].imm = 0;
  }
  return fd;
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
    int map = put_map((void *)insns, head[0]);
    int fd = load(insns, head[0], log_level);
    if (fd < 0) out[0] = -errno;
    else out[0] = run(fd, ctx, head[1], head[2], &out[1], &out[2]);
    if (fd >= 0) close(fd);
    if (map >= 0) close(map);
    out[3] = strlen(log_buf);
    fwrite(out, 1, sizeof out, stdout);
    fwrite(ctx, 1, head[1], stdout);
    fwrite(log_buf, 1, out[3], stdout);
    free(insns);
    free(ctx);
  }
  return 0;
}
