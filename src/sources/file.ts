// An open file of a task, or the file that a VMA maps.
import type { FileStat } from '../platform/platform.ts'
import { type Device, deviceName, splitDevice } from '../util/device.ts'
import { ObjectGone } from '../util/object-gone.ts'
import type { VmaSource } from './maps.ts'
import { isDenied, isGone, type SourceSession } from './session.ts'
import type { TaskSource } from './task.ts'
import { Lines, latin1 } from './text.ts'

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

interface Mounts {
  readonly byId: ReadonlyMap<number, string>
  /** By `major:minor`. */
  readonly byDevice: ReadonlyMap<string, string>
}

/** How long, in ms, the mounts of a namespace are taken to be the same. */
const MOUNTS_KEEP_MS = 20

/** What one session knows of the mounts of each namespace, by its inode number. */
type MountsByNamespace = Map<number, { readonly takenMs: number; readonly mounts: Mounts }>
const known = new WeakMap<SourceSession, MountsByNamespace>()

/** A file system type of the task's mount namespace; null when it is not among the mounts. */
function findType(task: TaskSource, find: (mounts: Mounts) => string | undefined): string | null {
  const { session } = task
  const namespace = task.namespace('mnt')
  const byNamespace: MountsByNamespace = known.get(session) ?? new Map()
  known.set(session, byNamespace)
  const now = session.platform.nowMs()
  const last = byNamespace.get(namespace)
  const found = last && now - last.takenMs <= MOUNTS_KEEP_MS ? find(last.mounts) : undefined
  if (found !== undefined) return found
  const mounts = task.facet('mountinfo', dir => parseMounts(latin1(dir.read('mountinfo'))))
  if (!mounts) return null
  if (namespace !== 0) byNamespace.set(namespace, { takenMs: now, mounts })
  return find(mounts) ?? null
}

function parseMounts(text: string): Mounts {
  const byId = new Map<number, string>()
  const byDevice = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, id, device, type] = /^(\d+) \d+ (\d+:\d+) .* - (\S+)/.exec(line) ?? []
    if (type === undefined) continue
    byId.set(Number(id), type)
    byDevice.set(device!, type)
  }
  return { byId, byDevice }
}

/** File system type of a mount id; null when it is not in the namespace. */
const fsTypeOfMount = (task: TaskSource, id: number): string | null => findType(task, mounts => mounts.byId.get(id))

/** File system type of a device; null when none of the namespace's mounts has it. */
export const fsTypeOfDevice = (task: TaskSource, device: Device): string | null =>
  findType(task, mounts => mounts.byDevice.get(deviceName(device)))

/** The place that a link of a task names: cwd, root or exe. Null when there is none. */
export function linkPath(task: TaskSource, name: string): PathSource | null {
  const text = task.link(name)
  if (text === null) return null
  const stat = (): FileStat | null => task.linkStat(name)
  const fsType = (): string | null => {
    const seen = stat()
    return seen && fsTypeOfDevice(task, splitDevice(seen.dev))
  }
  return { text, inode: { id: `${name} of ${task.id}`, stat, fsType } }
}

/**
 * stat(2) of what a VMA maps: through map_files, which only root may follow, else through the path, when that still leads to the
 * same inode. Null when neither does.
 */
export function statMapped(vma: VmaSource): FileStat | null {
  const { task } = vma
  return (
    lookAt(task, `../../map_files/${vma.range}`) ??
    (vma.name.startsWith('/') ? sameInode(vma, lookAt(task, `root${vma.name}`)) : null)
  )
}

function sameInode(vma: VmaSource, stat: FileStat | null): FileStat | null {
  if (!stat || stat.ino !== vma.ino) return null
  const { major, minor } = splitDevice(stat.dev)
  return major === vma.major && minor === vma.minor ? stat : null
}

function lookAt(task: TaskSource, name: string): FileStat | null {
  try {
    return task.dir.stat(name)
  } catch (err) {
    if (isDenied(err) || isGone(err)) return null
    throw err
  }
}
