// Errors of the API. A mistake of the caller is a BpfError, whose code names it. What a system call of the kernel would have answered is a
// SyscallError, whose code is the name of the errno.
import { ErrnoError, errnoName, errnoOf } from '../util/errno.ts'
import { BpfError, failer } from '../util/error.ts'

interface OfObject {
  readonly object: string
}
const listed = (names: readonly string[]): string => names.join(', ') || 'none'

const ERRORS = {
  API_NOT_LOADED: ({ object, what }: OfObject & { what: string }) => `${what}: want load() of ${object} first`,
  API_LOADED: ({ object, what }: OfObject & { what: string }) => `${what}: want it before load() of ${object}, it is loaded`,
  API_CLOSED: ({ object, what }: OfObject & { what: string }) => `${what}: ${object} was closed`,
  API_NO_SECTION: ({ object, name, there }: OfObject & { name: string; there: readonly string[] }) =>
    `${object} has no variables in ${name}; it has some in: ${listed(there)}`,
  API_NO_VARIABLE: ({ name, section, there }: { name: string; section: string; there: readonly string[] }) =>
    `no variable ${name} in ${section}; there are: ${listed(there)}`,
  API_NO_MEMBER: ({ path, name, there }: { path: string; name: string; there: readonly string[] }) =>
    `${path}: no ${name}; there are: ${listed(there)}`,
  API_READONLY: ({ path, section }: { path: string; section: string }) =>
    `${path}: programs take ${section} as constant, so want it set before load`,
  API_KCONFIG: ({ path }: { path: string }) =>
    `${path}: .kconfig is filled in at load, from the configuration of the kernel; it can be read then, and not set`,
  API_NO_PROG: ({ object, name, there }: OfObject & { name: string; there: readonly string[] }) =>
    `${object} has no program ${name}; there are: ${listed(there)}`,
  API_NO_MAP: ({ object, name, there }: OfObject & { name: string; there: readonly string[] }) =>
    `${object} has no map ${name}; there are: ${listed(there)}`,
  API_NOT_ITER: ({ name, section }: { name: string; section: string }) =>
    `program ${name} of section ${section}: want a section iter/TARGET to attach it`,
  API_AUTOLOAD: ({ name }: { name: string }) => `program ${name} was not loaded: its autoload is off`,
  API_PARAM: ({ prog, want, got }: { prog: string; want: string; got: string }) => `program ${prog}: want ${want}, got ${got}`,
  API_SHARE: ({ prog, map }: { prog: string; map: string }) =>
    `program ${prog}: map ${map} is of another object; load this object with { share: map } to attach to it`,
  API_TARGETS: ({ prog }: { prog: string }) =>
    `program ${prog}: the targets of this process were registered by other code, which does not know the map`,
  API_MAX_ENTRIES: ({ map, got }: { map: string; got: string }) =>
    `map ${map}: want max_entries from 0 to 4294967295, got ${got}`,
  API_BYTES: ({ what, want, got }: { what: string; want: number; got: string }) => `${what}: want ${want} bytes, got ${got}`,
  API_CPUS: ({ map, want, got }: { map: string; want: number; got: string }) =>
    `value of map ${map}: want an array of ${want} values or less, one for each CPU, got ${got}`,
  API_FLAG: ({ map, got }: { map: string; got: string }) => `map ${map}: want any, noexist or exist, got ${got}`,
  API_TYPES: ({ limit }: { limit: number }) => `the skeleton would be made of more than ${limit} types`,
  API_CHUNK: ({ got }: { got: string }) => `createIter: want highWaterMark from 1 to 1073741824, got ${got}`,
}

/** Throws a BpfError about a use of the API; it never returns. */
export const fail: ReturnType<typeof failer<typeof ERRORS>> = failer(ERRORS)

/** What a system call of the kernel would have failed with. */
export class SyscallError extends ErrnoError {
  /** Name of the errno: `EAGAIN`. */
  readonly code: string
  /** What was asked for: `read`, `attach`, `open`, `load`, `lookup`, `update`, `delete`. */
  readonly syscall: string
  /** `errno` is positive. */
  constructor(syscall: string, errno: number, message?: string, options: { cause?: unknown } = {}) {
    super(errno, message)
    this.name = 'SyscallError'
    this.code = errnoName(errno)
    this.syscall = syscall
    if ('cause' in options) this.cause = options.cause
  }
}

/** An exception of the engine as the error of a system call; what nobody meant is EIO, with the exception as its cause. */
export function sysError(syscall: string, err: unknown): Error {
  if (err instanceof SyscallError || (syscall === 'load' && err instanceof BpfError)) return err
  let meant = true
  const errno = errnoOf(err, () => {
    meant = false
  })
  return new SyscallError(syscall, errno, meant ? (err as Error).message : undefined, { cause: err })
}
