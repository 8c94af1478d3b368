// The mount of a daemon that died: everything in it answers ENOTCONN until it is unmounted.
import { readFileSync, realpathSync, statfsSync } from 'node:fs'
import { unmount } from './unmount.ts'

/**
 * Unmounts what a dead iterfs daemon left on `dir`, and says whether something was there. A mount that answers, and one of
 * another file system, stay.
 */
export function clearStaleMount(dir: string): boolean {
  let cleared = false
  while (isDead(dir)) {
    // realpath(3) only reads links; Node's own realpath looks at the mountpoint too, which answers ENOTCONN.
    const path = realpathSync.native(dir)
    if (!isIterfs(path)) break
    unmount(path, { lazy: true })
    cleared = true
  }
  return cleared
}

function isDead(dir: string): boolean {
  try {
    // stat(2) may be answered from the kernel's cache; statfs(2) never is.
    statfsSync(dir)
    return false
  } catch (err) {
    return (err as NodeJS.ErrnoException).code === 'ENOTCONN'
  }
}

/** @param path without symlinks */
function isIterfs(path: string): boolean {
  // The four characters that the kernel escapes there (show_vfsmnt).
  const escaped = path.replace(/[ \t\n\\]/g, char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
  const on = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
  const last = on.findLast(fields => fields[1] === escaped)
  return last?.[2] === 'fuse.iterfs'
}
