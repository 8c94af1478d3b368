// dmabuf: a machine without one has nothing to compare with but that the kernel takes the program; the rest is on machines of files.
import { join } from 'node:path'
import t from 'tap'
import { EACCES, ENOENT, ErrnoError } from '../../src/index.ts'
import { compileAll } from '../support/clang.ts'
import { iterfs, run, startDaemon } from '../support/daemon.ts'
import { type Files, runOn } from '../support/file-platform.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { CLI, ROOT } from '../support/paths.ts'

const BUFINFO = '/sys/kernel/debug/dma_buf/bufinfo'

/** As dma_buf_debug_show() prints it since 5.3, with a fence and an attached device. */
const NEW = `
Dma-buf Objects:
size    \tflags   \tmode    \tcount   \texp_name\tino     \tname
00004096\t00080002\t00080007\t00000002\tudmabuf\t00000009\tscreen of a guest
\twrite fence:drm_sched gfx_0.0.0 seq 17 signalled
\tAttached Devices:
\t0000:00:02.0
Total 1 devices attached

08294400\t00080002\t00080007\t00000003\ti915\t00000004\t<none>
\tAttached Devices:
Total 0 devices attached


Total 2 objects, 8298496 bytes
`
const OLD = `
Dma-buf Objects:
size    \tflags   \tmode    \tcount   \texp_name
08294400\t00000002\t00000007\t00000003\tdrm
\tExclusive fence: i915 render signalled
\tAttached Devices:
Total 0 devices attached


Total 1 objects, 8294400 bytes
`

t.test('bufinfo', async t => {
  const both = '       9         4096 udmabuf screen of a guest\n       4      8294400 i915 -\n'
  t.equal(runOn({ [BUFINFO]: NEW }, 'dmabuf.bpf.c'), both)
  t.equal(runOn({ [BUFINFO]: NEW }, 'dmabuf.bpf.c', { size: 10 }), both, 'small reads lose nothing')
  t.equal(runOn({ [BUFINFO]: '\nDma-buf Objects:\n\nTotal 0 objects, 0 bytes\n' }, 'dmabuf.bpf.c'), '', 'there are none')
  t.throws(() => runOn({ [BUFINFO]: OLD }, 'dmabuf.bpf.c'), { errno: 61, message: /bufinfo does not show the inode number/ })
})

const descriptor = (path: string, ino: bigint, size: number, rest: string): Files => ({
  [path]: { link: '/dmabuf:', stat: { ino, dev: 13n } },
  [path.replace('/fd/', '/fdinfo/')]: `pos:\t0\nflags:\t02\nmnt_id:\t15\nino:\t${ino}\nsize:\t${size}\ncount:\t2\n${rest}`,
})
const HELD: Files = {
  '/proc/7/fd/0': { link: '/dev/null' },
  '/proc/9/fd': new ErrnoError(EACCES, '/proc/9/fd: Permission denied'),
  '/proc/9/status': '',
  ...descriptor('/proc/7/fd/5', 3n, 4096, 'exp_name:\tsystem\nname:\tcamera 0\n'),
  ...descriptor('/proc/8/fd/4', 3n, 4096, 'exp_name:\tsystem\nname:\tcamera 0\n'),
  ...descriptor('/proc/8/fd/6', 12n, 65536, 'exp_name:\tsystem\n'),
}
const LINES = '      12        65536 system -\n       3         4096 system camera 0\n'

t.test('without debugfs: the descriptors of processes, each buffer once, newest first', async t => {
  t.equal(runOn(HELD, 'dmabuf.bpf.c'), LINES)
  t.equal(runOn({ ...HELD, [BUFINFO]: new ErrnoError(EACCES, `${BUFINFO}: Permission denied`) }, 'dmabuf.bpf.c'), LINES)
})

t.test('what is missing is named, and no empty file', async t => {
  const nothing = { '/proc/7/fd/0': { link: '/dev/null' } }
  t.throws(() => runOn(nothing, 'dmabuf.bpf.c'), { errno: ENOENT, message: /bufinfo: No such file.*want debugfs/ })
  const denied = { ...nothing, [BUFINFO]: new ErrnoError(EACCES, `${BUFINFO}: Permission denied`) }
  t.throws(() => runOn(denied, 'dmabuf.bpf.c'), { errno: EACCES, message: /bufinfo: Permission denied.*want debugfs/ })
})

t.test('the kernel takes the same program, and no call at the end', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const object = join(kernel.work, 'dmabuf.bpf.o')
  await compileAll([{ source: join(ROOT, 'programs/dmabuf.bpf.c'), object, include: [kernel.vmlinux()] }])
  t.match(kernel.read(kernel.pin(object, 'dmabuf')), /^( *\d+ +\d+ \S+ .+\n)*$/)
  daemon.pin(object, 'dmabuf')
  const { status, stderr } = run('cat', [join(daemon.dir, 'dmabuf')])
  if (status !== 0) t.match(stderr, /No such file or directory/)
  t.match(iterfs('link', 'show', join(daemon.dir, 'dmabuf'), '--fdinfo').stdout, /^dmabuf iter$/m)

  const withDebugfs = `mount -t debugfs debugfs /sys/kernel/debug && exec "$0" "$@"`
  const read = [process.execPath, CLI, 'read', object]
  t.same(run('unshare', ['-m', 'sh', '-c', withDebugfs, ...read]), {
    status: 0,
    stdout: kernel.read(join(kernel.dir, 'dmabuf')),
    stderr: '',
  })
})
