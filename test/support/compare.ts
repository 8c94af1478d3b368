// One object through the kernel and through iterfs: pinned with the same parameters, read in the same way.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CGROUP_ORDERS } from '../../src/api/types.ts'
import { type Daemon, iterfs, run } from './daemon.ts'
import type { Kernel } from './kernel.ts'

/** How an object is pinned and read. */
export interface Way {
  readonly pid?: number
  readonly tid?: number
  readonly cgroup?: CgroupWay
  readonly prog?: string
  readonly set?: Readonly<Record<string, string>>
  /** A map of its own for a bpf_map_elem program, in bpftool's words: `type hash key 4 value 8 entries 16 name m`, `key 1 0 0 0 value ...`. */
  readonly map?: { readonly create: string; readonly updates: readonly string[] }
  /** Sizes of the reads of one open file; cat reads it to its end, twice, without them. */
  readonly reads?: readonly number[]
}

/** Parameters of a cgroup iterator: `id` and `fd` as they are given, `dir` opened. */
export interface CgroupWay {
  readonly order?: keyof typeof CGROUP_ORDERS
  readonly dir?: string
  readonly id?: bigint
  readonly fd?: number
}

/** As iter_pin takes it. */
export const kernelCgroup = ({ order, dir, id, fd }: CgroupWay): string[] => [
  ...(order === undefined ? [] : ['order', `${CGROUP_ORDERS[order]}`]),
  ...(dir === undefined ? [] : ['cgroup', dir]),
  ...(id === undefined ? [] : ['cgroupid', `${id}`]),
  ...(fd === undefined ? [] : ['cgroupfd', `${fd}`]),
]

/** As the command iterfs takes it. */
export const iterfsCgroup = ({ order, dir, id, fd }: CgroupWay): string[] => [
  ...(order === undefined ? [] : ['--order', order]),
  ...(dir === undefined ? [] : ['--cgroup', dir]),
  ...(id === undefined ? [] : ['--cgroup-id', `${id}`]),
  ...(fd === undefined ? [] : ['--cgroup-fd', `${fd}`]),
]

export interface Both {
  readonly kernel: string
  readonly iterfs: string
}

let pins = 0

/** What both print, with the errors that reading met. @throws Error when one of them does not take the object */
export function runBoth(kernel: Kernel, daemon: Daemon, object: string, way: Way): Both {
  return { kernel: runKernel(kernel, object, way), iterfs: runIterfs(daemon, object, way) }
}

/** What the kernel prints. @throws Error when it does not take the object */
export function runKernel(kernel: Kernel, object: string, { pid, tid, cgroup, prog, set = {}, map, reads }: Way): string {
  const name = `compare${++pins}`
  const info: string[] = []
  if (pid !== undefined) info.push('pid', `${pid}`)
  if (tid !== undefined) info.push('tid', `${tid}`)
  if (cgroup) info.push(...kernelCgroup(cgroup))
  if (prog !== undefined) info.push('prog', prog)
  for (const [key, value] of Object.entries(set)) info.push('set', `${key}=${value}`)
  if (map) info.push('map', kernel.map(`${name}_map`, map.create, map.updates))
  return readPin(kernel.pin(object, name, info), reads)
}

/** What iterfs prints. @throws Error when it does not take the object */
export function runIterfs(daemon: Daemon, object: string, { pid, tid, cgroup, prog, set = {}, map, reads }: Way): string {
  const name = `compare${++pins}`
  const args: string[] = []
  if (map) {
    const path = join(daemon.dir, `${name}_map`)
    must('map', 'create', path, ...map.create.split(' '))
    for (const update of map.updates) must('map', 'update', 'pinned', path, ...update.split(' '))
    args.push('map', 'pinned', path)
  }
  if (pid !== undefined) args.push('--pid', `${pid}`)
  if (tid !== undefined) args.push('--tid', `${tid}`)
  if (cgroup) args.push(...iterfsCgroup(cgroup))
  if (prog !== undefined) args.push('--prog', prog)
  for (const [key, value] of Object.entries(set)) args.push('--set', `${key}=${value}`)
  daemon.pin(object, name, ...args)
  return readPin(join(daemon.dir, name), reads)
}

function must(...args: string[]): void {
  const { status, stderr } = iterfs(...args)
  if (status !== 0) throw new Error(`iterfs ${args.join(' ')}: ${status} ${stderr}`)
}

/** Reads with these sizes one after the other, each with its result. */
const READER = `
import os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
for size in map(int, sys.argv[2:]):
    try:
        data = os.read(fd, size)
        os.write(1, b'[%d]\\n' % len(data) + data + b'\\n')
    except OSError as err:
        os.write(1, b'[errno %d]\\n' % err.errno)
`

function readPin(path: string, reads: readonly number[] | undefined): string {
  if (reads) return run('python3', ['-c', READER, path, ...reads.map(String)]).stdout
  const { stdout, stderr } = run('cat', [path, path])
  return stdout + stderr.replaceAll(path, 'PIN')
}

/** `diff -u` of both; empty when they are the same. */
export function diffOf(kernel: Kernel, { kernel: theirs, iterfs: ours }: Both): string {
  if (theirs === ours) return ''
  const files = [join(kernel.work, 'of-kernel'), join(kernel.work, 'of-iterfs')] as const
  writeFileSync(files[0], theirs, 'latin1')
  writeFileSync(files[1], ours, 'latin1')
  return run('diff', ['-a', '-u', '--label', 'kernel', '--label', 'iterfs', ...files]).stdout
}
