// Ends a mount.
import { spawnSync } from 'node:child_process'
import { EBUSY, EINVAL, ENOENT, EPERM, ErrnoError } from '../../src/util/errno.ts'
import { MNT_DETACH, umount2 } from '../sys.ts'

/**
 * Unmounts `dir`; with `lazy` also when files are open: the name is free at once, the rest follows the last close.
 * @throws ErrnoError EBUSY without `lazy`, EINVAL when nothing (nothing of this user's) is mounted there
 */
export function unmount(dir: string, options: { lazy: boolean }): void {
  if (process.getuid!() === 0) return umount2(dir, options.lazy ? MNT_DETACH : 0)
  const run = spawnSync('fusermount3', ['-u', ...(options.lazy ? ['-z'] : []), '--', dir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (run.error) throw new ErrnoError(ENOENT, 'fusermount3 is not installed (Debian package fuse3)')
  if (run.status === 0) return
  const said = run.stderr.toString().trim().replaceAll('\n', '; ')
  throw new ErrnoError(SAID.find(({ text }) => text.test(said))?.errno ?? EPERM, said)
}

/** fusermount3 ends with 1 whatever is wrong: what it says tells which errno umount(2) gave or would have given. */
const SAID = [
  { text: /: Device or resource busy$/, errno: EBUSY },
  { text: / not found in \S+$/, errno: EINVAL },
]
