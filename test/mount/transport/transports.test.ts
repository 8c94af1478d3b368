// Both transports with the same server behind them, as other processes see the mount.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { FUSE_NATIVE_LIMITS } from '../../../mount/transport/fuse-native.ts'
import { run, sh, until } from '../../support/daemon.ts'
import { type Served, type Serving, serve } from './serving.ts'
import { FILES } from './tiny-server.ts'

interface State {
  readonly [name: string]: { readonly lookups: number; readonly open: number }
}

const stateOf = ({ dir }: Served): State => JSON.parse(run('cat', [`${dir}/state`]).stdout) as State
const mountLine = (dir: string): string =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .find(line => line.split(' ')[1] === dir) ?? ''

/** Opens `hello`, unlinks it, and tells what goes on with the descriptor. */
const UNLINKED = `
import os, sys, json
path = sys.argv[1] + '/hello'
fd = os.open(path, os.O_RDONLY)
first = os.read(fd, 5).decode()
os.unlink(path)
st = os.fstat(fd)
gone = not os.path.exists(path)
rest = os.read(fd, 100).decode()
names = sorted(os.listdir(sys.argv[1]))
held = json.load(open(sys.argv[1] + '/state'))['hello']
os.close(fd)
print(json.dumps(dict(first=first, nlink=st.st_nlink, mode=st.st_mode, gone=gone, rest=rest, names=names, open=held['open'])))
`

const ALL: readonly Serving[] = ['devfuse', 'early', 'fuse-native']

for (const transport of ALL) {
  t.test(transport, async t => {
    const served = await serve(transport)
    t.teardown(() => served.stop())
    const { dir } = served

    t.match(mountLine(dir), /^iterfs \S+ fuse\.iterfs rw,nosuid,nodev,.*default_permissions,allow_other/)
    t.same(run('ls', ['-U', dir]).stdout.split('\n').filter(Boolean), Object.keys(FILES), "the order is the server's")
    t.equal(run('stat', ['-c', '%a %h %s %Y %i', `${dir}/hello`]).stdout, '644 1 0 1000000000 2\n')
    t.match(run('stat', ['-f', '-c', '%s %l %b', dir]).stdout, '4096 255 0')

    t.equal(run('cat', [`${dir}/hello`]).stdout, FILES.hello, 'direct I/O: a file of size 0 is read')
    t.equal(run('dd', ['bs=1', 'status=none', `if=${dir}/hello`]).stdout, FILES.hello)
    t.equal(run('cat', [`${dir}/late`]).stdout, FILES.late, 'replies of another thread')
    t.equal(sh(`for i in 1 2 3 4 5 6 7 8; do cat ${dir}/late & done; wait`).stdout, FILES.late.repeat(8))
    t.equal(run('head', ['-c', '5000000', `${dir}/big`]).stdout.length, 5_000_000)

    t.match(run('cat', [`${dir}/broken`]), { status: 1, stderr: /Input\/output error/ })
    t.match(run('cat', [`${dir}/none`]), { status: 1, stderr: /No such file or directory/ })
    t.match(run('mkdir', [`${dir}/none`]), { status: 1, stderr: /Function not implemented/ })
    t.match(run('touch', ['-d', '@1', `${dir}/hello`]), { status: 1, stderr: /Operation not permitted/ })
    t.equal(sh(`chmod 600 ${dir}/hello && stat -c %a ${dir}/hello`).stdout, '600\n')
    const user = run('setpriv', ['--reuid=64321', '--regid=64321', '--clear-groups', 'cat', `${dir}/hello`])
    t.match(user, { status: 1, stderr: /Permission denied/ }, 'default_permissions')

    const { status, stdout, stderr } = run('python3', ['-c', UNLINKED, dir])
    t.equal(status, 0, stderr)
    t.same(JSON.parse(stdout), {
      first: 'hello',
      nlink: 0,
      mode: 0o100600,
      gone: true,
      rest: ', world\n',
      names: ['big', 'broken', 'late', 'state'],
      open: 1,
    })
    // The kernel sends RELEASE in the background.
    await until('all is closed', () =>
      Object.entries(stateOf(served)).every(([name, { open }]) => open === (name === 'state' ? 1 : 0)),
    )
    if (transport === 'fuse-native')
      t.ok(
        Object.values(stateOf(served)).every(({ lookups }) => lookups === 0),
        'every LOOKUP is given back',
      )
    else t.equal(stateOf(served).hello!.lookups, 0, 'the kernel forgot what was unlinked')

    t.equal(served.stderr(), '', 'no bug reported')
    t.equal(run('umount', [dir]).status, 0)
    t.same(await served.ended(), { ended: 'unmounted' })
    t.equal(mountLine(dir), '')
  })

  t.test(`${transport}: read-only`, async t => {
    const served = await serve(transport, { o: 'ro,noexec' })
    t.teardown(() => served.stop())
    t.match(mountLine(served.dir), / ro,nosuid,nodev,noexec,/)
    t.match(run('rm', [`${served.dir}/hello`]), { status: 1, stderr: /Read-only file system/ })
  })

  t.test(`${transport}: unmounted lazily under an open file`, async t => {
    const served = await serve(transport)
    t.teardown(() => served.stop())
    const { status, stdout, stderr } = sh(`exec 3<${served.dir}/hello; umount -l ${served.dir} && cat <&3`)
    t.same([status, stdout], [0, FILES.hello], `reads go on ${stderr}`)
    t.same(await served.ended(), { ended: 'unmounted' })
  })
}

t.test('devfuse: an aborted connection', async t => {
  const served = await serve('devfuse')
  t.teardown(() => served.stop())
  const minor = run('stat', ['-c', '%d', served.dir]).stdout.trim()
  const connections = '/sys/fs/fuse/connections'
  if (run('ls', [connections]).stdout === '') {
    run('mount', ['-t', 'fusectl', 'none', connections])
    t.teardown(() => run('umount', [connections]))
  }
  t.equal(sh(`echo 1 > ${connections}/${minor}/abort`).status, 0)
  t.match((await served.ended()).ended, /^(unmounted|aborted)$/, 'ends the loop')
  t.match(run('ls', [served.dir]).stderr, /Transport endpoint is not connected/)
})

t.test('limits of fuse-native each have a reason', async t => {
  for (const [what, why] of Object.entries(FUSE_NATIVE_LIMITS)) t.ok(why.length > 20, what)
})
