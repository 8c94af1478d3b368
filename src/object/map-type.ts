// Numbers of bpf.h that defining a map needs.

export const BPF_MAP_TYPE = {
  HASH: 1,
  ARRAY: 2,
  PROG_ARRAY: 3,
  PERF_EVENT_ARRAY: 4,
  STACK_TRACE: 7,
  CGROUP_ARRAY: 8,
  ARRAY_OF_MAPS: 12,
  HASH_OF_MAPS: 13,
  DEVMAP: 14,
  SOCKMAP: 15,
  CPUMAP: 16,
  XSKMAP: 17,
  SOCKHASH: 18,
  QUEUE: 22,
  STACK: 23,
  DEVMAP_HASH: 25,
  RINGBUF: 27,
  USER_RINGBUF: 31,
  ARENA: 33,
} as const

/** Types for which libbpf does not tell the kernel the types of keys and values (bpf_object__create_map). */
export const WITHOUT_BTF: ReadonlySet<number> = new Set([
  BPF_MAP_TYPE.PERF_EVENT_ARRAY,
  BPF_MAP_TYPE.CGROUP_ARRAY,
  BPF_MAP_TYPE.STACK_TRACE,
  BPF_MAP_TYPE.ARRAY_OF_MAPS,
  BPF_MAP_TYPE.HASH_OF_MAPS,
  BPF_MAP_TYPE.DEVMAP,
  BPF_MAP_TYPE.DEVMAP_HASH,
  BPF_MAP_TYPE.CPUMAP,
  BPF_MAP_TYPE.XSKMAP,
  BPF_MAP_TYPE.SOCKMAP,
  BPF_MAP_TYPE.SOCKHASH,
  BPF_MAP_TYPE.QUEUE,
  BPF_MAP_TYPE.STACK,
  BPF_MAP_TYPE.ARENA,
])

export const BPF_F_RDONLY_PROG = 0x80
export const BPF_F_MMAPABLE = 0x400

const PAGE = 4096

/** Ring buffers are a power of two of pages: adjust_ringbuf_sz() rounds up; 0 stays, for the kernel to refuse. */
export function ringbufSize(size: number): number {
  if (size === 0) return 0
  for (let pages = 1; pages * PAGE <= 0xffff_ffff; pages *= 2) if (pages * PAGE >= size) return pages * PAGE
  return size
}
