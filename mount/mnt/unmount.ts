// Ends a mount.
import { EBUSY, EINVAL, EPERM, ErrnoError } from '../../src/util/errno.ts'
import { MNT_DETACH, umount2 } from '../sys.ts'
import { fusermount } from './fusermount.ts'

/**
 * Unmounts `dir`; with `lazy` also when files are open: the name is free at once, the rest follows the last close.
 * @throws ErrnoError EBUSY without `lazy`, EINVAL when nothing (nothing of this user's) is mounted there
 */
export function unmount(dir: string, options: { lazy: boolean }): void {
  if (process.getuid!() === 0) return umount2(dir, options.lazy ? MNT_DETACH : 0)
  const said = fusermount(['-u', ...(options.lazy ? ['-z'] : []), '--', dir])
  if (said !== null) throw new ErrnoError(SAID.find(({ text }) => text.test(said))?.errno ?? EPERM, said)
}

/** fusermount3 ends with 1 whatever is wrong: what it says tells which errno umount(2) gave or would have given. */
const SAID = [
  { text: /: Device or resource busy$/, errno: EBUSY },
  { text: / not found in \S+$/, errno: EINVAL },
]
