// The hierarchies of cgroups: v2, and those of v1, each with controllers of its own.
import type { Platform } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'

/** enum cgroup_subsys_id in its order, by the names of /proc/cgroups and those of v2. */
const SUBSYSTEMS: readonly (readonly string[])[] = [
  ...[['cpuset'], ['cpu'], ['cpuacct'], ['blkio', 'io'], ['memory'], ['devices'], ['freezer'], ['net_cls'], ['perf_event']],
  ...[['net_prio'], ['hugetlb'], ['pids']],
]

/** A controller's number in enum cgroup_subsys_id; -1 for one that is not in it. */
export const subsystemId = (name: string): number => SUBSYSTEMS.findIndex(names => names.includes(name))

/** The controllers as a mask of `1 << id`. */
export const subsystemMask = (names: Iterable<string>): number =>
  [...names].map(subsystemId).reduce((mask, id) => (id < 0 ? mask : mask | (1 << id)), 0)

/** One hierarchy. */
export class Hierarchy {
  readonly platform: Platform
  /** Second column of /proc/PID/cgroup: '' for v2, `memory`, `cpu,cpuacct`, `name=systemd`. */
  readonly controllers: string
  /** First column: 0 for v2. */
  readonly number: number
  #mount: string | null = null

  constructor(platform: Platform, controllers: string, number: number) {
    this.platform = platform
    this.controllers = controllers
    this.number = number
  }

  /** Where all of it is mounted in the daemon's view; null when it is not. Looked up until it is. */
  get mount(): string | null {
    this.#mount ??= cgroupMounts(this.platform).find(one => one.root === '/' && isOf(one, this.controllers))?.dir ?? null
    return this.#mount
  }
}

interface Mount {
  readonly id: number
  readonly root: string
  readonly dir: string
  readonly type: string
  readonly options: readonly string[]
}

const decodeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)))

/** The mounts of cgroup file systems that the daemon sees. */
function cgroupMounts(platform: Platform): Mount[] {
  const mounts: Mount[] = []
  for (const line of decodeText(platform.read('/proc/self/mountinfo')).split('\n')) {
    const [left, right] = line.split(' - ') as [string, string | undefined]
    if (!right?.startsWith('cgroup')) continue
    const [fields, [type, , options]] = [left.split(' '), right.split(' ')]
    mounts.push({
      id: Number(fields[0]),
      root: fields[3]!,
      dir: decodeOctal(fields[4]!),
      type: type!,
      options: options!.split(','),
    })
  }
  return mounts
}

const isOf = ({ type, options }: Mount, controllers: string): boolean =>
  controllers === '' ? type === 'cgroup2' : type === 'cgroup' && controllers.split(',').every(name => options.includes(name))

const known = new WeakMap<Platform, Map<string, Hierarchy>>()

/** The hierarchy with these controllers; null when there is none. */
export function hierarchyOf(platform: Platform, controllers: string): Hierarchy | null {
  const of = known.get(platform) ?? new Map<string, Hierarchy>()
  known.set(platform, of)
  const found = of.get(controllers)
  if (found) return found
  const number = numberOf(platform, controllers)
  if (number === null) return null
  const hierarchy = new Hierarchy(platform, controllers, number)
  of.set(controllers, hierarchy)
  return hierarchy
}

/** The v2 hierarchy, which all kernels have since 4.5. */
export const unified = (platform: Platform): Hierarchy => hierarchyOf(platform, '')!

function numberOf(platform: Platform, controllers: string): number | null {
  if (controllers === '') return 0
  for (const line of decodeText(platform.read('/proc/self/cgroup')).split('\n')) {
    const [number, names] = line.split(':')
    if (names === controllers) return Number(number)
  }
  return null
}

/** The mount of a hierarchy. @throws ErrnoError EOPNOTSUPP without one */
export function mountOf({ mount, controllers }: Hierarchy): string {
  if (mount !== null) return mount
  const what = controllers === '' ? 'mount -t cgroup2' : `mount -t cgroup -o ${controllers}`
  throw new ErrnoError(EOPNOTSUPP, `cgroups: want a mount of the whole hierarchy (${what}), there is none`)
}

/** The controllers of the hierarchy that the mount with this id shows; null when it shows no cgroups. */
export function controllersOfMount(platform: Platform, id: number): string | null {
  const mount = cgroupMounts(platform).find(one => one.id === id)
  if (!mount || mount.type === 'cgroup2') return mount ? '' : null
  for (const line of decodeText(platform.read('/proc/self/cgroup')).split('\n')) {
    const names = line.split(':')[1]
    if (names && isOf(mount, names)) return names
  }
  return null
}

/** Controllers that v2 has at its root: those of no v1 hierarchy. */
export function unifiedControllers(platform: Platform): string[] {
  const rows = decodeText(platform.read('/proc/cgroups')).split('\n').slice(1)
  return rows.map(row => row.split('\t')).flatMap(([name, number]) => (number === '0' ? [name!] : []))
}

/** Cgroups of a hierarchy, dying ones too: /proc/cgroups has it for v1; null for v2. */
export function countOf({ platform, controllers }: Hierarchy): number | null {
  const name = controllers.split(',')[0]!
  const row = decodeText(platform.read('/proc/cgroups'))
    .split('\n')
    .find(line => line.startsWith(`${name}\t`))
  return name === '' || !row ? null : Number(row.split('\t')[2])
}
