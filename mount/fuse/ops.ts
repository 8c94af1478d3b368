// One row per FUSE operation: its number, what the request carries, and whether it is answered.
import type { Decoded, Fields, Struct } from '../../src/util/struct.ts'
import * as abi from './abi.ts'

export interface FuseOp {
  /** The number in fuse_in_header.opcode. */
  readonly code: number
  /** Fixed part of the request. */
  readonly in?: Struct<Fields>
  /** NUL-terminated names behind it. */
  readonly names?: number
  /** Bytes follow the fixed part (WRITE, BATCH_FORGET). */
  readonly data?: true
  /** The kernel never reads an answer. */
  readonly reply?: false
}

/** Operations that are handled. Every other number is answered with ENOSYS, which the kernel takes as "not implemented". */
export const FUSE_OPS = {
  LOOKUP: { code: 1, names: 1 },
  FORGET: { code: 2, in: abi.fuse_forget_in, reply: false },
  GETATTR: { code: 3, in: abi.fuse_getattr_in },
  SETATTR: { code: 4, in: abi.fuse_setattr_in },
  READLINK: { code: 5 },
  SYMLINK: { code: 6, names: 2 },
  MKNOD: { code: 8, in: abi.fuse_mknod_in, names: 1 },
  MKDIR: { code: 9, in: abi.fuse_mkdir_in, names: 1 },
  UNLINK: { code: 10, names: 1 },
  RMDIR: { code: 11, names: 1 },
  RENAME: { code: 12, in: abi.fuse_rename_in, names: 2 },
  LINK: { code: 13, in: abi.fuse_link_in, names: 1 },
  OPEN: { code: 14, in: abi.fuse_open_in },
  READ: { code: 15, in: abi.fuse_read_in },
  WRITE: { code: 16, in: abi.fuse_write_in, data: true },
  STATFS: { code: 17 },
  RELEASE: { code: 18, in: abi.fuse_release_in },
  FSYNC: { code: 20, in: abi.fuse_fsync_in },
  LISTXATTR: { code: 23, in: abi.fuse_getxattr_in },
  INIT: { code: 26, in: abi.fuse_init_in, data: true },
  OPENDIR: { code: 27, in: abi.fuse_open_in },
  READDIR: { code: 28, in: abi.fuse_read_in },
  RELEASEDIR: { code: 29, in: abi.fuse_release_in },
  FSYNCDIR: { code: 30, in: abi.fuse_fsync_in },
  CREATE: { code: 35, in: abi.fuse_create_in, names: 1 },
  INTERRUPT: { code: 36, in: abi.fuse_interrupt_in, reply: false },
  DESTROY: { code: 38 },
  BATCH_FORGET: { code: 42, in: abi.fuse_batch_forget_in, data: true, reply: false },
  RENAME2: { code: 45, in: abi.fuse_rename2_in, names: 2 },
} as const satisfies Record<string, FuseOp>

/** What is left to ENOSYS, and what the user then gets. A test keeps this and FUSE_OPS apart. */
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
  SYNCFS: { code: 50, why: 'nothing to write back' },
  TMPFILE: { code: 51, why: 'the kernel answers EOPNOTSUPP, as on bpffs' },
  STATX: { code: 52, why: 'no birth times: the kernel asks GETATTR instead' },
} as const satisfies Record<string, { code: number; why: string }>

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
