// What a descriptor of another process leads to, as /proc/PID/fd shows it.
import type { Platform } from '../platform/platform.ts'
import { ErrnoError, ESRCH } from '../util/errno.ts'
import { isGone } from './session.ts'
import { Lines } from './text.ts'

/** A process by its number in the daemon's pid namespace, or this one. */
export type Caller = number | 'self'

/** The process of a thread, whose descriptors its threads share. @throws ErrnoError ESRCH for one that is not seen here */
export function processOf(platform: Platform, caller: Caller): Caller {
  if (caller === 'self') return caller
  try {
    return new Lines(platform.read(`/proc/${caller}/status`)).number('Tgid')
  } catch (err) {
    if (!isGone(err)) throw err
    throw new ErrnoError(ESRCH, `want descriptors of a process that is in the daemon's pid namespace, got thread ${caller}`)
  }
}

export type Descriptor =
  | { readonly kind: 'none' }
  | { readonly kind: 'socket'; readonly inode: number; readonly uid: number }
  /** `pid`: in the daemon's pid namespace; -1 when the process is gone. */
  | { readonly kind: 'pidfd'; readonly pid: number }
  /** `text` of its link. */
  | { readonly kind: 'other'; readonly text: string }

const NONE: Descriptor = { kind: 'none' }

/** The descriptor `fd` of a process. @throws ErrnoError EACCES, EPERM when the process may not be looked into */
export function descriptorOf(platform: Platform, of: Caller, fd: number): Descriptor {
  try {
    return look(platform, `/proc/${of}`, fd)
  } catch (err) {
    if (isGone(err)) return NONE
    throw err
  }
}

function look(platform: Platform, folder: string, fd: number): Descriptor {
  const dir = platform.openDir(folder)
  try {
    const text = dir.readlink(`fd/${fd}`)
    const inode = /^socket:\[(\d+)\]$/.exec(text)?.[1]
    if (inode !== undefined) return { kind: 'socket', inode: Number(inode), uid: dir.stat(`fd/${fd}`).uid }
    if (text === 'anon_inode:[pidfd]' || text.startsWith('pidfd:'))
      return { kind: 'pidfd', pid: new Lines(dir.read(`fdinfo/${fd}`)).number('Pid') || -1 }
    return { kind: 'other', text }
  } finally {
    dir.close()
  }
}

/** The process that a pidfd of another one names: null for another descriptor, a number that no process has for one that is gone. */
export function pidOfPidfd(platform: Platform, of: Caller, fd: number): number | null {
  const found = descriptorOf(platform, of, fd)
  if (found.kind !== 'pidfd') return null
  return found.pid > 0 ? found.pid : NO_PID
}
const NO_PID = 0x7fff_ffff
