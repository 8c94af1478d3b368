// What iterfs asks of the machine it runs on, and no more: one object, handed in. Paths are those of /proc.

/** What stat(2) tells of a file; 64-bit numbers are bigint. */
export interface FileStat {
  readonly dev: bigint
  readonly ino: bigint
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: bigint
  readonly size: bigint
  readonly blksize: number
  readonly blocks: bigint
  /** ns since the epoch */
  readonly atime: bigint
  readonly mtime: bigint
  readonly ctime: bigint
}

/**
 * An open folder. One of /proc/PID/task/TID keeps naming the same task: once that is gone everything fails with ESRCH or
 * ENOENT, also when its number is used again. Names are relative paths.
 */
export interface Dir {
  /** The whole file; the bytes are valid until the next read of the platform. @throws ErrnoError */
  read(name: string): Uint8Array
  /** @throws ErrnoError */
  readlink(name: string): string
  /** Names without "." and "..", in the folder's order. @throws ErrnoError */
  list(name: string): string[]
  /** Follows links. @throws ErrnoError */
  stat(name: string): FileStat
  close(): void
}

/** A network namespace; what is read through it is the same wherever the caller stands. */
export interface NetNs {
  /** Inode number of the namespace; 0 when it cannot be told. */
  readonly inum: number
  /**
   * Sends one netlink message (nlmsghdr and payload) and gives the datagrams of the answer, up to the message that ends it: NLMSG_DONE,
   * NLMSG_ERROR, or the only one. src/sources/netlink.ts makes and reads them.
   * @param protocol NETLINK_*
   * @throws ErrnoError of socket(2), sendto(2) and recv(2); EPERM when the namespace may not be entered
   */
  netlink(protocol: number, request: Uint8Array): Uint8Array[]
  /** /proc/net/NAME of the namespace, see Dir.read(). @throws ErrnoError */
  read(name: string): Uint8Array
  /** Inode numbers of the netlink sockets by which it asks. */
  inodes(): readonly number[]
  /** Another handle on the same namespace, which is closed on its own. */
  again(): NetNs
  close(): void
}

/** What getsockopt(2) tells of a socket behind a descriptor. */
export interface DescriptorSocket {
  /** SO_DOMAIN, SO_TYPE, SO_PROTOCOL, SO_COOKIE */
  readonly family: number
  readonly type: number
  readonly protocol: number
  readonly cookie: bigint
  /** TCP_*: of TCP as tcp_info has it, of others TCP_ESTABLISHED with a peer, TCP_LISTEN, or TCP_CLOSE. */
  readonly state: number
  /** Of AF_INET and AF_INET6: it has a local port. */
  readonly bound: boolean
  /** SO_MEMINFO, see SK_MEMINFO. */
  readonly memory: readonly number[]
  /** SO_BINDTOIFINDEX */
  readonly boundInterface: number
}

export type Clock = 'monotonic' | 'boottime' | 'tai'

export interface Platform {
  /** @throws ErrnoError */
  openDir(path: string): Dir
  /** See Dir.read(). */
  read(path: string): Uint8Array
  list(path: string): string[]
  stat(path: string): FileStat
  /** Whether something is there: one cheap call. */
  exists(path: string): boolean
  /** kcmp(2) KCMP_FILES: whether two tasks have the same fd table; null when the kernel does not tell (EPERM, ENOSYS). */
  sameFiles(tid1: number, tid2: number): boolean | null
  /** Inode number of the namespace that owns the namespace file (NS_GET_PARENT); 0 when there is none to be seen. */
  parentNs(path: string, levels: number): number
  /**
   * The network namespace of a thread, held until close(). @param tid in the daemon's pid namespace; 0: this process
   * @throws ErrnoError ESRCH or ENOENT when there is no such thread
   */
  openNet(tid: number): NetNs
  /**
   * The socket behind a descriptor of a process (pidfd_getfd).
   * @throws ErrnoError EBADF, ENOTSOCK; ESRCH when there is no such process; EPERM when it may not be looked into
   */
  socketOf(pid: number | 'self', fd: number): DescriptorSocket
  /** ms of a clock that never steps */
  nowMs(): number
  /** CLOCK_BOOTTIME minus CLOCK_MONOTONIC, in ns: how long the machine slept. */
  sleptNs(): bigint
  /** ns of a clock of the kernel. */
  clockNs(clock: Clock): bigint
  /** `size` bytes of a process's memory (/proc/PID/mem). @throws ErrnoError EIO or EFAULT where nothing is mapped, EACCES, ESRCH */
  readMemory(pid: number, address: bigint, size: number): Uint8Array
  /** Text of the kernel's configuration (/proc/config.gz, /boot/config-RELEASE); null when there is none to be read. */
  kconfig(): string | null
  /** The CPU that this thread runs on. */
  cpu(): number
  /** Possible CPUs, as per-CPU maps count them. */
  readonly cpus: number
  /** Clock ticks a second of /proc (USER_HZ). */
  readonly userHz: number
  /** Bytes. */
  readonly pageSize: number
}
