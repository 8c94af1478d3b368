// file->f_op. No interface shows the pointer; the kind of a file tells which file_operations it has, and kallsyms their address
// where the kernel has data symbols there (CONFIG_KALLSYMS_ALL). Elsewhere the address is synthetic: the same kind, the same address.
import type { Platform } from '../platform/platform.ts'
import type { FdSource } from '../sources/file.ts'
import { kallsyms } from '../sources/kallsyms.ts'
import { addressOf } from '../util/address.ts'
import { splitDevice } from '../util/device.ts'

const O_PATH = 0o10000000
/** PROC_ROOT_INO */
const PROC_ROOT_INO = 1n
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
  if (file.flags() & O_PATH) return 'empty_fops'
  const stat = file.stat()
  const type = (stat?.mode ?? 0) & S_IFMT
  if (type === S_IFIFO) return 'pipefifo_fops'
  if (type === S_IFBLK) return 'def_blk_fops'
  if (type === S_IFCHR) {
    const { major, minor } = splitDevice(stat!.rdev)
    return CHARACTER[`${major}:${minor}`] ?? CHARACTER[major] ?? `chrdev_${major}_fops`
  }
  const fs = file.fsType() ?? (link.startsWith('/memfd:') ? 'tmpfs' : 'unknown')
  const isDir = type === S_IFDIR
  if (fs === 'proc') return procFops(link, isDir, stat!.ino === PROC_ROOT_INO)
  return FILESYSTEM[fs]?.[isDir ? 1 : 0] ?? `${fs}_${isDir ? 'dir' : 'file'}_operations`
}

/** The files of a task in /proc whose text is one show function (ONE() of fs/proc/base.c). */
const PROC_SINGLE = new Set([
  ...[
    'status',
    'personality',
    'limits',
    'syscall',
    'statm',
    'stat',
    'wchan',
    'stack',
    'schedstat',
    'latency',
    'cpuset',
    'cgroup',
  ],
  ...['cpu_resctrl_groups', 'oom_score', 'io', 'patch_state', 'arch_status', 'seccomp_cache', 'ksm_merging_pages', 'ksm_stat'],
])

/** /proc has a table for most of its parts; where the kernel's name is not a rule the name is made up from the file's. */
function procFops(path: string, isDir: boolean, isRoot: boolean): string {
  if (isRoot) return 'proc_root_operations'
  if (/\/sys(\/|$)/.test(path)) return isDir ? 'proc_sys_dir_file_operations' : 'proc_sys_file_operations'
  const [, thread, name] = /\/\d+(\/task\/\d+)?(?:\/([^/]+)(?:\/.*)?)?$/.exec(path) ?? []
  const isTask = /\/\d+(\/|$)/.test(path)
  if (!isTask) return isDir ? 'proc_dir_operations' : 'proc_reg_file_ops'
  if (name === undefined) return thread === undefined ? 'proc_tgid_base_operations' : 'proc_tid_base_operations'
  if (name === 'net' && !path.endsWith('/net')) return isDir ? 'proc_dir_operations' : 'proc_reg_file_ops'
  if (!isDir && PROC_SINGLE.has(name)) return 'proc_single_file_operations'
  return isDir ? `proc_${name}_operations` : `proc_pid_${name}_operations`
}

const addresses = new WeakMap<Platform, Map<string, bigint>>()

/** Address of a symbol of the kernel itself, which stays, or a synthetic one when kallsyms does not show it. Looked up once. */
export function symbolAddress(platform: Platform, name: string): bigint {
  let known = addresses.get(platform)
  if (!known) {
    known = new Map()
    addresses.set(platform, known)
  }
  let address = known.get(name)
  if (address === undefined) {
    address = kallsyms(platform).addressOf(name) ?? addressOf(`symbol ${name}`)
    known.set(name, address)
  }
  return address
}
