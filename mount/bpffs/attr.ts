// Attributes of inodes: how they are answered, how SETATTR changes them, and when reading moves the access time.
import { EFBIG, EISDIR } from '../../src/util/errno.ts'
import type { Decoded } from '../../src/util/struct.ts'
import * as abi from '../fuse/abi.ts'
import { type Inode, isDir, S_IFMT } from './inode.ts'

/** Block size that stat and statfs show, in bytes. */
export const BLOCK_SIZE = 4096
/** s_maxbytes of bpffs (simple_fill_super sets none): the largest st_size. */
const MAX_SIZE = 0x7fff_ffff
const NS = 1_000_000_000n
/** relatime: an access time older than this is renewed in any case. */
const ATIME_MAX_AGE = 24n * 3600n * NS

/** Seconds, rounded down, so that the nanoseconds of a time before 1970 are positive too. */
const seconds = (ns: bigint): bigint => (ns - (((ns % NS) + NS) % NS)) / NS

/** The fields of struct fuse_attr. */
export function attrOf({ ino, mode, uid, gid, nlink, size, atime, mtime, ctime }: Inode): Record<string, number> {
  const [a, m, c] = [seconds(atime), seconds(mtime), seconds(ctime)]
  return {
    ...{ ino, mode, uid, gid, nlink, size, blocks: 0, blksize: BLOCK_SIZE },
    ...{ atime: Number(a), mtime: Number(m), ctime: Number(c) },
    ...{ atimensec: Number(atime - a * NS), mtimensec: Number(mtime - m * NS), ctimensec: Number(ctime - c * NS) },
  }
}

/**
 * simple_setattr. truncate(2) changes the size and no time; ftruncate(2), which comes with a file handle, all but the access
 * time (measured on 6.18). Who may change what, and which set-id bits go, the kernel has decided before.
 * @returns 0 or a negative errno
 */
export function setAttributes(inode: Inode, request: Decoded<typeof abi.fuse_setattr_in.fields>, now: bigint): number {
  const { valid } = request
  const changesTimes = !(valid & abi.FATTR_SIZE) || (valid & abi.FATTR_FH) !== 0
  if (valid & abi.FATTR_SIZE) {
    if (isDir(inode)) return -EISDIR
    if (request.size > MAX_SIZE) return -EFBIG
    inode.size = request.size
    if (changesTimes) inode.mtime = now
  }
  if (valid & abi.FATTR_MODE) inode.mode = (inode.mode & S_IFMT) | (request.mode & 0o7777)
  if (valid & abi.FATTR_UID) inode.uid = request.uid
  if (valid & abi.FATTR_GID) inode.gid = request.gid
  if (valid & abi.FATTR_ATIME) inode.atime = valid & abi.FATTR_ATIME_NOW ? now : time(request.atime, request.atimensec)
  if (valid & abi.FATTR_MTIME) inode.mtime = valid & abi.FATTR_MTIME_NOW ? now : time(request.mtime, request.mtimensec)
  if (changesTimes) inode.ctime = now
  return 0
}

const time = (s: number, ns: number): bigint => BigInt(s) * NS + BigInt(ns)

/** relatime_need_update, for what bpffs touches: a folder that is listed and a symlink that is read. */
export function touchAtime(inode: Inode, now: bigint): void {
  const { atime, mtime, ctime } = inode
  if (atime <= mtime || atime <= ctime || now - atime >= ATIME_MAX_AGE) inode.atime = now
}
