// Names in folders: which ones bpffs takes (bpf_lookup), and how they are found.
import { decodeText } from '../../src/util/bytes.ts'
import { EEXIST, ENAMETOOLONG, ENOENT, EPERM, throwErrno } from '../../src/util/errno.ts'
import type { Dir, Entry } from './inode.ts'

/** In bytes. */
export const NAME_MAX = 255

/** 0, or the errno of a name that may not be looked up nor made: EPERM for one with a dot, ENAMETOOLONG. */
function checkName(name: Uint8Array): number {
  if (name.includes(0x2e)) return EPERM
  return name.length > NAME_MAX ? ENAMETOOLONG : 0
}

export const findEntry = (dir: Dir, name: Uint8Array): Entry | undefined => dir.body.entries.get(decodeText(name))

/** simple_lookup behind bpf_lookup: names that the mount itself made are found, dots or not. @throws ErrnoError */
export const lookupEntry = (dir: Dir, name: Uint8Array): Entry => findEntry(dir, name) ?? throwErrno(checkName(name) || ENOENT)

/** Throws unless an entry of that name can be made in `dir`. */
export function checkNewName(dir: Dir, name: Uint8Array): void {
  if (findEntry(dir, name)) throwErrno(EEXIST)
  const errno = name.length === 0 ? ENOENT : checkName(name)
  if (errno) throwErrno(errno)
}
