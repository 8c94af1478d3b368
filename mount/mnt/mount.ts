// Gets a mounted FUSE descriptor: root mounts directly, anybody else through fusermount3.
import { closeSync, openSync, readFileSync } from 'node:fs'
import { ENOENT, EPERM, ErrnoError, errnoOf, strerror } from '../../src/util/errno.ts'
import { mount, namesOfFlags, receiveFd, socketpair } from '../sys.ts'
import { fusermount, type Said } from './fusermount.ts'
import type { MountOptions } from './options.ts'

export type { MountOptions } from './options.ts'

/** A mount that was made. */
export interface Mounted {
  /** The FUSE device; requests can be read from it. */
  readonly fd: number
  /** Whether users other than the mounting one may enter. */
  readonly allowOther: boolean
}

/** Source and subtype that /proc/mounts shows: `iterfs DIR fuse.iterfs`. */
const NAME = 'iterfs'

/**
 * Mounts on `dir`. The kernel sends INIT in the background: nothing waits for an answer here.
 * @throws ErrnoError with the failing call, or with what fusermount3 said
 */
export function mountDevice(dir: string, options: MountOptions): Mounted {
  return process.getuid!() === 0 ? mountDirect(dir, options) : mountFusermount(dir, options)
}

function mountDirect(dir: string, options: MountOptions): Mounted {
  let fd: number
  try {
    fd = openSync('/dev/fuse', 'r+')
  } catch (err) {
    const errno = errnoOf(err, () => {})
    throw new ErrnoError(
      errno,
      `/dev/fuse: ${strerror(errno)}${errno === ENOENT ? ' (is the fuse module there, or the device passed to this container?)' : ''}`,
    )
  }
  try {
    const data = `fd=${fd},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions`
    mount(NAME, dir, `fuse.${NAME}`, options.flags, data)
  } catch (err) {
    closeSync(fd)
    throw err
  }
  return { fd, allowOther: true }
}

function mountFusermount(dir: string, options: MountOptions): Mounted {
  const allowOther = userAllowOther()
  const words = ['fsname=iterfs', `subtype=${NAME}`, 'default_permissions', ...(allowOther ? ['allow_other'] : [])]
  words.push(...namesOfFlags(options.flags))
  const [ours, theirs] = socketpair()
  try {
    const commFd = 3
    let said: Said
    try {
      said = fusermount(['-o', words.join(','), '--', dir], {
        stdio: ['ignore', 'ignore', 'pipe', theirs],
        env: { ...process.env, _FUSE_COMMFD: String(commFd) },
      })
    } finally {
      closeSync(theirs)
    }
    if (said !== null) throw new ErrnoError(EPERM, said)
    const fd = receiveFd(ours)
    if (fd < 0) throw new ErrnoError(EPERM, 'fusermount3 sent no descriptor')
    return { fd, allowOther }
  } finally {
    closeSync(ours)
  }
}

function userAllowOther(): boolean {
  try {
    return /^\s*user_allow_other\s*$/m.test(readFileSync('/etc/fuse.conf', 'utf8'))
  } catch {
    return false
  }
}
