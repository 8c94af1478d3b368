// rename(2) and renameat2(2): simple_rename and simple_rename_exchange. The kernel has checked permissions; it checks most of
// the rest too, but the transport fuse-native and a test do not come through it.
import { EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, throwErrno } from '../../src/util/errno.ts'
import { addEntry, type Dir, type Entry, type Inode, isBelow, isDir, isOwn, removeEntry } from './inode.ts'
import { checkNewName, findEntry, hasDot, lookupEntry } from './names.ts'

const RENAME_NOREPLACE = 1
const RENAME_EXCHANGE = 2

/** A folder and a name in it. */
export interface Place {
  readonly dir: Dir
  readonly name: Uint8Array
}

/**
 * @returns the inode whose name was taken away by the rename, or null
 * @throws ErrnoError
 */
export function rename(from: Place, to: Place, flags: number, now: bigint): Inode | null {
  if (flags !== 0 && flags !== RENAME_NOREPLACE && flags !== RENAME_EXCHANGE) throwErrno(EINVAL)
  const entry = lookupEntry(from.dir, from.name)
  const target = findEntry(to.dir, to.name)
  if (isOwn(entry.inode) || (target && isOwn(target.inode))) throwErrno(EPERM)
  if (target && flags === RENAME_NOREPLACE) throwErrno(EEXIST)
  // Also where such a pin exists: what `iterfs pin` made under a name with a dot is never replaced by something else.
  if (hasDot(to.name) || (flags === RENAME_EXCHANGE && hasDot(from.name))) throwErrno(EPERM)
  if (isDir(entry.inode) && isBelow(to.dir, entry.inode)) throwErrno(EINVAL)
  if (flags === RENAME_EXCHANGE) {
    exchange(from.dir, entry, to.dir, target ?? throwErrno(ENOENT), now)
    return null
  }
  if (!target) checkNewName(to.dir, to.name)
  else if (target.inode === entry.inode) return null
  else checkReplace(entry.inode, target.inode)
  if (target) removeEntry(to.dir, target, now)
  removeEntry(from.dir, entry, now)
  addEntry(to.dir, to.name, entry.inode, now)
  entry.inode.ctime = now
  return target?.inode ?? null
}

function checkReplace(inode: Inode, target: Inode): void {
  if (isDir(target)) {
    if (!isDir(inode)) throwErrno(EISDIR)
    if (target.body.entries.size > 0) throwErrno(ENOTEMPTY)
  } else if (isDir(inode)) {
    throwErrno(ENOTDIR)
  }
}

/** In a listing the source, under its new name, comes before the target (d_exchange). */
function exchange(from: Dir, entry: Entry, to: Dir, target: Entry, now: bigint): void {
  if (isDir(target.inode) && isBelow(from, target.inode)) throwErrno(EINVAL)
  if (entry === target) return
  removeEntry(from, entry, now)
  removeEntry(to, target, now)
  addEntry(from, entry.bytes, target.inode, now)
  addEntry(to, target.bytes, entry.inode, now)
  entry.inode.ctime = target.inode.ctime = now
}
