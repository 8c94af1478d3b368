// Structs and numbers of the FUSE protocol, as <linux/fuse.h> names them (protocol 7.31 and later).
import { struct } from '../../src/util/struct.ts'

export const FUSE_KERNEL_VERSION = 7
/** Oldest minor version that is spoken: Linux 5.4. */
export const FUSE_MIN_MINOR = 31
/** Version that is answered to a newer kernel: that of Linux 6.18. */
export const FUSE_OUR_MINOR = 45
export const FUSE_ROOT_ID = 1

export const fuse_in_header = struct('fuse_in_header', 40, {
  len: 'u32',
  opcode: 'u32',
  unique: 'u64',
  nodeid: 'u64',
  uid: 'u32',
  gid: 'u32',
  pid: 'u32',
  total_extlen: 'u16',
  padding: 'u16',
})
export const fuse_out_header = struct('fuse_out_header', 16, { len: 'u32', error: 'i32', unique: 'u64' })

const ATTR = {
  ino: 'u64',
  size: 'u64',
  blocks: 'u64',
  atime: 'i64',
  mtime: 'i64',
  ctime: 'i64',
  atimensec: 'u32',
  mtimensec: 'u32',
  ctimensec: 'u32',
  mode: 'u32',
  nlink: 'u32',
  uid: 'u32',
  gid: 'u32',
  rdev: 'u32',
  blksize: 'u32',
  flags: 'u32',
} as const

export const fuse_init_in = struct('fuse_init_in', 16, { major: 'u32', minor: 'u32', max_readahead: 'u32', flags: 'u32' })
export const fuse_init_out = struct('fuse_init_out', 64, {
  major: 'u32',
  minor: 'u32',
  max_readahead: 'u32',
  flags: 'u32',
  max_background: 'u16',
  congestion_threshold: 'u16',
  max_write: 'u32',
  time_gran: 'u32',
  max_pages: 'u16',
  map_alignment: 'u16',
  flags2: 'u32',
  max_stack_depth: 'u32',
  request_timeout: 'u16',
  unused0: 'u16',
  unused1: 'u32',
  unused2: 'u32',
  unused3: 'u32',
  unused5: 'u32',
  unused4: 'u32',
})
export const fuse_forget_in = struct('fuse_forget_in', 8, { nlookup: 'u64' })
export const fuse_batch_forget_in = struct('fuse_batch_forget_in', 8, { count: 'u32', dummy: 'u32' })
export const fuse_forget_one = struct('fuse_forget_one', 16, { nodeid: 'u64', nlookup: 'u64' })
export const fuse_getattr_in = struct('fuse_getattr_in', 16, { getattr_flags: 'u32', dummy: 'u32', fh: 'u64' })
export const fuse_attr_out = struct('fuse_attr_out', 104, { attr_valid: 'u64', attr_valid_nsec: 'u32', dummy: 'u32', ...ATTR })
export const fuse_entry_out = struct('fuse_entry_out', 128, {
  nodeid: 'u64',
  generation: 'u64',
  entry_valid: 'u64',
  attr_valid: 'u64',
  entry_valid_nsec: 'u32',
  attr_valid_nsec: 'u32',
  ...ATTR,
})
export const fuse_setattr_in = struct('fuse_setattr_in', 88, {
  valid: 'u32',
  padding: 'u32',
  fh: 'u64',
  size: 'u64',
  lock_owner: 'u64',
  atime: 'i64',
  mtime: 'i64',
  ctime: 'i64',
  atimensec: 'u32',
  mtimensec: 'u32',
  ctimensec: 'u32',
  mode: 'u32',
  unused4: 'u32',
  uid: 'u32',
  gid: 'u32',
  unused5: 'u32',
})
export const fuse_mknod_in = struct('fuse_mknod_in', 16, { mode: 'u32', rdev: 'u32', umask: 'u32', padding: 'u32' })
export const fuse_mkdir_in = struct('fuse_mkdir_in', 8, { mode: 'u32', umask: 'u32' })
export const fuse_rename_in = struct('fuse_rename_in', 8, { newdir: 'u64' })
export const fuse_rename2_in = struct('fuse_rename2_in', 16, { newdir: 'u64', flags: 'u32', padding: 'u32' })
export const fuse_link_in = struct('fuse_link_in', 8, { oldnodeid: 'u64' })
export const fuse_open_in = struct('fuse_open_in', 8, { flags: 'u32', open_flags: 'u32' })
export const fuse_create_in = struct('fuse_create_in', 16, { flags: 'u32', mode: 'u32', umask: 'u32', open_flags: 'u32' })
export const fuse_open_out = struct('fuse_open_out', 16, { fh: 'u64', open_flags: 'u32', backing_id: 'i32' })
export const fuse_release_in = struct('fuse_release_in', 24, { fh: 'u64', flags: 'u32', release_flags: 'u32', lock_owner: 'u64' })
export const fuse_read_in = struct('fuse_read_in', 40, {
  fh: 'u64',
  offset: 'u64',
  size: 'u32',
  read_flags: 'u32',
  lock_owner: 'u64',
  flags: 'u32',
  padding: 'u32',
})
export const fuse_write_in = struct('fuse_write_in', 40, {
  fh: 'u64',
  offset: 'u64',
  size: 'u32',
  write_flags: 'u32',
  lock_owner: 'u64',
  flags: 'u32',
  padding: 'u32',
})
export const fuse_write_out = struct('fuse_write_out', 8, { size: 'u32', padding: 'u32' })
export const fuse_statfs_out = struct('fuse_statfs_out', 80, {
  blocks: 'u64',
  bfree: 'u64',
  bavail: 'u64',
  files: 'u64',
  ffree: 'u64',
  bsize: 'u32',
  namelen: 'u32',
  frsize: 'u32',
  padding: 'u32',
  spare0: 'u64',
  spare1: 'u64',
  spare2: 'u64',
})
export const fuse_fsync_in = struct('fuse_fsync_in', 16, { fh: 'u64', fsync_flags: 'u32', padding: 'u32' })
export const fuse_getxattr_in = struct('fuse_getxattr_in', 8, { size: 'u32', padding: 'u32' })
export const fuse_getxattr_out = struct('fuse_getxattr_out', 8, { size: 'u32', padding: 'u32' })
export const fuse_interrupt_in = struct('fuse_interrupt_in', 8, { unique: 'u64' })
/** Followed by the name, padded with NUL to a multiple of 8. */
export const fuse_dirent = struct('fuse_dirent', 24, { ino: 'u64', off: 'u64', namelen: 'u32', type: 'u32' })

export const FATTR_MODE = 1 << 0
export const FATTR_UID = 1 << 1
export const FATTR_GID = 1 << 2
export const FATTR_SIZE = 1 << 3
export const FATTR_ATIME = 1 << 4
export const FATTR_MTIME = 1 << 5
export const FATTR_FH = 1 << 6
export const FATTR_ATIME_NOW = 1 << 7
export const FATTR_MTIME_NOW = 1 << 8
export const FATTR_LOCKOWNER = 1 << 9
export const FATTR_CTIME = 1 << 10
export const FATTR_KILL_SUIDGID = 1 << 11

export const FOPEN_DIRECT_IO = 1 << 0
export const FOPEN_NONSEEKABLE = 1 << 2
