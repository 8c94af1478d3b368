// Cgroups, as the daemon's mount of their hierarchy shows them.
import type { Platform } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import { ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import type { Caller } from './descriptor.ts'
import {
  controllersOfMount,
  type Hierarchy,
  hierarchyOf,
  mountOf,
  subsystemMask,
  unified,
  unifiedControllers,
} from './hierarchy.ts'
import { isGone } from './session.ts'

/** One cgroup. */
export class CgroupSource {
  readonly hierarchy: Hierarchy
  /** From the root of the hierarchy: `/` is the root. */
  readonly path: string
  readonly #files = new Map<string, string | null>()
  #number: bigint | undefined
  #mode: number | undefined

  constructor(hierarchy: Hierarchy, path: string) {
    this.hierarchy = hierarchy
    this.path = path
  }

  /** Tells cgroups apart, for addresses. */
  get id(): string {
    return `${this.hierarchy.controllers}:${this.path}`
  }

  /** As a css has it: `self` is the cgroup's own. */
  get cgroup(): CgroupSource {
    return this
  }

  get isRoot(): boolean {
    return this.path === '/'
  }

  get isV2(): boolean {
    return this.hierarchy.controllers === ''
  }

  /** Names from the root down to it. */
  get names(): string[] {
    return this.path.split('/').filter(Boolean)
  }

  /** Inode number of its folder, which is the id that the kernel gives it; 0 when there is no mount of the hierarchy or it is gone. */
  get number(): bigint {
    this.#number ??= this.#stat()?.ino ?? 0n
    return this.#number
  }

  /** st_mode of its folder. */
  get mode(): number {
    this.#mode ??= this.#stat()?.mode ?? 0
    return this.#mode
  }

  /** The one above it; null for the root. */
  get parent(): CgroupSource | null {
    return this.ancestor(this.names.length - 1)
  }

  /** The one on its way from the root with this depth; null when it is not that deep. */
  ancestor(level: number): CgroupSource | null {
    const { names } = this
    if (level < 0 || level > names.length) return null
    return level === names.length ? this : new CgroupSource(this.hierarchy, `/${names.slice(0, level).join('/')}`)
  }

  /** From the root down to itself. */
  lineage(): CgroupSource[] {
    return [...this.names, ''].map((_, level) => this.ancestor(level)!)
  }

  /** Those below it, oldest first: ids ascend in the order of creation, which is that of the kernel's list of children. */
  children(): CgroupSource[] {
    const { platform, mount } = this.hierarchy
    if (mount === null) return []
    // A folder of kernfs counts the folders in it: most have none, and their files need no look.
    let left = orEmpty(() => [platform.stat(this.#folder).nlink])[0] ?? 0
    const found: CgroupSource[] = []
    if (left === OWN_LINKS) return found
    for (const name of orEmpty(() => platform.list(this.#folder))) {
      const child = new CgroupSource(this.hierarchy, `${this.isRoot ? '' : this.path}/${name}`)
      if ((child.mode & S_IFMT) !== S_IFDIR) continue
      found.push(child)
      if (--left === OWN_LINKS) break
    }
    return found.sort((a, b) => (a.number < b.number ? -1 : 1))
  }

  /** How many are below it, all the way down. */
  countBelow(): number {
    return this.children().reduce((sum, child) => sum + 1 + child.countBelow(), 0)
  }

  /** Whether it is `other` or lies below it. */
  isBelow(other: CgroupSource): boolean {
    const inside = other.isRoot || this.path === other.path || this.path.startsWith(`${other.path}/`)
    return inside && other.hierarchy.controllers === this.hierarchy.controllers
  }

  /** Ids of its tasks: all threads, or the leaders only. */
  tasks(threads: boolean): number[] {
    if (this.hierarchy.mount === null) return []
    const file = this.isV2 ? `cgroup.${threads ? 'threads' : 'procs'}` : threads ? 'tasks' : 'cgroup.procs'
    return orEmpty(() => (this.#read(file) ?? '').split('\n').filter(Boolean).map(Number)).filter(id => id !== 0)
  }

  /** One of its files, read once; null when it has no such file. @throws ObjectGone, ErrnoError without a mount of the hierarchy */
  file(name: string): string | null {
    let text = this.#files.get(name)
    if (text === undefined) {
      text = this.#read(name)
      if (text === null && !this.hierarchy.platform.exists(this.#folder)) throw new ObjectGone(`cgroup ${this.path}`)
      this.#files.set(name, text)
    }
    return text
  }

  /** A value of a file of `NAME VALUE` lines: `cgroup.stat`, `cgroup.events`; null when it is not there. */
  value(file: string, key: string): number | null {
    const found = new RegExp(`^${key} (\\d+)$`, 'm').exec(this.file(file) ?? '')?.[1]
    return found === undefined ? null : Number(found)
  }

  /** Controllers that are enabled for it, as a mask of `1 << enum cgroup_subsys_id`. perf_event follows v2 wherever it is (implicit_on_dfl). */
  subsystems(): number {
    const { controllers, platform } = this.hierarchy
    if (!this.isV2) return subsystemMask(controllers.split(','))
    const free = unifiedControllers(platform)
    const enabled = (this.file('cgroup.controllers') ?? '').trim().split(' ')
    // What limits writeback needs the memory controller, which is on with it though nobody asked (io_cgrp_subsys.depends_on).
    const needed = enabled.includes('io') ? ['memory'] : []
    return subsystemMask([...enabled, ...needed, ...(this.isRoot ? free : free.filter(name => name === 'perf_event'))])
  }

  #stat(): { readonly ino: bigint; readonly mode: number } | undefined {
    if (this.hierarchy.mount === null) return undefined
    return orEmpty(() => [this.hierarchy.platform.stat(this.#folder)])[0]
  }

  #read(name: string): string | null {
    try {
      return decodeText(this.hierarchy.platform.read(`${this.#folder}/${name}`))
    } catch (err) {
      if (isGone(err)) return null
      throw err
    }
  }

  get #folder(): string {
    return `${mountOf(this.hierarchy)}${this.isRoot ? '' : this.path}`
  }
}

/** Links of a folder without folders: from its parent and from itself. */
const OWN_LINKS = 2
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

/** The root of the v2 hierarchy. */
export const cgroupRoot = (platform: Platform): CgroupSource => new CgroupSource(unified(platform), '/')

/** The v2 cgroup of a task by its number in /proc; null without one. */
export function cgroupOf(platform: Platform, tid: number): CgroupSource | null {
  const text = orEmpty(() => [decodeText(platform.read(`/proc/${tid}/cgroup`))])[0]
  const path = text === undefined ? undefined : /^0::(.*)$/m.exec(text)?.[1]
  return path === undefined ? null : new CgroupSource(unified(platform), path)
}

/** The v2 cgroup with this id, or the one of another hierarchy; null when there is none. Looks through the hierarchy. */
export function cgroupById(platform: Platform, id: bigint, hierarchy = unified(platform)): CgroupSource | null {
  const open = [new CgroupSource(hierarchy, '/')]
  for (let at = open.pop(); at; at = open.pop()) {
    if (at.number === id) return at
    open.push(...at.children())
  }
  return null
}

/** What a descriptor of a cgroup's folder stands for, wherever it is looked at. */
export interface CgroupPlace {
  /** See Hierarchy. */
  readonly controllers: string
  readonly id: bigint
}

/** The cgroup behind a descriptor of a process; null for any other descriptor, open or not. */
export function placeOfFd(platform: Platform, fd: number, of: Caller = 'self'): CgroupPlace | null {
  try {
    const id = /^mnt_id:\t(\d+)$/m.exec(decodeText(platform.read(`/proc/${of}/fdinfo/${fd}`)))?.[1]
    const controllers = controllersOfMount(platform, Number(id))
    const stat = platform.stat(`/proc/${of}/fd/${fd}`)
    return controllers === null || (stat.mode & S_IFMT) !== S_IFDIR ? null : { controllers, id: stat.ino }
  } catch (err) {
    if (err instanceof ErrnoError) return null
    throw err
  }
}

/** The cgroup at a place; null when it is gone. */
export function cgroupAt(platform: Platform, { controllers, id }: CgroupPlace): CgroupSource | null {
  const hierarchy = hierarchyOf(platform, controllers)
  return hierarchy && cgroupById(platform, id, hierarchy)
}
