// How struct rows are written, and the TypeScript types that come out of them.
import type { MapInfo } from '../maps/map.ts'
import type { Platform } from '../platform/platform.ts'
import type { CgroupSource } from '../sources/cgroup.ts'
import type { FdSource, InodeSource, PathSource } from '../sources/file.ts'
import type { VmaSource } from '../sources/maps.ts'
import type { TaskSource } from '../sources/task.ts'
import type { ADDRESS } from '../util/address.ts'
import type { KernelStructs } from './structs.ts'

/** What stands behind each struct: the source that its readers look at. */
export interface SourceOf {
  task_struct: TaskSource
  /** As TaskSource.registers() has them. */
  pt_regs: readonly bigint[]
  signal_struct: TaskSource
  sched_entity: TaskSource
  sched_info: TaskSource
  task_io_accounting: TaskSource
  seccomp: TaskSource
  sigpending: { signal: bigint }
  sigset_t: bigint
  mm_struct: TaskSource
  cred: TaskSource
  kuid_t: number
  kgid_t: number
  kernel_cap_t: bigint
  rlimit: readonly [bigint, bigint]
  files_struct: TaskSource
  fdtable: TaskSource
  fs_struct: TaskSource
  nsproxy: TaskSource
  ns_common: number
  uts_namespace: number
  ipc_namespace: number
  mnt_namespace: number
  pid_namespace: number
  net: number
  time_namespace: number
  cgroup_namespace: number
  css_set: TaskSource
  cgroup: CgroupSource
  cgroup_subsys_state: CgroupSource
  kernfs_node: CgroupSource
  file: FdSource | VmaSource | ExeSource
  file_operations: { readonly name: string; readonly platform: Platform }
  percpu_counter: bigint
  atomic64_t: bigint
  atomic_long_t: bigint
  thread_info: TaskSource
  pid: TaskSource
  upid: number
  path: PathSource
  dentry: PathSource
  qstr: string
  inode: InodeSource
  super_block: InodeSource
  file_system_type: string
  vm_area_struct: VmaSource
  bpf_prog: ProgSource
  bpf_prog_aux: ProgSource
  bpf_map: MapSource
  bpf_link: LinkSource
}

/** mm->exe_file: only its path and inode are known. */
export interface ExeSource {
  readonly id: string
  readonly path: PathSource
  readonly inode: InodeSource
}

/** iterfs's own objects, as the targets bpf_prog, bpf_map and bpf_link iterate them. */
export interface ProgSource {
  readonly id: number
  readonly name: string
  readonly target: string
}
export interface MapSource extends Omit<MapInfo, 'memlock' | 'btf_id'> {
  /** Elements of a hash, where they were counted. */
  readonly elements?: number
}
export interface LinkSource {
  readonly id: number
  readonly prog_id: number
}

type Small =
  | 'int'
  | 'unsigned int'
  | 'short int'
  | 'unsigned char'
  | 'pid_t'
  | 'uid_t'
  | 'gid_t'
  | 'u32'
  | 'u8'
  | 'umode_t'
  | 'dev_t'
  | 'fmode_t'
  | 'bool'
  | `enum ${string}`
type Big =
  | 'u64'
  | 's64'
  | 'long int'
  | 'long unsigned int'
  | 'long long unsigned int'
  | 'loff_t'
  | 'time64_t'
  | 'blkcnt_t'
  | 'vm_flags_t'
  | '__kernel_ulong_t'
type Text = 'const char *' | 'const unsigned char *'
/** Structs that C knows by a typedef. */
type Typedef = 'kuid_t' | 'kgid_t' | 'kernel_cap_t' | 'sigset_t' | 'atomic64_t' | 'atomic_long_t'
type StructName = keyof SourceOf
export type CTypeName =
  | Small
  | Big
  | Text
  | Typedef
  | `const ${Small | Big}`
  | `const struct ${StructName}`
  | `char[${number}]`
  | `struct ${StructName}`
  | `struct ${StructName} *`
  | `const struct ${StructName} *`
  | `struct ${StructName}[${number}]`
  | `long unsigned int[${number}]`

/** What a row's reader gives for a C type: plain values, and sources where the program gets an object. */
export type Raw<T> = T extends `const struct ${infer N} *` | `struct ${infer N} *`
  ? N extends keyof SourceOf
    ? SourceOf[N] | null
    : never
  : T extends `struct ${infer N}[${number}]`
    ? N extends keyof SourceOf
      ? readonly SourceOf[N][]
      : never
    : T extends `struct ${infer N}` | `const struct ${infer N}`
      ? N extends keyof SourceOf
        ? SourceOf[N]
        : never
      : T extends Typedef
        ? SourceOf[T]
        : Scalar<T>

type Scalar<T> = T extends `char[${number}]` | Text
  ? string
  : T extends `${string}[${number}]`
    ? readonly bigint[]
    : T extends Big | `const ${Big}`
      ? bigint
      : number

/** What a TypeScript program sees for a C type. */
export type Value<T> = T extends `const struct ${infer N} *` | `struct ${infer N} *`
  ? N extends StructName
    ? Struct<N> | null
    : never
  : T extends `struct ${infer N}[${number}]`
    ? N extends StructName
      ? readonly Struct<N>[]
      : never
    : T extends `struct ${infer N}` | `const struct ${infer N}`
      ? N extends StructName
        ? Struct<N>
        : never
      : T extends Typedef
        ? Struct<T>
        : Scalar<T>

/** One field of a kernel struct. */
export interface Row<S, T extends CTypeName = CTypeName> {
  readonly type: T
  /** Where it is read from, with unit and precision where they differ from the kernel's. */
  readonly from: string
  readonly read: (source: S) => unknown
  /** Set when vmlinux of 6.18 has no such field: what it is for. */
  readonly compat?: string
}

export type Rows = Readonly<Record<string, Row<never>>>

/** A struct as a TypeScript program sees it: every row a read-only property, read at the first look. */
export type Struct<N extends StructName> = N extends keyof KernelStructs
  ? { readonly [K in keyof KernelStructs[N]]: KernelStructs[N][K] extends { readonly type: infer T } ? Value<T> : never } & {
      readonly [ADDRESS]: bigint
    }
  : never

/** A row. The reader's result is checked against the C type. */
export const row = <const T extends CTypeName, S>(
  type: T,
  from: string,
  read: (source: S) => Raw<T>,
  compat?: string,
): Row<S, T> => (compat === undefined ? { type, from, read } : { type, from, read, compat })
