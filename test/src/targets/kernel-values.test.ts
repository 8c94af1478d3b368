// Values of struct rows against the kernel's own iterators, for fields that test/kernel-bytes.test.ts does not show.
import { spawn } from 'node:child_process'
import t from 'tap'
import { ADDRESS, type Iter } from '../../../src/index.ts'
import { run } from '../../support/daemon.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { startProcessTree } from '../../support/process-tree.ts'
import { runIter } from '../../support/run-iter.ts'

const O_CLOEXEC = 0o2000000

const fileFields: Iter<'task_file'> = {
  target: 'task_file',
  run({ meta: { seq }, task, fd, file }) {
    if (!task || !file) return
    const inode = file.f_inode!
    const sb = inode.i_sb!
    const name = file.f_path.dentry!.d_name
    const open = [task.pid, fd, file.f_flags & ~O_CLOEXEC, file.f_pos, file.f_mode]
    seq.printf('%d %u flags %x pos %ld fmode %x', ...open)
    const shape = [inode.i_ino, inode.i_mode, inode.i_nlink, inode.i_uid.val, inode.i_gid.val, inode.i_rdev, inode.i_size]
    seq.printf(' ino %lu mode %x nlink %u uid %u gid %u rdev %x size %ld', ...shape)
    const times = [inode.i_atime_sec, inode.i_atime_nsec, inode.i_mtime_sec, inode.i_mtime_nsec]
    seq.printf(' blocks %lu atime %ld.%u mtime %ld.%u', inode.i_blocks, ...times)
    seq.printf(' dev %x type %s name %s len %u\n', sb.s_dev, sb.s_type!.name, name.name, name.len)
  },
}

const vmaFields: Iter<'task_vma'> = {
  target: 'task_vma',
  run({ meta: { seq }, task, vma }) {
    if (!task || !vma) return
    seq.printf('%d %lx-%lx flags %lx pgoff %lx', task.pid, vma.vm_start, vma.vm_end, vma.vm_flags, vma.vm_pgoff)
    const inode = vma.vm_file?.f_inode
    if (inode) seq.printf(' ino %lu dev %x size %ld', inode.i_ino, inode.i_sb!.s_dev, inode.i_size)
    seq.printf('\n')
  },
}

/** The name of a socket's dentry is the protocol's, which no file of /proc shows. */
const withoutSocketName = (text: string): string => text.replace(/ type sockfs name .*$/gm, ' type sockfs')

t.test('files and VMAs have the values that the kernel sees', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const tree = await startProcessTree()
  t.teardown(() => tree.stop())
  // i_blocks grows when the file system writes, stat's count before that.
  t.equal(run('sync', [`/proc/${tree.pid}/fd/4`]).status, 0)
  const info = { task: { pid: tree.pid } }
  for (const [name, iter] of [
    ['file_fields', fileFields],
    ['vma_fields', vmaFields],
  ] as const) {
    const pin = kernel.pin(kernel.compile(`${name}.bpf.c`, { TARGET: tree.pid }), name)
    const want = kernel.read(pin)
    t.ok(want.length > 1000, `${name}: the kernel shows something`)
    t.equal(withoutSocketName(runIter(iter as Iter, { info })), withoutSocketName(want), name)
  }
})

const operations: Iter<'task_file'> = {
  target: 'task_file',
  run({ meta: { seq }, task, fd, file }) {
    if (task && file) seq.printf('%d %d %d %lx\n', task.tgid, task.pid, fd, file.f_op![ADDRESS])
  },
}

t.test('f_op is the same where the kernel has the same one, and differs where it differs', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const tree = await startProcessTree()
  t.teardown(() => tree.stop())
  const child = spawn('python3', ['-c', KINDS], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  await new Promise(done => child.stdout.once('data', done))
  const ofFiles = (text: string): Map<string, string> =>
    new Map(text.split('\n').flatMap(line => (/^ *\d+ +\d+ +\d+ [0-9a-f]+$/.test(line) ? [fileAndAddress(line)] : [])))
  const pin = kernel.pin(kernel.compile('example.bpf.c', { TARGET: 0 }), 'f_op')
  const theirs = ofFiles(kernel.read(pin))
  const ours = ofFiles(runIter(operations))
  const later = ofFiles(kernel.read(pin))
  const oursOf = new Map<string, string>()
  const theirsOf = new Map<string, string>()
  let compared = 0
  for (const [file, address] of theirs) {
    const mine = ours.get(file)
    // Other processes open and close files meanwhile, and so does this one.
    if (mine === undefined || later.get(file) !== address || file.startsWith(`${process.pid} `)) continue
    compared++
    const place = `/proc/${file.replace(' ', '/fd/')}`
    if ((oursOf.get(address) ?? mine) !== mine) t.fail(`${place}: another f_op than files with the kernel's ${address}`)
    if ((theirsOf.get(mine) ?? address) !== address) t.fail(`${place}: the same f_op as files that the kernel treats differently`)
    oursOf.set(address, mine)
    theirsOf.set(mine, address)
  }
  t.ok(compared > 30, `${compared} files`)
  t.ok(oursOf.size >= 12, `${oursOf.size} kinds`)
})

/** `PID FD` and the address. */
function fileAndAddress(line: string): [string, string] {
  const [, pid, fd, address] = line.trim().split(/ +/) as [string, string, string, string]
  return [`${pid} ${fd}`, address]
}

/** A process with one open file of each kind that needs no more than root. */
const KINDS = `
import os, select, socket, sys, ctypes, time
libc = ctypes.CDLL(None)
keep = [os.open(p, os.O_RDONLY) for p in ('/dev/null', '/dev/zero', '/dev/full', '/dev/random', '/dev/urandom', '/', '/etc/passwd',
  '/proc', '/proc/self/status', '/proc/self/stat', '/proc/self/fd', '/proc/self/ns/net', '/proc/self/ns/pid', '/proc/version', '/proc/sys', '/proc/sys/kernel/pid_max',
  '/sys', '/sys/kernel/mm', '/sys/kernel/mm/transparent_hugepage/enabled', '/dev', '/dev/shm', '/proc/net', '/proc/self/maps', '/proc/mounts')]
keep += [os.open('/dev/ptmx', os.O_RDWR), *os.openpty(), os.memfd_create('x'), os.pidfd_open(os.getpid())]
keep += [select.epoll(), socket.socket(), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)]
keep += [libc.eventfd(0, 0), libc.timerfd_create(1, 0), libc.inotify_init(), *os.pipe(), libc.fanotify_init(0, 0)]
print('ready', flush=True)
time.sleep(3600)
`
