// Cgroups of the v2 hierarchy, as the daemon's mount of cgroup2 shows them.
import type { Platform } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import { ErrnoError } from '../util/errno.ts'

/** One cgroup. */
export class CgroupSource {
  readonly platform: Platform
  /** From the root of the hierarchy: `/` is the root. */
  readonly path: string

  constructor(platform: Platform, path: string) {
    this.platform = platform
    this.path = path
  }

  /** Tells cgroups apart, for addresses. */
  get id(): string {
    return this.path
  }

  /** Names from the root down to it. */
  get names(): string[] {
    return this.path.split('/').filter(Boolean)
  }

  /** Inode number of its folder, which is the id that the kernel gives it; 0 when there is no cgroup2 mount or it is gone. */
  get number(): bigint {
    const mount = cgroupMount(this.platform)
    return (mount === null ? undefined : inodeOf(this.platform, `${mount}${this.path}`)) ?? 0n
  }

  /** The one on its way from the root with this depth; null when it is not that deep. */
  ancestor(level: number): CgroupSource | null {
    const { names } = this
    return level < 0 || level > names.length ? null : new CgroupSource(this.platform, `/${names.slice(0, level).join('/')}`)
  }

  /** Those below it, in the order of the folder. */
  children(): CgroupSource[] {
    const mount = cgroupMount(this.platform)
    if (mount === null) return []
    const base = this.path === '/' ? '' : this.path
    const folders = orEmpty(() => this.platform.list(`${mount}${this.path}`)).filter(name => {
      const mode = modeOf(this.platform, `${mount}${base}/${name}`)
      return (mode & S_IFMT) === S_IFDIR
    })
    return folders.map(name => new CgroupSource(this.platform, `${base}/${name}`))
  }

  /** Whether it is `other` or lies below it. */
  isBelow(other: CgroupSource): boolean {
    return other.path === '/' || this.path === other.path || this.path.startsWith(`${other.path}/`)
  }

  /** Ids of its tasks: all threads, or the leaders only. */
  tasks(threads: boolean): number[] {
    const mount = cgroupMount(this.platform)
    if (mount === null) return []
    const file = `${mount}${this.path}/cgroup.${threads ? 'threads' : 'procs'}`
    return orEmpty(() => decodeText(this.platform.read(file)).split('\n').filter(Boolean).map(Number)).filter(id => id !== 0)
  }
}

const S_IFMT = 0o170000
const S_IFDIR = 0o040000

/** Nothing where a folder or file is gone or not for this user. */
function orEmpty<T>(read: () => T[]): T[] {
  try {
    return read()
  } catch (err) {
    if (err instanceof ErrnoError) return []
    throw err
  }
}

const modeOf = (platform: Platform, path: string): number => orEmpty(() => [platform.stat(path).mode])[0] ?? 0
const inodeOf = (platform: Platform, path: string): bigint | undefined => orEmpty(() => [platform.stat(path).ino])[0]

const mounts = new WeakMap<Platform, string | null>()

/** Where the whole v2 hierarchy is mounted in the daemon's view; null when it is not. Looked up once. */
export function cgroupMount(platform: Platform): string | null {
  let mount = mounts.get(platform)
  if (mount === undefined) {
    const line = decodeText(platform.read('/proc/self/mountinfo'))
      .split('\n')
      .find(text => / - cgroup2 /.test(text) && text.split(' ')[3] === '/')
    mount = line?.split(' ')[4] ?? null
    mounts.set(platform, mount)
  }
  return mount
}

/** The v2 cgroup of a task by its number in /proc; null without one. */
export function cgroupOf(platform: Platform, tid: number): CgroupSource | null {
  const text = orEmpty(() => [decodeText(platform.read(`/proc/${tid}/cgroup`))])[0]
  const path = text === undefined ? undefined : /^0::(.*)$/m.exec(text)?.[1]
  return path === undefined ? null : new CgroupSource(platform, path)
}

/** The cgroup with this id; null when there is none. Looks through the hierarchy. */
export function cgroupById(platform: Platform, id: bigint): CgroupSource | null {
  const open = [new CgroupSource(platform, '/')]
  for (let at = open.pop(); at; at = open.pop()) {
    if (at.number === id) return at
    open.push(...at.children())
  }
  return null
}
