// Names in folders: which ones bpffs takes (bpf_lookup), and how they are found. Names with a dot are reserved: bpffs has only its own,
// and here `iterfs pin` makes them too (x.prom is what a collector of metrics looks for). Nothing else can be made under such a name.
import { decodeText } from '../../src/util/bytes.ts'
import { EEXIST, ENAMETOOLONG, ENOENT, EPERM, throwErrno } from '../../src/util/errno.ts'
import type { Dir, Entry } from './inode.ts'

/** In bytes. */
export const NAME_MAX = 255

export const hasDot = (name: Uint8Array): boolean => name.includes(0x2e)

/** 0, or the errno of a name that may not be looked up nor made: EPERM for one with a dot unless `dots`, ENAMETOOLONG. */
function checkName(name: Uint8Array, dots: boolean): number {
  if (hasDot(name) && !dots) return EPERM
  return name.length > NAME_MAX ? ENAMETOOLONG : 0
}

export const findEntry = (dir: Dir, name: Uint8Array): Entry | undefined => dir.body.entries.get(decodeText(name))

/**
 * simple_lookup behind bpf_lookup: a name that exists is found, dots or not.
 * @param dots the caller may make a name with a dot, so one that is free is ENOENT
 * @throws ErrnoError
 */
export const lookupEntry = (dir: Dir, name: Uint8Array, dots = false): Entry =>
  findEntry(dir, name) ?? throwErrno(checkName(name, dots) || ENOENT)

/** Throws unless an entry of that name can be made in `dir`; one with a dot only with `dots`. */
export function checkNewName(dir: Dir, name: Uint8Array, dots = false): void {
  if (findEntry(dir, name)) throwErrno(EEXIST)
  const errno = name.length === 0 ? ENOENT : checkName(name, dots)
  if (errno) throwErrno(errno)
}
