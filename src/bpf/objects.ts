// Kernel objects behind addresses, as helpers ask for them.
import type { HelperTask, KernelObjects } from '../helpers/env.ts'
import type { KernelMemory } from '../kernel/memory.ts'
import type { SourceOf } from '../kernel/types.ts'
import type { StructName } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import { type CgroupSource, cgroupById, cgroupOf } from '../sources/cgroup.ts'
import type { PathSource } from '../sources/file.ts'
import { FileSockets } from '../sources/file-socket.ts'
import type { HeldSockets } from '../sources/held-sockets.ts'
import { MapsCursor, type VmaSource } from '../sources/maps.ts'
import type { SocketSource } from '../sources/socket.ts'
import type { TaskSource } from '../sources/task.ts'
import { EINVAL } from '../util/errno.ts'
import { LAYOUT } from '../vm/memory.ts'
import { cgroupKey, fitsSocketMap, taskKey } from './owners.ts'

/** Addresses are written to LAYOUT.RET, 0 for null. endRun(): the call of the program is over. */
export function kernelObjects(
  kernel: KernelMemory,
  platform: Platform,
  sockets: HeldSockets,
): KernelObjects & { endRun(): void } {
  /** The VMAs that were looked at last in this call, by where they start: a walk asks for them one by one. */
  let walked: { readonly tid: number; readonly vmas: ReadonlyMap<bigint, VmaSource> } | null = null
  const ret = (struct: StructName, source: unknown): void => kernel.writeAddress(LAYOUT.RET, struct, source)
  const at = <T>(lo: number, hi: number, struct: StructName): T | null =>
    (kernel.find(lo, hi, struct)?.source as T | undefined) ?? null
  const task = (lo: number, hi: number): TaskSource | null => at<TaskSource>(lo, hi, 'task_struct')
  // The css of a cgroup is its first member: both are at the same address.
  const cgroup = (lo: number, hi: number): CgroupSource | null =>
    at<CgroupSource>(lo, hi, 'cgroup') ?? at<{ readonly cgroup: CgroupSource }>(lo, hi, 'cgroup_subsys_state')?.cgroup ?? null
  const fileSockets = new FileSockets(platform)
  const vmas = (of: HelperTask): MapsCursor | null => {
    const source = kernel.task(of.tid)
    try {
      return source && new MapsCursor(source, source.dir.read('maps'))
    } catch {
      return null // gone, or not for this user
    }
  }

  return {
    pathAt: (lo, hi) => at<PathSource>(lo, hi, 'path')?.text ?? null,
    taskAt: task,
    structAt: (lo, hi) => kernel.structAt(lo, hi),
    keep: (lo, hi) => kernel.keepAt(lo, hi),
    storageKey(lo, hi) {
      const socket = at<SocketSource>(lo, hi, 'sock')
      if (socket) return sockets.keyOf(socket)
      const group = cgroup(lo, hi)
      if (group) return cgroupKey({ controllers: group.hierarchy.controllers, id: group.number })
      const found = task(lo, hi)
      return found && taskKey(found)
    },
    socketForMap(lo, hi) {
      const socket = at<SocketSource>(lo, hi, 'sock')
      if (!socket) return -EINVAL
      // Those of udp that iterators show are in its tables: bound.
      return fitsSocketMap(socket, true) || sockets.keyOf(socket)
    },
    socketCookie: (lo, hi) => at<SocketSource>(lo, hi, 'sock_common')?.cookie() ?? 0n,
    retTask: tid => ret('task_struct', kernel.task(tid)),
    retCgroup: id => ret('cgroup', cgroupById(platform, id)),
    retRelated(relation, lo, hi, level) {
      if (relation === 'pt_regs') return ret('pt_regs', task(lo, hi)?.registers() ?? null)
      if (relation === 'socket') {
        const file = at<SourceOf['file']>(lo, hi, 'file')
        return ret('socket', file && 'fd' in file ? fileSockets.of(file) : null)
      }
      const from = relation === 'cgroup_ancestor' ? cgroup(lo, hi) : null
      ret('cgroup', from?.ancestor(level) ?? null)
    },
    retPerCpu: () => ret('cgroup', null),
    taskInCgroup(of, lo, hi) {
      const outer = cgroup(lo, hi)
      return outer !== null && (cgroupOf(platform, of.tid)?.isBelow(outer) ?? false)
    },
    taskIds(which) {
      if (typeof which === 'object') return numbers(platform, `/proc/${which.tgid}/task`)
      const processes = numbers(platform, '/proc')
      return which === 'processes' ? processes : processes.flatMap(tgid => numbers(platform, `/proc/${tgid}/task`))
    },
    cgroupTasks: (lo, hi, threads) => cgroup(lo, hi)?.tasks(threads) ?? null,
    cgroupIds(lo, hi, order) {
      const from = cgroup(lo, hi)
      return from && walk(from, order).map(found => found.number)
    },
    vmaStarts: (of, from) => {
      const cursor = vmas(of)
      if (!cursor) return null
      const found = new Map<bigint, VmaSource>()
      for (let vma = cursor.find(from); vma; vma = cursor.next()) found.set(vma.start, vma)
      walked = { tid: of.tid, vmas: found }
      return [...found.keys()]
    },
    retVma: (of, start) => {
      const known = walked?.tid === of.tid ? walked.vmas.get(start) : undefined
      ret('vm_area_struct', known ?? vmas(of)?.find(start) ?? null)
    },
    endRun: () => {
      walked = null
    },
  }
}

/** Names of a folder that are numbers, ascending; none when it is gone. */
function numbers(platform: Platform, path: string): number[] {
  try {
    return platform
      .list(path)
      .map(Number)
      .filter(Number.isInteger)
      .sort((a, b) => a - b)
  } catch {
    return []
  }
}

function walk(from: CgroupSource, order: 'pre' | 'post' | 'up'): CgroupSource[] {
  if (order === 'up') return from.names.map((_, i) => from.ancestor(from.names.length - i)!).concat(from.ancestor(0)!)
  const below = from.children().flatMap(child => walk(child, order))
  return order === 'pre' ? [from, ...below] : [...below, from]
}
