// Rows of open files, inodes and VMAs.
import type { Platform } from '../../platform/platform.ts'
import type { FdSource, InodeSource, PathSource } from '../../sources/file.ts'
import type { VmaSource } from '../../sources/maps.ts'
import { kernelDevice, splitDevice } from '../../util/device.ts'
import { fopsName } from '../fops.ts'
import { OPTIONAL_TEXT, type Rows, row } from '../types.ts'

const NS_PER_S = 1_000_000_000n

type FileLike = FileSources['file']
const asFd = (file: FileLike): FdSource | null => ('fd' in file ? file : null)
const openFlags = (file: FileLike): number => asFd(file)?.flags() ?? ('openFlags' in file ? (file.openFlags ?? 0) : 0)
const FD_ONLY = 'only for a file of an fd table'
const file = {
  f_op: row('const struct file_operations *', `kind of the file (link, stat, mountinfo); ${FD_ONLY}`, (f: FileLike) => {
    const fd = asFd(f)
    return fd && { name: fopsName(fd), platform: fd.task.session.platform }
  }),
  f_flags: row(
    'unsigned int',
    `/proc/TGID/task/TID/fdinfo/N flags, without O_CLOEXEC, which fdinfo shows of the descriptor only; ${FD_ONLY}`,
    (f: FileLike) => openFlags(f),
  ),
  f_mode: row('fmode_t', `fdinfo flags: FMODE_READ, FMODE_WRITE and FMODE_PATH only; ${FD_ONLY}`, (f: FileLike) =>
    modeOf(openFlags(f)),
  ),
  f_pos: row('loff_t', `/proc/TGID/task/TID/fdinfo/N pos; ${FD_ONLY}`, (f: FileLike) => BigInt(asFd(f)?.info()?.get('pos') ?? 0)),
  f_inode: row('struct inode *', '/proc/TGID/task/TID/fd/N, or the columns of maps', (f: FileLike) => f.inode),
  f_path: row('struct path', 'link of /proc/TGID/task/TID/fd/N, or the column of maps', (f: FileLike) => f.path),
} satisfies Rows
const file_operations = {} satisfies Rows

const path = {
  dentry: row('struct dentry *', 'as the path', (p: FileSources['path']) => (p.text === '' ? null : p)),
} satisfies Rows
const dentry = {
  d_name: row('const struct qstr', 'last part of the path', (p: FileSources['dentry']) => lastName(p.text)),
  d_inode: row('struct inode *', 'what the path leads to', (p: FileSources['dentry']) => p.inode),
} satisfies Rows
const qstr = {
  name: row('const unsigned char *', 'as the field that holds it', (name: string) => name),
  len: row('u32', 'bytes of the name', (name: string) => Buffer.byteLength(name)),
} satisfies Rows

type Inode = FileSources['inode']
const statNumber = (type: 'umode_t' | 'u8', from: string, key: 'mode') => row(type, from, (i: Inode) => i.stat()?.[key] ?? 0)
const seconds = (key: 'atime' | 'mtime' | 'ctime') =>
  row('time64_t', `stat ${key}`, (i: Inode) => (i.stat()?.[key] ?? 0n) / NS_PER_S)
const nanoseconds = (key: 'atime' | 'mtime' | 'ctime') =>
  row('u32', `stat ${key}`, (i: Inode) => Number((i.stat()?.[key] ?? 0n) % NS_PER_S))
const inode = {
  i_ino: row('long unsigned int', 'stat ino, or the column of maps', (i: Inode) => i.known?.ino ?? i.stat()?.ino ?? 0n),
  i_mode: statNumber('umode_t', 'stat mode', 'mode'),
  i_nlink: row('const unsigned int', 'stat nlink', (i: Inode) => i.stat()?.nlink ?? 0),
  i_uid: row('kuid_t', 'stat uid', (i: Inode) => i.stat()?.uid ?? 0),
  i_gid: row('kgid_t', 'stat gid', (i: Inode) => i.stat()?.gid ?? 0),
  i_rdev: row('dev_t', 'stat rdev', (i: Inode) => kernelDevice(splitDevice(i.stat()?.rdev ?? 0n))),
  i_size: row('loff_t', 'stat size', (i: Inode) => i.stat()?.size ?? 0n),
  i_blocks: row(
    'blkcnt_t',
    'stat blocks: with those that the file system has only reserved yet',
    (i: Inode) => i.stat()?.blocks ?? 0n,
  ),
  i_atime_sec: seconds('atime'),
  i_mtime_sec: seconds('mtime'),
  i_ctime_sec: seconds('ctime'),
  i_atime_nsec: nanoseconds('atime'),
  i_mtime_nsec: nanoseconds('mtime'),
  i_ctime_nsec: nanoseconds('ctime'),
  i_sb: row('struct super_block *', 'stat dev, or the column of maps', (i: Inode) => i),
} satisfies Rows
/** `fuse.sshfs` */
const SUBTYPE = /\..*/
const super_block = {
  s_dev: row('dev_t', 'stat dev, or the column of maps', (i: Inode) => kernelDevice(i.known ?? splitDevice(i.stat()?.dev ?? 0n))),
  s_type: row(
    'struct file_system_type *',
    'mountinfo by fdinfo mnt_id or by device; NULL when it cannot be told',
    (i: Inode) => i.fsType()?.replace(SUBTYPE, '') ?? null,
  ),
  s_subtype: row(
    OPTIONAL_TEXT,
    'mountinfo: behind the dot of the type; NULL without one',
    (i: Inode) => SUBTYPE.exec(i.fsType() ?? '')?.[0].slice(1) ?? null,
  ),
} satisfies Rows
const file_system_type = { name: row('const char *', 'mountinfo', (name: string) => name) } satisfies Rows

type Vma = FileSources['vm_area_struct']
const MAPS = '/proc/TGID/task/TID/maps'
const vm_area_struct = {
  vm_start: row('long unsigned int', MAPS, (v: Vma) => v.start),
  vm_end: row('long unsigned int', MAPS, (v: Vma) => v.end),
  vm_flags: row(
    'const vm_flags_t',
    `${MAPS}: VM_READ, VM_WRITE, VM_EXEC, VM_MAYSHARE, and VM_SHARED where it is writable; no other bits`,
    (v: Vma) => v.flags,
  ),
  vm_pgoff: row(
    'long unsigned int',
    `${MAPS}; without a file as the kernel sets it at mmap and exec, which is not so any more after mremap`,
    (v: Vma) => pageOffset(v),
  ),
  vm_file: row('struct file *', `${MAPS}: NULL without device and inode`, (v: Vma) => (v.isFile ? v : null)),
  vm_mm: row('struct mm_struct *', 'the mm of the task', (v: Vma) => v.task),
  iterfs_name: row(
    'const char *',
    `${MAPS}: [heap], [stack], [vdso], ...; empty for others`,
    (v: Vma) => (v.isFile ? '' : v.name),
    'what the kernel finds by vm_ops, vm_private_data, anon_name, and brk and context of the mm',
  ),
} satisfies Rows

/** A file of which little is known, such as mm->exe_file. */
export interface ExeSource {
  readonly id: string
  readonly path: PathSource
  readonly inode: InodeSource
  /** f_flags, where they are known. */
  readonly openFlags?: number
}

/** What stands behind the structs of this file. */
export interface FileSources {
  file: FdSource | VmaSource | ExeSource
  file_operations: { readonly name: string; readonly platform: Platform }
  path: PathSource
  dentry: PathSource
  qstr: string
  inode: InodeSource
  super_block: InodeSource
  file_system_type: string
  vm_area_struct: VmaSource
}

export const fileStructs = {
  ...{ file, file_operations, path, dentry, qstr, inode, super_block, file_system_type, vm_area_struct },
}

/** Memory that the kernel itself maps counts from 0 (_install_special_mapping). */
const SPECIAL = /^\[(?:vdso|vvar|vvar_vclock|vsyscall|uprobes|sigpage|vectors)\]$/
/** STACK_TOP_MAX of x86-64 and arm64. */
const STACK_TOP_MAX = [0x7fff_ffff_f000n, 0x1_0000_0000_0000n] as const
const BITS_OF_USER_X86 = 47n

/**
 * vm_pgoff. Anonymous memory counts from its own address (do_mmap). exec sets the stack up at STACK_TOP_MAX and moves it afterwards;
 * the offset stays (create_init_stack_vma, relocate_vma_down).
 */
function pageOffset(vma: Vma): bigint {
  const pageSize = BigInt(vma.task.session.platform.pageSize)
  if (vma.isFile) return vma.offset / pageSize
  if (SPECIAL.test(vma.name)) return 0n
  if (vma.name !== '[stack]') return vma.start / pageSize
  const top = STACK_TOP_MAX[vma.start >> BITS_OF_USER_X86 === 0n ? 0 : 1]
  return (top - (vma.end - vma.start)) / pageSize
}

const O_ACCMODE = 3
const O_PATH = 0o10000000
const FMODE_PATH = 0x4000

/** OPEN_FMODE() of the kernel: read 1, write 2. */
const modeOf = (flags: number): number => (flags & O_PATH ? FMODE_PATH : (flags + 1) & O_ACCMODE)

const DELETED = ' (deleted)'
/** Shared memory without a file: its name has the slash in it (shmem_zero_setup). */
const SHARED_ZERO = '/dev/zero (deleted)'

/** d_name: the last part of a path; what a pseudo file system shows has none but the brackets of an anonymous inode. */
function lastName(text: string): string {
  if (text === SHARED_ZERO) return 'dev/zero'
  if (!text.startsWith('/')) return /^anon_inode:(.*)$/.exec(text)?.[1] ?? ''
  const whole = text.endsWith(DELETED) ? text.slice(0, -DELETED.length) : text
  return whole === '/' ? '/' : whole.slice(whole.lastIndexOf('/') + 1)
}
