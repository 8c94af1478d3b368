// CPU-bound programs for the comparison of engines (vm.ts), one a section. MEMORY is 64 KiB in the value of a map.
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define MEMORY ({ u8 *p; asm volatile("%0 = 0xb0b0b0b0b0b0b0b0 ll" : "=r"(p)); p; })

// Arithmetic in registers.
SEC("prog_arith") u64 arith(u64 *ctx) {
  u64 x = ctx[0] | 1, sum = 0;
  for (int i = 0; i < 20000; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum += x * 0x9e3779b97f4a7c15ull;
  }
  return sum;
}

// 32-bit arithmetic with division.
SEC("prog_divide") u64 divide(u64 *ctx) {
  u32 x = ctx[0], sum = 0;
  for (u32 i = 1; i < 10000; i++) {
    x = x * 1103515245 + 12345;
    sum += x / i + x % (i | 3);
  }
  return sum;
}

// Bytes of an array: FNV-1a.
SEC("prog_bytes") u64 bytes(u64 *ctx) {
  u8 *p = MEMORY;
  u32 hash = ctx[0];
  for (int i = 0; i < 16384; i++) hash = (hash ^ p[i]) * 16777619;
  return hash;
}

// Loads and stores of words.
SEC("prog_words") u64 words(u64 *ctx) {
  u64 *p = (void *)MEMORY;
  u64 carry = ctx[0];
  for (int i = 0; i < 8000; i++) {
    u64 v = p[i];
    p[i] = v + carry;
    carry ^= v >> 3;
  }
  return carry;
}

// Product of two 16 x 16 matrices of u32.
SEC("prog_matrix") u64 matrix(u64 *ctx) {
  u32 *a = (void *)MEMORY, *b = a + 256, *c = b + 256;
  u32 trace = 0;
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 16; j++) {
      u32 sum = 0;
      for (int k = 0; k < 16; k++) sum += a[i * 16 + k] * b[k * 16 + j];
      c[i * 16 + j] = sum;
      trace += i == j ? sum : 0;
    }
  return trace + ctx[0];
}

// Data-dependent addresses: each word says where the next one is.
SEC("prog_chase") u64 chase(u64 *ctx) {
  u8 *p = MEMORY;
  u32 at = ctx[0] & 0xfff8;
  for (int i = 0; i < 10000; i++) at = (*(u32 *)(p + at) + at) & 0xfff8;
  return at;
}

// Calls of a subprogram.
static __attribute__((noinline)) u64 mix(u64 *buffer, u64 i) {
  u64 at = i & 7;
  buffer[at] = buffer[at] * 31 + i;
  return buffer[(at + 3) & 7];
}
SEC("prog_calls") u64 calls(u64 *ctx) {
  u64 *buffer = (void *)MEMORY, sum = ctx[0];
  for (int i = 0; i < 5000; i++) sum += mix(buffer, sum + i);
  return sum;
}
