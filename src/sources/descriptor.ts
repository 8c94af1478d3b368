// What a descriptor of another process leads to, as /proc/PID/fd shows it.
import type { Platform } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import { deviceName, splitDevice } from '../util/device.ts'
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
  /** A folder of a cgroup hierarchy; `id`: its inode number, which is the cgroup's id. */
  | { readonly kind: 'cgroup'; readonly isV2: boolean; readonly device: string; readonly id: bigint }
  /** `text` of its link. */
  | { readonly kind: 'other'; readonly text: string }

const NONE: Descriptor = { kind: 'none' }
const [S_IFMT, S_IFDIR] = [0o170000, 0o040000]

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
    const stat = text.startsWith('/') ? dir.stat(`fd/${fd}`) : null
    const device = stat && (stat.mode & S_IFMT) === S_IFDIR ? deviceName(splitDevice(stat.dev)) : null
    const type = device === null ? undefined : typeOfDevice(platform, device)
    if (type !== 'cgroup' && type !== 'cgroup2') return { kind: 'other', text }
    return { kind: 'cgroup', isV2: type === 'cgroup2', device: device!, id: stat!.ino }
  } finally {
    dir.close()
  }
}

/** File system type of a mounted device. */
const typeOfDevice = (platform: Platform, device: string): string | undefined =>
  decodeText(platform.read('/proc/self/mountinfo'))
    .split('\n')
    .find(line => line.split(' ')[2] === device)
    ?.split(' - ')[1]
    ?.split(' ')[0]

/** The process that a pidfd of another one names: null for another descriptor, a number that no process has for one that is gone. */
export function pidOfPidfd(platform: Platform, of: Caller, fd: number): number | null {
  const found = descriptorOf(platform, of, fd)
  if (found.kind !== 'pidfd') return null
  return found.pid > 0 ? found.pid : NO_PID
}
const NO_PID = 0x7fff_ffff
