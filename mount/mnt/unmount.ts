// Ends a mount.
import { spawnSync } from 'node:child_process'
import { EBUSY, ErrnoError } from '../../src/util/errno.ts'
import { MNT_DETACH, umount2 } from '../sys.ts'

/**
 * Unmounts `dir`; with `lazy` also when files are open: the name is free at once, the rest follows the last close.
 * @throws ErrnoError EBUSY without `lazy`, EINVAL when nothing is mounted there, or what fusermount3 said
 */
export function unmount(dir: string, options: { lazy: boolean }): void {
  if (process.getuid!() === 0) return umount2(dir, options.lazy ? MNT_DETACH : 0)
  const run = spawnSync('fusermount3', ['-u', ...(options.lazy ? ['-z'] : []), '--', dir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  if (run.error) throw run.error
  if (run.status !== 0) throw new ErrnoError(EBUSY, run.stderr.toString().trim().replaceAll('\n', '; '))
}
