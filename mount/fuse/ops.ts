// One row per FUSE operation: its number, what the request carries, and whether it is answered.
import type { Decoded, Fields, Struct } from '../../src/util/struct.ts'
import * as abi from './abi.ts'

/** A row of FUSE_OPS. */
export interface FuseOp {
  /** The number in fuse_in_header.opcode. */
  readonly code: number
  /** Fixed part of the request. */
  readonly in?: Struct<Fields>
  /** NUL-terminated names behind it. */
  readonly names?: number
  /** Bytes follow the fixed part (WRITE, BATCH_FORGET). */
  readonly data?: true
  /** What a successful answer carries: structs one after the other, or any bytes; without it nothing. */
  readonly out?: readonly Struct<Fields>[] | 'bytes'
  /** The kernel never reads an answer. */
  readonly reply?: false
}

/** Operations that are handled. Every other number is answered with ENOSYS, which the kernel takes as "not implemented". */
export const FUSE_OPS = {
  LOOKUP: { code: 1, names: 1, out: [abi.fuse_entry_out] },
  FORGET: { code: 2, in: abi.fuse_forget_in, reply: false },
  GETATTR: { code: 3, in: abi.fuse_getattr_in, out: [abi.fuse_attr_out] },
  SETATTR: { code: 4, in: abi.fuse_setattr_in, out: [abi.fuse_attr_out] },
  READLINK: { code: 5, out: 'bytes' },
  SYMLINK: { code: 6, names: 2, out: [abi.fuse_entry_out] },
  MKNOD: { code: 8, in: abi.fuse_mknod_in, names: 1, out: [abi.fuse_entry_out] },
  MKDIR: { code: 9, in: abi.fuse_mkdir_in, names: 1, out: [abi.fuse_entry_out] },
  UNLINK: { code: 10, names: 1 },
  RMDIR: { code: 11, names: 1 },
  RENAME: { code: 12, in: abi.fuse_rename_in, names: 2 },
  LINK: { code: 13, in: abi.fuse_link_in, names: 1, out: [abi.fuse_entry_out] },
  OPEN: { code: 14, in: abi.fuse_open_in, out: [abi.fuse_open_out] },
  READ: { code: 15, in: abi.fuse_read_in, out: 'bytes' },
  WRITE: { code: 16, in: abi.fuse_write_in, data: true, out: [abi.fuse_write_out] },
  STATFS: { code: 17, out: [abi.fuse_statfs_out] },
  RELEASE: { code: 18, in: abi.fuse_release_in },
  FSYNC: { code: 20, in: abi.fuse_fsync_in },
  LISTXATTR: { code: 23, in: abi.fuse_getxattr_in, out: 'bytes' },
  INIT: { code: 26, in: abi.fuse_init_in, data: true, out: [abi.fuse_init_out] },
  OPENDIR: { code: 27, in: abi.fuse_open_in, out: [abi.fuse_open_out] },
  READDIR: { code: 28, in: abi.fuse_read_in, out: 'bytes' },
  RELEASEDIR: { code: 29, in: abi.fuse_release_in },
  FSYNCDIR: { code: 30, in: abi.fuse_fsync_in },
  CREATE: { code: 35, in: abi.fuse_create_in, names: 1, out: [abi.fuse_entry_out, abi.fuse_open_out] },
  INTERRUPT: { code: 36, in: abi.fuse_interrupt_in, reply: false },
  DESTROY: { code: 38 },
  BATCH_FORGET: { code: 42, in: abi.fuse_batch_forget_in, data: true, reply: false },
  RENAME2: { code: 45, in: abi.fuse_rename2_in, names: 2 },
} as const satisfies Record<string, FuseOp>

/**
 * What is left to ENOSYS, and what the user then gets. A test keeps this and FUSE_OPS apart. `sinceMinor` where the operation
 * is younger than FUSE_MIN_MINOR.
 */
export const REFUSED_OPS = {
  SETXATTR: { code: 21, why: 'bpffs has no extended attributes: the kernel answers EOPNOTSUPP' },
  GETXATTR: { code: 22, why: 'as SETXATTR' },
  REMOVEXATTR: { code: 24, why: 'as SETXATTR' },
  FLUSH: { code: 25, why: 'nothing to flush; the kernel stops asking' },
  GETLK: { code: 31, why: 'locks are kept by the kernel' },
  SETLK: { code: 32, why: 'as GETLK' },
  SETLKW: { code: 33, why: 'as GETLK' },
  ACCESS: { code: 34, why: 'default_permissions: the kernel checks modes itself' },
  BMAP: { code: 37, why: 'no block device' },
  IOCTL: { code: 39, why: 'the kernel answers ENOTTY, as on bpffs' },
  POLL: { code: 40, why: 'always ready, as on bpffs' },
  FALLOCATE: { code: 43, why: 'the kernel answers EOPNOTSUPP, as on bpffs' },
  READDIRPLUS: { code: 44, why: 'never asked for at INIT' },
  LSEEK: { code: 46, why: 'pins are not seekable' },
  COPY_FILE_RANGE: { code: 47, why: 'nothing to copy to' },
  SETUPMAPPING: { code: 48, why: 'virtiofs only' },
  REMOVEMAPPING: { code: 49, why: 'virtiofs only' },
  SYNCFS: { code: 50, sinceMinor: 34, why: 'nothing to write back' },
  TMPFILE: { code: 51, sinceMinor: 37, why: 'the kernel answers EOPNOTSUPP, as on bpffs' },
  NOTIFY_REPLY: { code: 41, why: 'answers FUSE_NOTIFY_RETRIEVE, which is never sent' },
  STATX: { code: 52, sinceMinor: 39, why: 'no birth times: the kernel asks GETATTR instead' },
  COPY_FILE_RANGE_64: { code: 53, sinceMinor: 45, why: 'as COPY_FILE_RANGE' },
  CUSE_INIT: { code: 4096, why: 'this is not a character device' },
} as const satisfies Record<string, { code: number; why: string; sinceMinor?: number }>

/** An operation that is handled. */
export type OpName = keyof typeof FUSE_OPS
type InOf<N extends OpName> = (typeof FUSE_OPS)[N] extends { in: Struct<infer F> } ? Decoded<F> : null

/** A decoded request. Ids and handles are numbers below 2^53. */
export interface FuseRequest<N extends OpName = OpName> {
  readonly op: N
  readonly unique: number
  readonly nodeid: number
  /** The caller, in the namespaces of the mount's owner; pid is a thread id. */
  readonly uid: number
  readonly gid: number
  readonly pid: number
  readonly in: InOf<N>
  /** Names without their NUL; views of the request, valid during the call. */
  readonly names: readonly Uint8Array[]
  readonly data: Uint8Array
}
