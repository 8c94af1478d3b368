// The mount of a daemon that died: everything in it answers ENOTCONN until it is unmounted.
import { readFileSync, statfsSync } from 'node:fs'
import { unmount } from './unmount.ts'

/**
 * Unmounts what a dead iterfs daemon left on `dir`, and says whether something was there. A mount that answers, and one of
 * another file system, stay.
 */
export function clearStaleMount(dir: string): boolean {
  let cleared = false
  while (isDead(dir) && isIterfs(dir)) {
    unmount(dir, { lazy: true })
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

function isIterfs(dir: string): boolean {
  const escaped = dir.replace(/[\s\\]/g, char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`)
  const on = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
  const last = on.findLast(fields => fields[1] === escaped)
  return last !== undefined && (last[2] === 'fuse.iterfs' || last[0] === 'iterfs')
}
