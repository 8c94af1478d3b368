// How struct rows are written, and the TypeScript types that come out of them.
import type { ADDRESS } from '../util/address.ts'
import type { BasicSources } from './rows/basic.ts'
import type { BpfSources } from './rows/bpf.ts'
import type { CgroupSources } from './rows/cgroup.ts'
import type { FileSources } from './rows/file.ts'
import type { InetSources } from './rows/inet.ts'
import type { NeighSources } from './rows/neigh.ts'
import type { NetDeviceSources } from './rows/net-device.ts'
import type { NetlinkSources } from './rows/netlink.ts'
import type { RouteSources } from './rows/route.ts'
import type { SockSources } from './rows/sock.ts'
import type { SystemSources } from './rows/system.ts'
import type { TaskSources } from './rows/task.ts'
import type { TcpSources } from './rows/tcp.ts'
import type { UnixSources } from './rows/unix.ts'
import type { KernelStructs } from './structs.ts'

/** What stands behind each struct: the source that its readers look at. */
export interface SourceOf
  extends BasicSources,
    TaskSources,
    CgroupSources,
    FileSources,
    BpfSources,
    SockSources,
    UnixSources,
    NetlinkSources,
    InetSources,
    TcpSources,
    NetDeviceSources,
    RouteSources,
    NeighSources,
    SystemSources {}

type Small =
  | 'int'
  | 'unsigned int'
  | 'short int'
  | 'short unsigned int'
  | 'char'
  | 'unsigned char'
  | '__be16'
  | '__be32'
  | '__portpair'
  | '__u8'
  | '__u16'
  | '__u32'
  | '__s16'
  | '__s32'
  | 's32'
  | 'u16'
  | 'pid_t'
  | 'uid_t'
  | 'gid_t'
  | 'u32'
  | 'u8'
  | 'umode_t'
  | 'dev_t'
  | 'dscp_t'
  | 'fmode_t'
  | 'slab_flags_t'
  | '__kernel_sa_family_t'
  | 'bool'
  | `enum ${string}`
type Big =
  | 'u64'
  | '__u64'
  | 's64'
  | 'long int'
  | 'long unsigned int'
  | 'long long unsigned int'
  | 'loff_t'
  | 'ktime_t'
  | 'size_t'
  | '__addrpair'
  | 'time64_t'
  | 'blkcnt_t'
  | 'vm_flags_t'
  | '__kernel_ulong_t'
type Text = 'const char *' | 'const unsigned char *'
/** A text that may be NULL. */
type OptionalText = 'const char *' & { readonly optional: true }
export const OPTIONAL_TEXT = 'const char *' as OptionalText
/** A pointer to as many as there are; they lie behind each other. */
type Words = 'long unsigned int *'
/** Structs that C knows by a typedef. */
type Typedef =
  | 'possible_net_t'
  | 'kuid_t'
  | 'kgid_t'
  | 'kernel_cap_t'
  | 'sigset_t'
  | 'atomic_t'
  | 'atomic64_t'
  | 'atomic_long_t'
  | 'refcount_t'
/** Types whose bytes the reader gives, with the length of the type. */
type Bytes = 'struct in6_addr' | 'struct hlist_node' | `${'unsigned char' | 'u8' | '__u8'}[${number}]`
/** Typedefs of structs that have a name of their own. */
export const STRUCT_OF_TYPEDEF = { refcount_t: 'refcount_struct' } as const
type StructName = keyof SourceOf
/** The struct that a typedef stands for. */
type Behind<T extends Typedef> = T extends keyof typeof STRUCT_OF_TYPEDEF
  ? (typeof STRUCT_OF_TYPEDEF)[T]
  : T extends StructName
    ? T
    : never
export type CTypeName =
  | Small
  | Big
  | Text
  | OptionalText
  | Words
  | Typedef
  | Bytes
  | `const ${Small | Big}`
  | `const struct ${StructName}`
  | `char[${number}]`
  | `struct ${StructName}`
  | `struct ${StructName} *`
  | `const struct ${StructName} *`
  | `struct ${StructName}[${number}]`
  | `struct ${StructName} *[${number}]`
  | `long unsigned int[${number}]`
  | `u32[${number}]`

/** What a row's reader gives for a C type: plain values, and sources where the program gets an object. */
export type Raw<T> = T extends Bytes
  ? Uint8Array
  : T extends `const struct ${infer N} *` | `struct ${infer N} *`
    ? N extends keyof SourceOf
      ? SourceOf[N] | null
      : never
    : T extends `struct ${infer N} *[${number}]`
      ? N extends keyof SourceOf
        ? readonly (SourceOf[N] | null)[]
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
            ? SourceOf[Behind<T>]
            : Scalar<T>

type Scalar<T> = T extends OptionalText
  ? string | null
  : T extends `char[${number}]` | Text
    ? string
    : T extends `u32[${number}]`
      ? readonly number[]
      : T extends Words
        ? readonly bigint[] | null
        : T extends `${string}[${number}]`
          ? readonly bigint[]
          : T extends Big | `const ${Big}`
            ? bigint
            : number

/** What a TypeScript program sees for a C type. */
export type Value<T> = T extends Bytes
  ? Uint8Array
  : T extends `const struct ${infer N} *` | `struct ${infer N} *`
    ? N extends StructName
      ? Struct<N> | null
      : never
    : T extends `struct ${infer N} *[${number}]`
      ? N extends StructName
        ? readonly (Struct<N> | null)[]
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
            ? Struct<Behind<T>>
            : Scalar<T>

/** One field of a kernel struct. */
export interface Row<S, T extends CTypeName = CTypeName> {
  readonly type: T
  /** Where it is read from, with unit and precision where they differ from the kernel's. */
  readonly from: string
  readonly read: (source: S) => unknown
  /** Set when vmlinux of 6.18 has no such field: what it is for. */
  readonly compat?: string
  /** Set for a bitfield: its first bit in a unit of its type, and how many it has. Within one byte; programs load whole units and shift. */
  readonly bits?: { readonly at: number; readonly width: number }
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

/** A row of a bitfield, which lies in its unit as the kernel's does: bits `at` to `at` + `width`. */
export const bitfield = <R extends Row<never>>(of: R, at: number, width: number): R => ({ ...of, bits: { at, width } })
