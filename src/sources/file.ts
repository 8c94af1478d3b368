// An open file of a task, or the file that a VMA maps.
import type { FileStat } from '../platform/platform.ts'
import { ENOENT, ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { isDenied, isGone } from './session.ts'
import type { TaskSource } from './task.ts'
import { Lines } from './text.ts'

/** O_CLOEXEC is a flag of the descriptor, which fdinfo shows among those of the file. */
const O_CLOEXEC = 0o2000000

/** A place in a file system as the kernel prints it (d_path). */
export interface PathSource {
  /** With ` (deleted)` at the end when it was unlinked. */
  readonly text: string
  readonly inode: InodeSource | null
}

export interface InodeSource {
  readonly id: string
  /** Null when the inode cannot be looked at. */
  stat(): FileStat | null
  /** What is known without stat: a VMA's columns. */
  readonly known?: { readonly ino: bigint; readonly major: number; readonly minor: number }
  /** Name of the file system type, null when it cannot be told. */
  fsType(): string | null
}

/** struct file of a descriptor. */
export class FdSource {
  readonly task: TaskSource
  readonly fd: number
  #link: string | undefined
  #stat: FileStat | null | undefined
  #info: Lines | null | undefined

  constructor(task: TaskSource, fd: number) {
    this.task = task
    this.fd = fd
  }

  get id(): string {
    return `fd ${this.fd} of ${this.task.id}`
  }

  /** The text of the descriptor's link. @throws ObjectGone when it was closed */
  link(): string {
    this.#link ??= this.#read('link', () => this.task.dir.readlink(`fd/${this.fd}`)) ?? ''
    return this.#link
  }

  stat(): FileStat | null {
    if (this.#stat === undefined) this.#stat = this.#read('stat', () => this.task.dir.stat(`fd/${this.fd}`))
    return this.#stat
  }

  /** pos, flags, mnt_id and what the kind of file adds. Null when it may not be read. */
  info(): Lines | null {
    if (this.#info === undefined) this.#info = this.#read('fdinfo', () => new Lines(this.task.dir.read(`fdinfo/${this.fd}`)))
    return this.#info
  }

  /** f_flags: those of open(2) without O_CLOEXEC. */
  flags(): number {
    return Number.parseInt(this.info()?.get('flags') ?? '0', 8) & ~O_CLOEXEC
  }

  fsType(): string | null {
    const kind = /^(socket|pipe|anon_inode|net|mnt|pid|user|uts|ipc|time|cgroup|dmabuf):/.exec(this.link())?.[1]
    if (kind === 'socket') return 'sockfs'
    if (kind === 'pipe') return 'pipefs'
    if (kind === 'anon_inode') return 'anon_inodefs'
    if (kind !== undefined) return kind === 'dmabuf' ? 'dmabuf' : 'nsfs'
    return fsTypeOfMount(this.task, this.info()?.number('mnt_id') ?? -1)
  }

  get inode(): InodeSource {
    return { id: `inode of ${this.id}`, stat: () => this.stat(), fsType: () => this.fsType() }
  }

  get path(): PathSource {
    return { text: this.link(), inode: this.inode }
  }

  #read<T>(what: string, body: () => T): T | null {
    try {
      return body()
    } catch (err) {
      if (isGone(err)) throw new ObjectGone(this.id)
      if (!isDenied(err)) throw err
      this.task.session.denied(`${what} of fd`)
      return null
    }
  }
}

/** File system type of a mount id in the task's mount namespace; null when it is not there. */
function fsTypeOfMount(task: TaskSource, id: number): string | null {
  const types = task.facet('mountinfo', dir => {
    const byId = new Map<number, string>()
    for (const line of Buffer.from(dir.read('mountinfo')).toString('latin1').split('\n')) {
      const type = / - (\S+)/.exec(line)?.[1]
      if (type) byId.set(Number.parseInt(line, 10), type)
    }
    return byId
  })
  return types?.get(id) ?? null
}

/** The place that a link of a task names: cwd, root or exe. Null when there is none. */
export function linkPath(task: TaskSource, name: string): PathSource | null {
  const text = task.link(name)
  if (text === null) return null
  return { text, inode: { id: `${name} of ${task.id}`, stat: () => task.linkStat(name), fsType: () => null } }
}

/** stat(2) of what a VMA maps, through map_files; null when that may not be followed. */
export function statMapped(task: TaskSource, range: string): FileStat | null {
  try {
    return task.dir.stat(`map_files/${range}`)
  } catch (err) {
    if (isDenied(err) || (err instanceof ErrnoError && err.errno === ENOENT)) return null
    throw err
  }
}
