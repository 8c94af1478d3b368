// The INIT handshake: what is asked of the kernel, and what is not.
import { FUSE_KERNEL_VERSION, FUSE_MIN_MINOR, FUSE_OUR_MINOR, fuse_init_out } from './abi.ts'

/** Flags asked for, where the kernel offers them. */
export const WANTED_INIT = {
  /** Reads of one file may overlap. */
  FUSE_ASYNC_READ: 1 << 0,
  /** WRITEs may be longer than a page. */
  FUSE_BIG_WRITES: 1 << 5,
  /** Lookups in one directory may overlap. */
  FUSE_PARALLEL_DIROPS: 1 << 18,
  /** fuse_init_out.max_pages counts. */
  FUSE_MAX_PAGES: 1 << 22,
} as const

/** Flags that are never asked for, each with its reason. */
export const REFUSED_INIT = {
  FUSE_POSIX_LOCKS: 'locks are kept by the kernel',
  FUSE_ATOMIC_O_TRUNC: 'the SETATTR that comes instead sets the size as bpffs does',
  FUSE_EXPORT_SUPPORT: 'node ids are not kept over a restart',
  FUSE_DONT_MASK: 'the kernel applies the umask itself',
  FUSE_SPLICE_READ: 'requests are small',
  FUSE_FLOCK_LOCKS: 'locks are kept by the kernel',
  FUSE_DO_READDIRPLUS: 'READDIR is enough for a few pins',
  FUSE_WRITEBACK_CACHE: 'nothing is ever written back',
  FUSE_NO_OPEN_SUPPORT: 'every open is a session',
  FUSE_NO_OPENDIR_SUPPORT: 'a listing is a snapshot of its own',
  FUSE_POSIX_ACL: 'bpffs has no access control lists',
  FUSE_CACHE_SYMLINKS: 'symlinks can be replaced',
  FUSE_HANDLE_KILLPRIV: 'pins are never written',
  FUSE_PASSTHROUGH: 'there is no backing file',
  FUSE_OVER_IO_URING: 'no ring is ever created',
  FUSE_HAS_RESEND: 'a restarted daemon starts with an empty mount',
} as const

/** Largest WRITE, in bytes: a request to .iterfs/ctl. */
export const MAX_WRITE = 128 * 1024
/** Pages of one request or reply: 1 MiB. */
const MAX_PAGES = 256

/** The answer to INIT, or null when the kernel is too old. A kernel with another major version gets ours and asks again. */
export function answerInit(offer: { major: number; minor: number; max_readahead: number; flags: number }): Uint8Array | null {
  if (offer.major < FUSE_KERNEL_VERSION || (offer.major === FUSE_KERNEL_VERSION && offer.minor < FUSE_MIN_MINOR)) return null
  const wanted = Object.values(WANTED_INIT).reduce((bits, bit) => bits | bit, 0)
  return fuse_init_out.encode({
    major: FUSE_KERNEL_VERSION,
    minor: offer.major > FUSE_KERNEL_VERSION ? FUSE_OUR_MINOR : Math.min(offer.minor, FUSE_OUR_MINOR),
    max_readahead: offer.max_readahead,
    flags: (offer.flags & wanted) >>> 0,
    max_background: 64,
    congestion_threshold: 48,
    max_write: MAX_WRITE,
    time_gran: 1,
    max_pages: MAX_PAGES,
  })
}
