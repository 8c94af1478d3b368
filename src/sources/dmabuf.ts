// DMA buffers: what debugfs lists of all, or else those that a descriptor of a process holds.
import type { Dir, Platform } from '../platform/platform.ts'
import { type Device, splitDevice } from '../util/device.ts'
import { ENODATA, ErrnoError } from '../util/errno.ts'
import type { InodeSource, PathSource } from './file.ts'
import { isDenied, type SourceHooks } from './session.ts'
import { Lines, latin1 } from './text.ts'

const BUFINFO = '/sys/kernel/debug/dma_buf/bufinfo'
/** What the link of such a descriptor begins with (dmabuffs_dname). */
const LINK = '/dmabuf:'
/** What bufinfo has for a buffer without a name. */
const NO_NAME = '<none>'

interface Known {
  /** Bytes. */
  readonly size: bigint
  readonly exporter: string
  /** Null without one. */
  readonly name: string | null
  /** Null on kernels that do not tell (before 5.3). */
  readonly ino: bigint | null
  /** f_flags */
  readonly flags: number
  /** Of the inode; bufinfo does not tell. */
  readonly device?: Device
}

/** struct file of a buffer. */
interface DmabufFile {
  readonly id: string
  readonly path: PathSource
  readonly inode: InodeSource
  readonly openFlags: number
}

/** struct dma_buf */
export class DmabufSource {
  readonly known: Known
  /** Tells it apart from the others of the list. */
  readonly id: string
  constructor(known: Known, place: number) {
    this.known = known
    this.id = known.ino === null ? `in place ${place}` : `${known.ino}`
  }

  get file(): DmabufFile {
    const { id, known, inode } = this
    return { id: `dmabuf ${id}`, path: { text: `${LINK}${known.name ?? ''}`, inode }, inode, openFlags: known.flags }
  }

  get inode(): InodeSource {
    const { ino, device = { major: 0, minor: 0 } } = this.known
    const unknown = (what: string): never => {
      throw new ErrnoError(ENODATA, `dma-buf ${this.id}: ${BUFINFO} does not show ${what}`)
    }
    return {
      ...{ id: `dmabuf ${this.id}`, stat: () => unknown('what stat(2) does'), fsType: () => 'dmabuf' },
      known: { ino: ino ?? unknown('the inode number'), ...device },
    }
  }
}

/**
 * All that can be seen, newest first.
 * @throws ErrnoError when bufinfo may not be read and no descriptor that may be looked at is one either
 */
export function dmabufs(platform: Platform, hooks: SourceHooks): DmabufSource[] {
  try {
    return fromBufinfo(latin1(platform.read(BUFINFO)))
  } catch (err) {
    if (!(err instanceof ErrnoError)) throw err
    const found = fromDescriptors(platform, hooks)
    if (found.length > 0) return found
    throw new ErrnoError(err.errno, `${err.message}: want debugfs, or a descriptor of a dma-buf that may be looked at`)
  }
}

/** size, flags, mode, count, exporter, and since 5.3 inode and name. Fences and attached devices are in lines of other forms. */
const LINE = /^(\d+)\t([\da-f]{8})\t[\da-f]{8}\t\d+\t(\S+)(?:\t(\d+)\t(.*))?$/gm

const fromBufinfo = (text: string): DmabufSource[] =>
  [...text.matchAll(LINE)].map(([, size, flags, exporter, ino, name = ''], place) => {
    const known = { size: BigInt(size!), exporter: exporter!, ino: ino === undefined ? null : BigInt(ino) }
    return new DmabufSource(
      { ...known, name: name === '' || name === NO_NAME ? null : name, flags: Number.parseInt(flags!, 16) },
      place,
    )
  })

/** A buffer's inode numbers count up (dmabuf_inode), so the newest has the largest. */
function fromDescriptors(platform: Platform, hooks: SourceHooks): DmabufSource[] {
  const found = new Map<bigint, Known>()
  let denied = 0
  for (const pid of platform.list('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const dir = platform.openDir(`/proc/${pid}`)
      try {
        for (const fd of dir.list('fd')) addDescriptor(dir, fd, found)
      } finally {
        dir.close()
      }
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
      if (isDenied(err)) denied++ // else the process is gone
    }
  }
  if (denied > 0) hooks.denied('fd', denied)
  return [...found.values()].sort((a, b) => Number(b.ino! - a.ino!)).map((known, place) => new DmabufSource(known, place))
}

function addDescriptor(dir: Dir, fd: string, found: Map<bigint, Known>): void {
  try {
    if (!dir.readlink(`fd/${fd}`).startsWith(LINK)) return
    const { ino, dev } = dir.stat(`fd/${fd}`)
    if (found.has(ino)) return
    const info = new Lines(dir.read(`fdinfo/${fd}`))
    found.set(ino, {
      ...{ ino, device: splitDevice(dev), size: BigInt(info.get('size') ?? 0), exporter: info.get('exp_name') ?? '' },
      ...{ name: info.get('name'), flags: Number.parseInt(info.get('flags') ?? '0', 8) },
    })
  } catch (err) {
    if (!(err instanceof ErrnoError)) throw err // closed meanwhile
  }
}
