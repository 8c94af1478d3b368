// file->f_op. No interface shows the pointer; the kind of a file tells which file_operations it has, and kallsyms their address
// where the kernel has data symbols there (CONFIG_KALLSYMS_ALL). Elsewhere the address is synthetic: the same kind, the same address.
import type { Platform } from '../platform/platform.ts'
import type { FdSource } from '../sources/file.ts'
import { latin1 } from '../sources/text.ts'
import { addressOf } from '../util/address.ts'

const S_IFMT = 0o170000
const [S_IFIFO, S_IFCHR, S_IFDIR, S_IFBLK] = [0o010000, 0o020000, 0o040000, 0o060000]

/** Anonymous inodes by their name. */
const ANON: Readonly<Record<string, string>> = {
  '[eventpoll]': 'eventpoll_fops',
  '[eventfd]': 'eventfd_fops',
  '[timerfd]': 'timerfd_fops',
  '[signalfd]': 'signalfd_fops',
  '[pidfd]': 'pidfs_file_operations',
  '[io_uring]': 'io_uring_fops',
  '[perf_event]': 'perf_fops',
  '[userfaultfd]': 'userfaultfd_fops',
  '[fscontext]': 'fscontext_fops',
  inotify: 'inotify_fops',
  '[fanotify]': 'fanotify_fops',
  'bpf-map': 'bpf_map_fops',
  'bpf-prog': 'bpf_prog_fops',
  bpf_link: 'bpf_link_fops',
  bpf_iter: 'bpf_iter_fops',
}

/** Character devices by `major:minor`, or by `major` for a whole range. */
const CHARACTER: Readonly<Record<string, string>> = {
  '1:3': 'null_fops',
  '1:5': 'zero_fops',
  '1:7': 'full_fops',
  '1:8': 'random_fops',
  '1:9': 'urandom_fops',
  '1:11': 'kmsg_fops',
  '5:1': 'console_fops',
  '5:2': 'ptmx_fops',
  '10:200': 'tun_fops',
  '10:229': 'fuse_dev_operations',
  '10:232': 'kvm_chardev_ops',
  '4': 'tty_fops',
  '5': 'tty_fops',
  '136': 'tty_fops',
}

/** Filesystems whose symbols do not begin with the name of their type: those of files and of folders. */
const FILESYSTEM: Readonly<Record<string, readonly [string, string]>> = {
  tmpfs: ['shmem_file_operations', 'simple_dir_operations'],
  devtmpfs: ['shmem_file_operations', 'simple_dir_operations'],
  overlay: ['ovl_file_operations', 'ovl_dir_operations'],
  proc: ['proc_reg_file_ops', 'proc_dir_operations'],
  sysfs: ['kernfs_file_fops', 'kernfs_dir_fops'],
  cgroup: ['kernfs_file_fops', 'kernfs_dir_fops'],
  cgroup2: ['kernfs_file_fops', 'kernfs_dir_fops'],
  nsfs: ['ns_file_operations', 'ns_file_operations'],
}

/** Symbol of the file_operations that a file of this kind has; a made-up one for a kind that is not known. */
export function fopsName(file: FdSource): string {
  const link = file.link()
  if (link.startsWith('socket:')) return 'socket_file_ops'
  if (link.startsWith('pipe:')) return 'pipefifo_fops'
  if (link.startsWith('anon_inode:')) {
    const name = link.slice('anon_inode:'.length)
    return ANON[name] ?? `${name.replace(/\W/g, '')}_fops`
  }
  const stat = file.stat()
  const type = (stat?.mode ?? 0) & S_IFMT
  if (type === S_IFIFO) return 'pipefifo_fops'
  if (type === S_IFBLK) return 'def_blk_fops'
  if (type === S_IFCHR) {
    const { major, minor } = splitDevice(stat!.rdev)
    return CHARACTER[`${major}:${minor}`] ?? CHARACTER[major] ?? `chrdev_${major}_fops`
  }
  const fs = file.fsType() ?? 'unknown'
  return FILESYSTEM[fs]?.[type === S_IFDIR ? 1 : 0] ?? `${fs}_${type === S_IFDIR ? 'dir' : 'file'}_operations`
}

/** st_dev or st_rdev of stat(2) in its parts. */
export function splitDevice(device: bigint): { major: number; minor: number } {
  const major = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n))
  const minor = Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n))
  return { major, minor }
}

/** dev_t as the kernel has it: MKDEV(major, minor). */
export const kernelDevice = (device: { major: number; minor: number }): number => ((device.major << 20) | device.minor) >>> 0

const tables = new WeakMap<Platform, Map<string, bigint>>()

/** Address of a kernel data symbol, or a synthetic one when kallsyms does not show it. */
export function symbolAddress(platform: Platform, name: string): bigint {
  let table = tables.get(platform)
  if (!table) {
    table = readDataSymbols(platform)
    tables.set(platform, table)
  }
  return table.get(name) ?? addressOf(`symbol ${name}`)
}

/** Symbols of read-only and initialised data that are operation tables. Empty when addresses are hidden (kptr_restrict). */
function readDataSymbols(platform: Platform): Map<string, bigint> {
  const table = new Map<string, bigint>()
  let text = ''
  try {
    text = latin1(platform.read('/proc/kallsyms'))
  } catch {
    return table
  }
  for (const [, address, name] of text.matchAll(/^([0-9a-f]+) [dDrR] (\w+(?:_fops|_operations|_ops))$/gm)) {
    const value = BigInt(`0x${address}`)
    if (value !== 0n) table.set(name!, value)
  }
  return table
}
