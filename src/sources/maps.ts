// /proc/PID/maps: the VMAs of a task, ascending by address.
import type { FileStat } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import type { InodeSource, PathSource } from './file.ts'
import { fsTypeOfDevice, statMapped } from './file.ts'
import type { TaskSource } from './task.ts'
import { latin1 } from './text.ts'

export const VM_READ = 0x1n
export const VM_WRITE = 0x2n
export const VM_EXEC = 0x4n
export const VM_SHARED = 0x8n
export const VM_MAYSHARE = 0x80n

const NEWLINE = 0x0a
/** Column of the path when the numbers before it are short: it is padded to here. */
const PATH_COLUMN = 73
/** Start of [vsyscall], which is shown by maps but is no VMA of the mm. */
const VSYSCALL = 0xffff_ffff_ff60_0000n

/** One line of maps. */
export class VmaSource {
  readonly task: TaskSource
  readonly start: bigint
  readonly end: bigint
  /** VM_SHARED only with VM_WRITE: a mapping that shares but cannot become writable has VM_MAYSHARE alone, and `s` all the same. */
  readonly flags: bigint
  readonly offset: bigint
  readonly major: number
  readonly minor: number
  readonly ino: bigint
  /** Path or [name], empty for anonymous memory. A newline in it is given back as one. */
  readonly name: string
  /** `start-end` as in map_files. */
  readonly range: string
  #stat: FileStat | null | undefined

  constructor(task: TaskSource, line: Uint8Array) {
    this.task = task
    const head = latin1(line, 0, Math.min(line.length, PATH_COLUMN + 40))
    const [range, perms, offset, device, ino] = head.split(' ', 5) as [string, string, string, string, string]
    const dash = range.indexOf('-')
    this.range = range
    this.start = BigInt(`0x${range.slice(0, dash)}`)
    this.end = BigInt(`0x${range.slice(dash + 1)}`)
    const shared = perms[3] === 's'
    this.flags =
      (perms[0] === 'r' ? VM_READ : 0n) |
      (perms[1] === 'w' ? VM_WRITE | (shared ? VM_SHARED : 0n) : 0n) |
      (perms[2] === 'x' ? VM_EXEC : 0n) |
      (shared ? VM_MAYSHARE : 0n)
    this.offset = BigInt(`0x${offset}`)
    const colon = device.indexOf(':')
    this.major = Number.parseInt(device.slice(0, colon), 16)
    this.minor = Number.parseInt(device.slice(colon + 1), 16)
    this.ino = BigInt(ino)
    let at = range.length + perms.length + offset.length + device.length + ino.length + 5
    while (line[at] === 0x20) at++
    this.name = at < line.length ? decodeText(line, at).replaceAll('\\012', '\n') : ''
  }

  get id(): string {
    return `vma ${this.range} of ${this.task.id}`
  }

  /** Whether vm_file is set: anonymous memory has neither device nor inode. */
  get isFile(): boolean {
    return this.ino !== 0n || this.major !== 0 || this.minor !== 0
  }

  stat(): FileStat | null {
    if (this.#stat === undefined) this.#stat = statMapped(this)
    return this.#stat
  }

  get inode(): InodeSource {
    const { task, ino, major, minor } = this
    return {
      ...{ id: `inode ${major}:${minor} ${ino}`, known: { ino, major, minor } },
      stat: () => this.stat(),
      fsType: () => fsTypeOfDevice(task, { major, minor }),
    }
  }

  get path(): PathSource {
    return { text: this.name, inode: this.inode }
  }
}

/** The VMAs of one task as they were at one look. */
export class MapsCursor {
  readonly #bytes: Uint8Array
  #task: TaskSource
  #at = 0
  #last = 0

  constructor(task: TaskSource, bytes: Uint8Array) {
    this.#task = task
    this.#bytes = bytes.slice()
  }

  /** The next VMA, or null at the end. */
  next(): VmaSource | null {
    if (this.#at >= this.#bytes.length) return null
    const end = this.#bytes.indexOf(NEWLINE, this.#at)
    const vma = new VmaSource(this.#task, this.#bytes.subarray(this.#at, end))
    this.#last = this.#at
    this.#at = end + 1
    return vma.start === VSYSCALL ? null : vma
  }

  /** The VMA that next() gave last, for a task that was opened anew. */
  again(task: TaskSource): VmaSource | null {
    this.#task = task
    this.#at = this.#last
    return this.next()
  }

  /** The first VMA that ends behind `address` (find_vma), or null. */
  find(address: bigint): VmaSource | null {
    this.#at = 0
    for (let vma = this.next(); vma; vma = this.next()) if (vma.end > address) return vma
    return null
  }
}
