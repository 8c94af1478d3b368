// The mounts of a mount namespace, as the mountinfo of a process shows them.

import type { Platform } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import type { Device } from '../util/device.ts'
import { ENODATA, ErrnoError } from '../util/errno.ts'
import type { InodeSource, PathSource } from './file.ts'

/** Bits of mnt_flags by their words (include/linux/mount.h). */
const FLAGS: Readonly<Record<string, number>> = {
  ...{ nosuid: 0x01, nodev: 0x02, noexec: 0x04, noatime: 0x08, nodiratime: 0x10, relatime: 0x20, ro: 0x40, nosymfollow: 0x80 },
}

interface Line {
  readonly parent: number
  readonly device: Device
  /** As mountinfo has them: with \040 for a space and the like. */
  readonly root: string
  readonly mountpoint: string
  readonly options: readonly string[]
  /** `shared:1 master:2`, or empty. */
  readonly optional: string
  readonly type: string
  readonly source: string
  readonly superOptions: string
}

/** What the mounts of one look share. */
interface Mounts {
  /** The file that they are of. */
  readonly path: string
  /** Number of the mount namespace; 0 when it may not be known. */
  readonly namespace: number
  readonly byId: ReadonlyMap<number, MountSource>
}

/** struct mount, with the struct vfsmount in it. */
export class MountSource {
  readonly number: number
  readonly #mounts: Mounts
  readonly #line: Line | null

  constructor(mounts: Mounts, number: number, line: Line | null) {
    this.#mounts = mounts
    this.number = number
    this.#line = line
  }

  get id(): string {
    return `${this.number}`
  }
  get namespace(): number {
    return this.#mounts.namespace
  }

  /** What mountinfo says of it. @throws ErrnoError ENODATA for the parent of the topmost, of which only the number is known */
  get line(): Line {
    if (this.#line) return this.#line
    throw new ErrnoError(ENODATA, `mount ${this.number}: ${this.#mounts.path} shows only its number, as it lies above the root`)
  }

  /** The mount that it is mounted on: itself where that is not known. */
  get parent(): MountSource {
    if (!this.#line) return this
    const { parent } = this.#line
    return this.#mounts.byId.get(parent) ?? new MountSource(this.#mounts, parent, null)
  }

  get flags(): number {
    return this.line.options.reduce((flags, word) => flags | (FLAGS[word] ?? 0), 0)
  }
  get isIdmapped(): boolean {
    return this.line.options.includes('idmapped')
  }
  /** Number of its peer group; 0 when it is not shared. */
  get group(): number {
    return Number(/(?:^| )shared:(\d+)/.exec(this.line.optional)?.[1] ?? 0)
  }
  get devname(): string {
    return plain(this.line.source)
  }
  get mountpoint(): PathSource {
    return { text: plain(this.line.mountpoint), inode: this.#hidden('mount point') }
  }
  get root(): PathSource {
    return { text: plain(this.line.root), inode: this.#hidden('root') }
  }
  /** Stands for the super block: an inode without a number. */
  get superBlock(): InodeSource {
    const { device, type } = this.line
    return {
      ...this.#hidden('super block'),
      id: `sb of ${device.major}:${device.minor}`,
      known: { ino: 0n, ...device },
      fsType: () => type,
    }
  }

  #hidden(what: string): InodeSource {
    const stat = (): never => {
      throw new ErrnoError(ENODATA, `mount ${this.number}: ${this.#mounts.path} does not show the inode of its ${what}`)
    }
    return { id: `${what} of mount ${this.number}`, stat, fsType: () => this.line.type }
  }
}

/** The text behind \040 and the like. */
const plain = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)))

const LINE = /^(\d+) (\d+) (\d+):(\d+) (\S+) (\S+) (\S+)(?: (.*?))? - (\S*) (\S*) (.*)$/

/** The mounts that a process sees, in the order of its mountinfo. @param tid 0: this process. @throws ErrnoError */
export function mountsOf(platform: Platform, tid: number): MountSource[] {
  const path = `/proc/${tid === 0 ? 'self' : tid}/mountinfo`
  const byId = new Map<number, MountSource>()
  const text = decodeText(platform.read(path))
  const mounts: Mounts = { path, byId, namespace: namespaceOf(platform, tid) }
  const list = text
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [, id, parent, major, minor, root, mountpoint, options, optional = '', type, source, superOptions] =
        LINE.exec(line) ?? []
      if (id === undefined) throw new ErrnoError(ENODATA, `${path}: want a line of proc_pid_mountinfo(5), got "${line}"`)
      return new MountSource(mounts, Number(id), {
        ...{
          parent: Number(parent),
          device: { major: Number(major), minor: Number(minor) },
          root: root!,
          mountpoint: mountpoint!,
        },
        ...{ options: options!.split(','), optional, type: type!, source: source!, superOptions: superOptions! },
      })
    })
  for (const mount of list) byId.set(mount.number, mount)
  return list
}

function namespaceOf(platform: Platform, tid: number): number {
  try {
    const dir = platform.openDir(`/proc/${tid === 0 ? 'self' : tid}`)
    try {
      return Number(/\d+/.exec(dir.readlink('ns/mnt'))?.[0] ?? 0)
    } finally {
      dir.close()
    }
  } catch {
    return 0
  }
}
