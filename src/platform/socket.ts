// Sockets behind descriptors of other processes: a copy of the descriptor is asked and closed at once, so that nothing stays open for it.
import koffi from 'koffi'
import { ENOTSOCK, ErrnoError, strerror } from '../util/errno.ts'
import { libc } from './libc.ts'
import type { DescriptorSocket } from './platform.ts'

/** pidfd_open(2) and pidfd_getfd(2), which have the same numbers on all architectures. */
const [NR_PIDFD_OPEN, NR_PIDFD_GETFD] = [434, 438]
const SOL_SOCKET = 1
const SO = { TYPE: 3, ACCEPTCONN: 30, PROTOCOL: 38, DOMAIN: 39, MEMINFO: 55, COOKIE: 57, BINDTOIFINDEX: 62 } as const
const [AF_INET, AF_INET6] = [2, 10]
const IPPROTO_TCP = 6
/** Its first byte is the state. */
const TCP_INFO = 11
const [TCP_ESTABLISHED, TCP_CLOSE, TCP_LISTEN] = [1, 7, 10]
const SOCKADDR_SIZE = 128
const MEMINFO_SIZE = 64

const c_syscall = libc.func('long syscall(long number, long a, long b, long c)')
const c_getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, void *size)')
const c_getsockname = libc.func('int getsockname(int fd, void *address, void *size)')
const c_getpeername = libc.func('int getpeername(int fd, void *address, void *size)')
const c_close = libc.func('int close(int fd)')

/** See Platform.socketOf(). */
export function socketOf(pid: number | 'self', fd: number): DescriptorSocket {
  const what = `descriptor ${fd} of process ${pid}`
  const opened = checked(c_syscall(NR_PIDFD_OPEN, pid === 'self' ? process.pid : pid, 0, 0) as number, what)
  let copy = -1
  try {
    copy = checked(c_syscall(NR_PIDFD_GETFD, opened, fd, 0) as number, what)
    return describe(copy, what)
  } finally {
    if (copy >= 0) c_close(copy)
    c_close(opened)
  }
}

function checked(result: number, what: string): number {
  if (result >= 0) return result
  const errno = koffi.errno()
  throw new ErrnoError(errno, `${what}: ${strerror(errno)}`)
}

function describe(fd: number, what: string): DescriptorSocket {
  const family = option(fd, SOL_SOCKET, SO.DOMAIN, 4)
  if (!family) throw new ErrnoError(ENOTSOCK, `${what}: ${strerror(ENOTSOCK)}`)
  const number = (name: number): number => option(fd, SOL_SOCKET, name, 4)?.getInt32(0, true) ?? 0
  const [domain, protocol] = [family.getInt32(0, true), number(SO.PROTOCOL)]
  const memory = option(fd, SOL_SOCKET, SO.MEMINFO, MEMINFO_SIZE)
  return {
    ...{ family: domain, type: number(SO.TYPE), protocol, boundInterface: number(SO.BINDTOIFINDEX) },
    cookie: option(fd, SOL_SOCKET, SO.COOKIE, 8)?.getBigUint64(0, true) ?? 0n,
    state: stateOf(fd, domain, protocol, number(SO.ACCEPTCONN)),
    bound: (domain === AF_INET || domain === AF_INET6) && localPort(fd) !== 0,
    memory: Array.from({ length: (memory?.byteLength ?? 0) / 4 }, (_, i) => memory!.getUint32(i * 4, true)),
  }
}

function stateOf(fd: number, family: number, protocol: number, listens: number): number {
  if ((family === AF_INET || family === AF_INET6) && protocol === IPPROTO_TCP)
    return option(fd, IPPROTO_TCP, TCP_INFO, 8)?.getUint8(0) ?? TCP_CLOSE
  if (listens) return TCP_LISTEN
  const [address, size] = [new Uint8Array(SOCKADDR_SIZE), Uint32Array.of(SOCKADDR_SIZE)]
  return (c_getpeername(fd, address, size) as number) === 0 ? TCP_ESTABLISHED : TCP_CLOSE
}

/** Ports lie at the same place in sockaddr_in and sockaddr_in6. */
function localPort(fd: number): number {
  const [address, size] = [new Uint8Array(SOCKADDR_SIZE), Uint32Array.of(SOCKADDR_SIZE)]
  return (c_getsockname(fd, address, size) as number) < 0 ? 0 : new DataView(address.buffer).getUint16(2)
}

/** The value of an option, as long as the kernel gives it; null when there is none. */
function option(fd: number, level: number, name: number, room: number): DataView | null {
  const [value, size] = [new Uint8Array(room), Uint32Array.of(room)]
  return (c_getsockopt(fd, level, name, value, size) as number) < 0 ? null : new DataView(value.buffer, 0, size[0])
}
