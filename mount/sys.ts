// The few system calls of mount/ that Node lacks, through koffi.
import { readdirSync, readlinkSync } from 'node:fs'
import koffi from 'koffi'
import { ErrnoError, strerror } from '../src/util/errno.ts'

const libc = koffi.load(process.platform === 'linux' ? 'libc.so.6' : 'libc')
const c_mount = libc.func(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
)
const c_umount2 = libc.func('int umount2(const char *target, int flags)')
const c_socketpair = libc.func('int socketpair(int domain, int type, int protocol, _Out_ int *sv)')
const c_recvmsg = libc.func('long recvmsg(int fd, _Inout_ void *msg, int flags)')
const c_close = libc.func('int close(int fd)')
const c_exit = libc.func('void _exit(int status)')

/** MS_ flags of mount(2). */
export const MS = { ro: 1, nosuid: 2, nodev: 4, noexec: 8 } as const
/** umount2(2): the name is free at once, the file system goes with its last user. */
export const MNT_DETACH = 2

/** The `-o` words of MS_ flags. */
export const namesOfFlags = (flags: number): string[] => Object.keys(MS).filter(name => flags & MS[name as keyof typeof MS])

function check(call: string, result: number): number {
  if (result >= 0) return result
  const errno = koffi.errno()
  throw new ErrnoError(errno, `${call}: ${strerror(errno)}`)
}

/** mount(2). @throws ErrnoError */
export function mount(source: string, target: string, type: string, flags: number, data: string): void {
  check(`mount ${type} on ${target}`, c_mount(source, target, type, flags, data))
}

/** umount2(2). @throws ErrnoError */
export function umount2(target: string, flags: number): void {
  check(`umount ${target}`, c_umount2(target, flags))
}

const [AF_UNIX, SOCK_STREAM, SOCK_CLOEXEC] = [1, 1, 0o2000000]
/** recvmsg(2): received descriptors are closed on exec. */
const MSG_CMSG_CLOEXEC = 0x4000_0000

/** A connected pair of unix stream sockets, closed on exec. @throws ErrnoError */
export function socketpair(): [number, number] {
  const pair = [0, 0]
  check('socketpair', c_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
  return [pair[0]!, pair[1]!]
}

/**
 * Receives one message with a descriptor (SCM_RIGHTS) and returns the descriptor, or -1 when the other side closed without.
 * struct msghdr and cmsghdr as 64-bit Linux has them.
 */
export function receiveFd(socket: number): number {
  const byte = Buffer.alloc(8)
  const iov = Buffer.alloc(16)
  iov.writeBigUInt64LE(koffi.address(byte), 0)
  iov.writeBigUInt64LE(1n, 8)
  const control = Buffer.alloc(24)
  const msg = Buffer.alloc(56)
  msg.writeBigUInt64LE(koffi.address(iov), 16)
  msg.writeBigUInt64LE(1n, 24)
  msg.writeBigUInt64LE(koffi.address(control), 32)
  msg.writeBigUInt64LE(BigInt(control.length), 40)
  if (check('recvmsg', c_recvmsg(socket, msg, MSG_CMSG_CLOEXEC)) === 0) return -1
  const [SOL_SOCKET, SCM_RIGHTS] = [1, 1]
  const isFd = control.readInt32LE(8) === SOL_SOCKET && control.readInt32LE(12) === SCM_RIGHTS
  return isFd ? control.readInt32LE(16) : -1
}

/**
 * _exit(2): ends the process at once, whatever its threads are doing. Descriptors of /dev/fuse are closed first: a thread of ours that
 * asks our own mount something waits for the connection to end, and the connection would end only with the last thread.
 */
export function exitNow(status: number): never {
  for (const fd of readdirSync(OWN_FDS).map(Number)) if (isFuse(fd)) c_close(fd)
  c_exit(status)
  throw new Error('unreachable')
}

const OWN_FDS = '/proc/self/fd'

function isFuse(fd: number): boolean {
  try {
    return readlinkSync(`${OWN_FDS}/${fd}`) === '/dev/fuse'
  } catch {
    return false // the descriptor by which the folder was read
  }
}
