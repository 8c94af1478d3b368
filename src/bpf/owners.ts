// What descriptors of a caller stand for in maps: sockets in SOCKMAP and SOCKHASH, owners in maps of local storage.
import { keyOf } from '../kernel/view.ts'
import type { MapEnv } from '../maps/base.ts'
import type { DescriptorSocket, Platform } from '../platform/platform.ts'
import { type CgroupPlace, placeOfFd } from '../sources/cgroup.ts'
import { type Caller, descriptorOf } from '../sources/descriptor.ts'
import type { HeldSockets } from '../sources/held-sockets.ts'
import { SourceSession } from '../sources/session.ts'
import type { SocketSource } from '../sources/socket.ts'
import { TaskSource } from '../sources/task.ts'
import { Lines } from '../sources/text.ts'
import { EBADF, ENOENT, ENOTSOCK, EOPNOTSUPP, ErrnoError } from '../util/errno.ts'

/** BPF_MAP_TYPE_* of local storage */
const [SK_STORAGE, TASK_STORAGE, CGRP_STORAGE] = [24, 29, 32]
const [AF_UNIX, AF_INET, AF_INET6] = [1, 2, 10]
const [SOCK_STREAM, SOCK_DGRAM] = [1, 2]
const [IPPROTO_TCP, IPPROTO_UDP] = [6, 17]
const [TCP_ESTABLISHED, TCP_LISTEN] = [1, 10]
/** Field of stat: when the task started, which tells two tasks of one number apart. */
const STAT_START = 22

/** Key of a task in local storage. */
export const taskKey = (task: TaskSource): string => `${keyOf('task_struct', task)} ${task.stat().number(STAT_START)}`

/** Key of a cgroup in local storage: its hierarchy, which '' is for v2, and its id there. */
export const cgroupKey = ({ controllers, id }: CgroupPlace): string => `cgroup ${controllers} ${id}`

/** Whether a map of sockets takes a socket: 0 or -EOPNOTSUPP (sock_map_sk_is_suitable, sock_map_sk_state_allowed). */
export function fitsSocketMap(socket: Pick<SocketSource, 'family' | 'type' | 'protocol' | 'state'>, isBound: boolean): number {
  const { family, type, protocol, state } = socket
  const inet = family === AF_INET || family === AF_INET6
  const fits =
    (inet && type === SOCK_STREAM && protocol === IPPROTO_TCP && (state === TCP_ESTABLISHED || state === TCP_LISTEN)) ||
    (inet && type === SOCK_DGRAM && protocol === IPPROTO_UDP && isBound) ||
    (family === AF_UNIX && (type === SOCK_DGRAM || (type === SOCK_STREAM && state === TCP_ESTABLISHED)))
  return fits ? 0 : -EOPNOTSUPP
}

/** Gives maps what descriptors of `caller()` stand for. */
export function descriptorHooks(
  platform: Platform,
  sockets: HeldSockets,
  caller: () => Caller,
): Required<Pick<MapEnv, 'owner' | 'sockets'>> {
  const session = new SourceSession(platform, { denied: () => {} })

  const socketAt = (fd: number): { readonly key: string; readonly socket: DescriptorSocket } | number => {
    try {
      return sockets.atDescriptor(caller(), fd)
    } catch (err) {
      if (err instanceof ErrnoError && (err.errno === EBADF || err.errno === ENOTSOCK)) return -err.errno
      throw err
    }
  }
  const taskAt = (fd: number): string | number => {
    const found = descriptorOf(platform, caller(), fd)
    if (found.kind !== 'pidfd') return -EBADF
    try {
      const task = new TaskSource(session, new Lines(platform.read(`/proc/${found.pid}/status`)).number('Tgid'), found.pid)
      return taskKey(task)
    } catch {
      return -ENOENT // the process is gone
    } finally {
      session.release()
    }
  }
  const cgroupAt = (fd: number): string | number => {
    const place = placeOfFd(platform, fd, caller())
    return place ? cgroupKey(place) : -EBADF
  }

  return {
    owner(type, fd) {
      if (type === SK_STORAGE) {
        const found = socketAt(fd)
        return typeof found === 'number' ? found : found.key
      }
      return type === TASK_STORAGE ? taskAt(fd) : type === CGRP_STORAGE ? cgroupAt(fd) : -EBADF
    },
    sockets: {
      at(fd) {
        const found = socketAt(fd)
        if (typeof found === 'number') return found
        return fitsSocketMap(found.socket, found.socket.bound) || found.key
      },
      hold: key => sockets.hold(key),
      put: key => sockets.put(key),
      isOpen: key => sockets.isOpen(key),
      cookie: key => sockets.cookie(key),
    },
  }
}
