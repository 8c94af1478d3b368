// Errno numbers of Linux (the same on x86-64 and arm64) and the exception that carries one.

/** A positive Linux errno number. Helpers and FUSE replies use its negative, written `-ENOENT`. */
const NUMBERS = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  ERANGE: 34,
  ENAMETOOLONG: 36,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ENODATA: 61,
  ETIME: 62,
  EPROTO: 71,
  EOVERFLOW: 75,
  ENOTSOCK: 88,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  ENOBUFS: 105,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  ESTALE: 116,
  ENOTSUPP: 524,
} as const

export type ErrnoName = keyof typeof NUMBERS

const TEXT: Partial<Record<ErrnoName, string>> = {
  EPERM: 'Operation not permitted',
  ENOENT: 'No such file or directory',
  ESRCH: 'No such process',
  EINTR: 'Interrupted system call',
  EIO: 'Input/output error',
  ENXIO: 'No such device or address',
  E2BIG: 'Argument list too long',
  EBADF: 'Bad file descriptor',
  EAGAIN: 'Resource temporarily unavailable',
  ENOMEM: 'Cannot allocate memory',
  EACCES: 'Permission denied',
  EFAULT: 'Bad address',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EXDEV: 'Invalid cross-device link',
  ENODEV: 'No such device',
  ENOTDIR: 'Not a directory',
  EISDIR: 'Is a directory',
  EINVAL: 'Invalid argument',
  ENOSPC: 'No space left on device',
  EROFS: 'Read-only file system',
  ENAMETOOLONG: 'File name too long',
  ENOTEMPTY: 'Directory not empty',
  EPROTONOSUPPORT: 'Protocol not supported',
  ENOTSOCK: 'Socket operation on non-socket',
  EOPNOTSUPP: 'Operation not supported',
  ENOBUFS: 'No buffer space available',
  ENOTCONN: 'Transport endpoint is not connected',
  ETIMEDOUT: 'Connection timed out',
  ENOTSUPP: 'Unknown error 524',
}

const NAMES = new Map<number, ErrnoName>(Object.entries(NUMBERS).map(([name, n]) => [n, name as ErrnoName]))

export const {
  EPERM,
  ENOENT,
  ESRCH,
  EINTR,
  EIO,
  ENXIO,
  E2BIG,
  EBADF,
  EAGAIN,
  ENOMEM,
  EACCES,
  EFAULT,
  EBUSY,
  EEXIST,
  EXDEV,
  ENODEV,
  ENOTDIR,
  EISDIR,
  EINVAL,
  ENFILE,
  EMFILE,
  ENOTTY,
  EFBIG,
  ENOSPC,
  ESPIPE,
  EROFS,
  EMLINK,
  EPIPE,
  ERANGE,
  ENAMETOOLONG,
  ENOSYS,
  ENOTEMPTY,
  ELOOP,
  ENODATA,
  ETIME,
  EPROTO,
  EOVERFLOW,
  EPROTONOSUPPORT,
  ENOTSOCK,
  EOPNOTSUPP,
  ENOBUFS,
  ENOTCONN,
  ETIMEDOUT,
  ESTALE,
  ENOTSUPP,
} = NUMBERS

/** The symbolic name of a positive errno, or `errno N` for one that is not in the table. */
export const errnoName = (errno: number): string => NAMES.get(errno) ?? `errno ${errno}`

/** What strerror(3) says of a positive errno. */
export const strerror = (errno: number): string => TEXT[NAMES.get(errno)!] ?? errnoName(errno)

/** The number of an errno name such as Node's `err.code`, or undefined when it is not one we know. */
export const errnoNumber = (name: string): number | undefined => (NUMBERS as Record<string, number>)[name]

/** An expected failure that a system call or a read shall answer with `errno` (positive). */
export class ErrnoError extends Error {
  readonly errno: number
  constructor(errno: number, message = strerror(errno)) {
    super(message)
    this.name = 'ErrnoError'
    this.errno = errno
  }
}

/** Throws an ErrnoError; an expression, so that it can stand behind `??`. */
export const throwErrno = (errno: number, message?: string): never => {
  throw new ErrnoError(errno, message)
}

/**
 * The one door from exceptions to errno: the errno of an ErrnoError or of a Node system error;
 * anything else is our bug, is reported, and becomes EIO.
 */
export function errnoOf(err: unknown, report: (err: unknown) => void): number {
  if (err instanceof ErrnoError) return err.errno
  const code = (err as { code?: unknown } | null)?.code
  const known = typeof code === 'string' ? errnoNumber(code) : undefined
  if (known !== undefined) return known
  report(err)
  return EIO
}
