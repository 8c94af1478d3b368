// The INIT handshake: what is asked of the kernel, and what is not.
import { FUSE_KERNEL_VERSION, FUSE_MIN_MINOR, FUSE_OUR_MINOR, fuse_init_out } from './abi.ts'

/** Flags asked for, where the kernel offers them. */
export const WANTED_INIT = {
  /** Reads of one file may overlap. */
  FUSE_ASYNC_READ: 1 << 0,
  /** O_TRUNC comes with OPEN: it changes times, truncate(2) does not, and the SETATTR of both would look the same. */
  FUSE_ATOMIC_O_TRUNC: 1 << 3,
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
  FUSE_FILE_OPS: 'not used by Linux',
  FUSE_EXPORT_SUPPORT: 'node ids are not kept over a restart',
  FUSE_DONT_MASK: 'the kernel applies the umask itself',
  FUSE_SPLICE_WRITE: 'requests are small',
  FUSE_SPLICE_MOVE: 'requests are small',
  FUSE_SPLICE_READ: 'requests are small',
  FUSE_FLOCK_LOCKS: 'locks are kept by the kernel',
  FUSE_HAS_IOCTL_DIR: 'no ioctl is answered',
  FUSE_AUTO_INVAL_DATA: 'nothing is cached: reads are direct',
  FUSE_DO_READDIRPLUS: 'READDIR is enough for a few pins',
  FUSE_READDIRPLUS_AUTO: 'as FUSE_DO_READDIRPLUS',
  FUSE_ASYNC_DIO: 'reads of one file are serialised',
  FUSE_WRITEBACK_CACHE: 'nothing is ever written back',
  FUSE_NO_OPEN_SUPPORT: 'every open is a session',
  FUSE_NO_OPENDIR_SUPPORT: 'a listing is a snapshot of its own',
  FUSE_ABORT_ERROR: 'ECONNABORTED and ENODEV end the daemon alike',
  FUSE_POSIX_ACL: 'bpffs has no access control lists',
  FUSE_CACHE_SYMLINKS: 'symlinks can be replaced',
  FUSE_HANDLE_KILLPRIV: 'pins are never written',
  FUSE_EXPLICIT_INVAL_DATA: 'nothing is cached: reads are direct',
  FUSE_MAP_ALIGNMENT: 'virtiofs only',
  FUSE_SUBMOUNTS: 'there are none',
  FUSE_HANDLE_KILLPRIV_V2: 'the kernel drops set-id bits itself, with a SETATTR',
  FUSE_SETXATTR_EXT: 'bpffs has no extended attributes',
  FUSE_INIT_RESERVED: 'not for use',
  FUSE_INIT_EXT: 'no flag above bit 31 is wanted',
  FUSE_SECURITY_CTX: 'new entries have no security context',
  FUSE_HAS_INODE_DAX: 'virtiofs only',
  FUSE_CREATE_SUPP_GROUP: 'the kernel checks modes itself',
  FUSE_HAS_EXPIRE_ONLY: 'entries are never expired from here',
  FUSE_DIRECT_IO_ALLOW_MMAP: 'a pin cannot be mapped',
  FUSE_NO_EXPORT_SUPPORT: 'needs FUSE_INIT_EXT',
  FUSE_ALLOW_IDMAP: 'the mount is owned by the initial user namespace or one without id mapping',
  FUSE_REQUEST_TIMEOUT: 'a read may wait for a slow program',
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
