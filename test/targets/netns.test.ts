// netns: namespaces of processes, of threads, and those that only a mount keeps.
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EACCES, ErrnoError } from '../../src/index.ts'
import { iterfs, run, scratch, startDaemon } from '../support/daemon.ts'
import { type Files, runOn } from '../support/file-platform.ts'
import { startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'

const THREAD = `
import ctypes
print('MAIN', os.stat('/proc/self/ns/net').st_ino, flush=True)
moved = threading.Event()
def other():
    assert ctypes.CDLL(None, use_errno=True).unshare(0x40000000) == 0
    moved.set()
    time.sleep(3600)
threading.Thread(target=other, daemon=True).start()
moved.wait()
ready()
`

t.test('all network namespaces', { skip: process.getuid!() !== 0 && 'needs root for network namespaces' }, async t => {
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  daemon.pin(join(ROOT, 'dist/programs/netns.bpf.o'), 'netns')
  const mounted = join(scratch(), 'kept name')
  writeFileSync(mounted, '')
  const workload = await startNetns(THREAD)
  t.teardown(() => workload.stop())
  run('mount', ['--bind', `/proc/${workload.pid}/ns/net`, mounted])
  t.teardown(() => {
    run('umount', [mounted])
    rmSync(join(mounted, '..'), { recursive: true })
  })
  const list = (): Map<number, string> => {
    const [head, ...lines] = run('cat', [join(daemon.dir, 'netns')])
      .stdout.trimEnd()
      .split('\n')
    t.match(head, /^ +netns processes +pid path$/)
    const rows = lines
      .map(line => /^ *(\d+) +(.*)$/.exec(line)!)
      .map(([, inum, rest]) => [Number(inum), rest!.replace(/ +/g, ' ')] as const)
    t.same(
      rows.map(([inum]) => inum),
      rows.map(([inum]) => inum).sort((a, b) => a - b),
      'ascending',
    )
    t.equal(new Map(rows).size, rows.length, 'each once')
    return new Map(rows)
  }
  const inum = statSync(mounted).ino
  const path = mounted.replace(' ', '\\040')
  const own = statSync('/proc/self/ns/net').ino
  const threads = run('sh', ['-c', `stat -L -c %i /proc/${workload.pid}/task/*/ns/net`])
    .stdout.trim()
    .split('\n')
    .map(Number)
  const moved = threads.find(number => number !== inum)!

  const before = list()
  t.equal(before.get(inum), `1 ${workload.pid} ${path}`)
  t.equal(before.get(moved), `1 ${workload.pid} -`, 'of a thread')
  t.ok(Number(before.get(own)!.split(' ')[0]) > 1)
  await workload.stop()
  const after = list()
  t.equal(after.get(inum), `0 0 ${path}`, 'a mount keeps it')
  t.notOk(after.has(moved), 'and nothing the other')
})

const HEAD = '     netns processes     pid path\n'
const task = (pid: string, net: number, mnt = 1, rest: Files = {}): Files => ({
  [`/proc/${pid}/ns/net`]: { link: `net:[${net}]` },
  [`/proc/${pid}/ns/mnt`]: { link: `mnt:[${mnt}]` },
  [`/proc/${pid}/task/${pid}/ns/net`]: { link: `net:[${net}]` },
  [`/proc/${pid}/mountinfo`]: '1 1 254:0 / / rw - ext4 /dev/vda rw\n',
  ...rest,
})

t.test('recorded machines', async t => {
  const files: Files = {
    ...task('10', 400),
    ...task('2', 400, 1, { '/proc/2/task/3/ns/net': { link: 'net:[300]' } }),
    ...task('11', 500, 2, { '/proc/11/mountinfo': '40 24 0:4 net:[200] /run/netns/a rw shared:2 - nsfs nsfs rw\n' }),
    '/proc/12/ns/net': new ErrnoError(EACCES, '/proc/12/ns/net: Permission denied'),
    '/proc/12/task/12/x': '',
  }
  t.equal(
    runOn(files, 'netns.bpf.c'),
    `${HEAD}       200         0       0 /run/netns/a\n       300         1       2 -\n       400         2       2 -\n       500         1      11 -\n`,
  )
})

t.test('as another user: its own, and what is left out is said', { skip: process.getuid!() !== 0 && 'needs root' }, async t => {
  const { stdout, stderr } = run('setpriv', [
    ...['--reuid', '1000', '--clear-groups', process.execPath, join(ROOT, 'dist/mount/cli/main.js'), 'read'],
    join(ROOT, 'dist/programs/netns.bpf.o'),
  ])
  t.match(stdout, new RegExp(`^${statSync('/proc/self/ns/net').ino} +\\d+ +\\d+ -$`, 'm'))
  t.match(stderr, /network namespace: left out \d+ times: Permission denied/)
  t.equal(iterfs('read', join(ROOT, 'dist/programs/netns.bpf.o')).status, 0)
})
