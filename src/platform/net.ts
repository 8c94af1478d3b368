// Network namespaces: netlink sockets in them, and their /proc/net. A thread enters a namespace for as long as it takes to open
// something there; what is open stays of that namespace.
import { closeSync, fstatSync, openSync, readlinkSync } from 'node:fs'
import koffi from 'koffi'
import { EINTR, EPERM, ErrnoError, errnoOf, strerror } from '../util/errno.ts'
import { endsAnswer } from '../util/netlink.ts'
import { libc } from './libc.ts'
import type { NetNs } from './platform.ts'

const AF_NETLINK = 16
const SOCK_RAW = 3
const O_CLOEXEC = 0o2000000
const CLONE_NEWNET = 0x4000_0000
const AT_FDCWD = -100

const c_socket = libc.func('int socket(int domain, int type, int protocol)')
const c_send = libc.func('long send(int fd, const void *buf, size_t size, int flags)')
const c_recv = libc.func('long recv(int fd, void *buf, size_t size, int flags)')
const c_setns = libc.func('int setns(int fd, int type)')
const c_openat = libc.func('int openat(int dir, const char *path, int flags)')
const c_close = libc.func('int close(int fd)')

/** A dump's datagram has 32 KiB at most (netlink_dump); single answers are smaller. */
const DATAGRAM = 256 << 10
let buffer: Uint8Array | undefined

function failed(what: string): never {
  const errno = koffi.errno()
  throw new ErrnoError(errno, `${what}: ${strerror(errno)}`)
}

/** Number in the link of a namespace file, `net:[4026531840]`; 0 when it may not be read. */
function inumOf(path: string): number {
  try {
    return Number(/\[(\d+)\]/.exec(readlinkSync(path))?.[1] ?? 0)
  } catch {
    return 0
  }
}

const THREAD = '/proc/thread-self'
const THREAD_NS = `${THREAD}/ns/net`

function openFile(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (err) {
    const errno = errnoOf(err, () => {})
    throw new ErrnoError(errno, `${path}: ${strerror(errno)}`)
  }
}

class NodeNet implements NetNs {
  readonly inum: number
  /** Of its namespace file; -1 where the thread is in it anyway, or where it may not be opened. */
  readonly #ns: number
  readonly #folder: string
  /** Its /proc/net for who may not enter it. */
  readonly #proc: string
  readonly #sockets = new Map<number, number>()
  readonly #readAll: (fd: number, path: string) => Uint8Array

  /** @param folder of the thread whose namespace it is; `path`: the namespace file, when not the thread's */
  constructor(folder: string, readAll: (fd: number, path: string) => Uint8Array, path = `${folder}/ns/net`) {
    const own = folder === THREAD
    this.#readAll = readAll
    this.inum = inumOf(path)
    this.#ns = own || this.inum === 0 || this.inum === inumOf(THREAD_NS) ? -1 : openFile(path)
    this.#folder = this.#ns < 0 && this.inum !== 0 ? THREAD : folder
    this.#proc = `${this.#folder}/net`
  }

  again(): NetNs {
    return new NodeNet(this.#folder, this.#readAll, this.#ns < 0 ? undefined : `/proc/self/fd/${this.#ns}`)
  }

  netlink(protocol: number, request: Uint8Array): Uint8Array[] {
    if (this.inum === 0) throw new ErrnoError(EPERM, `${this.#proc}: the namespace may not be entered`)
    const fd = this.#socket(protocol)
    if ((c_send(fd, request, request.length, 0) as number) < 0) failed('netlink send')
    const answer: Uint8Array[] = []
    buffer ??= new Uint8Array(DATAGRAM)
    for (;;) {
      const n = c_recv(fd, buffer, buffer.length, 0) as number
      if (n < 0) {
        if (koffi.errno() === EINTR) continue
        const errno = koffi.errno()
        this.#drop(protocol) // what is left of the answer must not be taken for the next one's
        throw new ErrnoError(errno, `netlink receive: ${strerror(errno)}`)
      }
      const datagram = buffer.slice(0, n)
      answer.push(datagram)
      if (endsAnswer(datagram)) return answer
    }
  }

  read(name: string): Uint8Array {
    const inside = this.#ns < 0 ? `${this.#proc}/${name}` : `/proc/thread-self/net/${name}`
    let [path, fd] = [inside, -1]
    try {
      fd = this.#inside(() => c_openat(AT_FDCWD, inside, O_CLOEXEC) as number)
      if (fd < 0) failed(path)
    } catch (err) {
      // Who may not enter it may still read what its processes see, as long as the process is there.
      if (!(err instanceof ErrnoError && err.errno === EPERM) || this.#ns < 0) throw err
      path = `${this.#proc}/${name}`
      fd = c_openat(AT_FDCWD, path, O_CLOEXEC) as number
      if (fd < 0) failed(path)
    }
    try {
      return this.#readAll(fd, path)
    } finally {
      c_close(fd)
    }
  }

  inodes(): number[] {
    return [...this.#sockets.values()].map(fd => fstatSync(fd).ino)
  }

  close(): void {
    for (const protocol of [...this.#sockets.keys()]) this.#drop(protocol)
    if (this.#ns >= 0) closeSync(this.#ns)
  }

  #socket(protocol: number): number {
    let fd = this.#sockets.get(protocol)
    if (fd === undefined) {
      fd = this.#inside(() => c_socket(AF_NETLINK, SOCK_RAW | O_CLOEXEC, protocol) as number)
      if (fd < 0) failed(`netlink socket of protocol ${protocol}`)
      this.#sockets.set(protocol, fd)
    }
    return fd
  }

  #drop(protocol: number): void {
    const fd = this.#sockets.get(protocol)
    if (fd !== undefined) c_close(fd)
    this.#sockets.delete(protocol)
  }

  /** Does `work` with this thread in the namespace. @throws ErrnoError EPERM */
  #inside<T>(work: () => T): T {
    if (this.#ns < 0) return work()
    const own = openFile(THREAD_NS)
    try {
      if ((c_setns(this.#ns, CLONE_NEWNET) as number) < 0) failed(`setns ${this.#proc}`)
      try {
        return work()
      } finally {
        if ((c_setns(own, CLONE_NEWNET) as number) < 0) failed('setns back')
      }
    } finally {
      closeSync(own)
    }
  }
}

/** See Platform.openNet(). @param readAll reads an open file to its end */
export const openNet = (tid: number, readAll: (fd: number, path: string) => Uint8Array): NetNs =>
  new NodeNet(tid === 0 ? THREAD : `/proc/${tid}`, readAll)
