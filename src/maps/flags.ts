// Numbers of bpf(2) that concern maps (include/uapi/linux/bpf.h).

/** Flags of BPF_MAP_UPDATE_ELEM. */
export const BPF_ANY = 0
export const BPF_NOEXIST = 1
export const BPF_EXIST = 2
export const BPF_F_LOCK = 4

/** Flags of BPF_MAP_CREATE. */
export const BPF_F_NO_PREALLOC = 1
export const BPF_F_NO_COMMON_LRU = 2
export const BPF_F_NUMA_NODE = 4
export const BPF_F_RDONLY = 8
export const BPF_F_WRONLY = 16
export const BPF_F_ZERO_SEED = 64
export const BPF_F_RDONLY_PROG = 128
export const BPF_F_WRONLY_PROG = 256
export const BPF_F_CLONE = 512
export const BPF_F_MMAPABLE = 1024
export const BPF_F_PRESERVE_ELEMS = 2048
export const BPF_F_INNER_MAP = 4096

/** BPF_F_ACCESS_MASK */
export const ACCESS_FLAGS = BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG

/** KMALLOC_MAX_SIZE of x86-64 and arm64 with 4 KiB pages. */
export const KMALLOC_MAX_SIZE = 1 << 22
/** PCPU_MIN_UNIT_SIZE: the largest value of a per-CPU map. */
export const PCPU_MIN_UNIT_SIZE = 32768
export const PAGE_SIZE = 4096

/** `size` rounded up to a multiple of 8. */
export const roundUp8 = (size: number): number => Math.ceil(size / 8) * 8

/** The smallest power of two that is not below `n`; 1 for 0. */
export function powerOfTwo(n: number): number {
  let power = 1
  while (power < n) power *= 2
  return power
}
