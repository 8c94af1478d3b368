// The daemon in trouble: programs that do not return or fail, kills, signals, users.

import { spawn } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cleanEnv, type Daemon, iterfs, run, scratch, sh, sleep, startDaemon, until } from './support/daemon.ts'
import { CLI, ROOT } from './support/paths.ts'

const program = (name: string): string => join(ROOT, 'test/programs', `${name}.ts`)
const shipped = (name: string): string => join(ROOT, 'programs', `${name}.ts`)

async function mounted(t: { teardown(fn: () => Promise<void>): void }, ...args: string[]): Promise<Daemon> {
  const daemon = await startDaemon(args)
  t.teardown(() => daemon.stop())
  return daemon
}

t.test('a program that does not return costs its reader an EIO, and others nothing', async t => {
  const daemon = await mounted(t, '--prog-limit', '1000')
  daemon.pin(program('endless'), 'endless')
  daemon.pin(shipped('task'), 'task')
  const stuck = spawn('cat', [join(daemon.dir, 'endless')], { env: cleanEnv(), stdio: ['ignore', 'ignore', 'pipe'] })
  let message = ''
  stuck.stderr.on('data', part => {
    message += String(part)
  })
  const ended = new Promise<number | null>(done => stuck.on('exit', done))
  await sleep(200)
  for (let i = 0; i < 5; i++) {
    const began = Date.now()
    t.equal(run('cat', [join(daemon.dir, 'task')]).status, 0)
    t.ok(Date.now() - began < 1000, `another pin is read in ${Date.now() - began} ms`)
  }
  t.equal(await ended, 1)
  t.match(message, /Input\/output error/)
  t.match(daemon.log(), /does not return/)
  await until('the worker is back', () => daemon.log().includes('started again'))
  await sleep(300)
  t.match(run('cat', [join(daemon.dir, 'endless')]).stderr, /Input\/output error/, 'and again after its restart')
  t.equal(run('cat', [join(daemon.dir, 'task')]).status, 0)
})

t.test('a program that throws, and one that returns 1', async t => {
  const daemon = await mounted(t)
  daemon.pin(program('throws'), 'throws')
  const { status, stdout, stderr } = run('cat', [join(daemon.dir, 'throws')])
  t.same([status, stdout], [1, '0\n1\n'])
  t.match(stderr, /Input\/output error/)
  // The reader has its EIO before main has the message.
  await until('the reason is in the log', () => daemon.log().includes('on purpose'))

  daemon.pin(program('wrong'), 'wrong')
  t.match(run('cat', [join(daemon.dir, 'wrong')]), { status: 1, stderr: /Input\/output error/ })
  await until('the reason is in the log', () => daemon.log().includes('want return value 0 or 1, got 2'))

  daemon.pin(program('self'), 'again', '--set', 'again=1')
  t.match(
    run('cat', [join(daemon.dir, 'again')]),
    { status: 1, stderr: /Resource temporarily unavailable/ },
    'nothing before it: EAGAIN',
  )
  t.equal(run('cat', [join(daemon.dir, 'again')]).stdout, '0 session\n1 session\n2 session\nEND 3 1 false none\n')
})

t.test('globals are set by their types, or refused', async t => {
  const daemon = await mounted(t)
  daemon.pin(program('self'), 'set', '--set', 'limit=1', '--set', 'big=0x10', '--set', 'on=true', '--set', 'text=a=b')
  t.equal(run('cat', [join(daemon.dir, 'set')]).stdout, '0 session\nEND 1 16 true a=b\n')
  const path = join(daemon.dir, 'no')
  t.match(iterfs('pin', program('self'), path, '--set', 'nothing=1'), {
    status: 254,
    stderr: /no global "nothing".*limit, big, on, text, again/,
  })
  t.match(iterfs('pin', program('self'), path, '--set', 'limit=x'), { status: 234, stderr: /"limit": want a number, got "x"/ })
  t.match(iterfs('pin', join(ROOT, 'README.md'), path), { stderr: /can't load/ })
  t.match(iterfs('pin', join(ROOT, 'none.ts'), path), { stderr: /can't load.*none\.ts/ })
  t.match(iterfs('pin', shipped('task'), path, '--pid', '1', '--tid', '1'), {
    status: 234,
    stderr: /attach_iter failed for program dump_task/,
  })
  t.notOk(existsSync(path))
})

t.test('iterfs read needs no mount and gives the same', async t => {
  const daemon = await mounted(t)
  const pid = String(daemon.child.pid)
  daemon.pin(shipped('task_vma'), 'maps', '--pid', '1')
  t.equal(iterfs('read', shipped('task_vma'), '--pid', '1').stdout, run('cat', [join(daemon.dir, 'maps')]).stdout)
  t.match(iterfs('read', shipped('task'), '--tid', pid).stdout, new RegExp(`^ +tgid.*\\n +${pid} +${pid} `))
  for (const verb of [`read ${shipped('task')}`, 'targets -v']) {
    t.equal(sh(`${process.execPath} ${CLI} ${verb} | head -n 1`).stderr, '', `${verb}: a reader that goes away is no error`)
  }
})

t.test('every open is a fresh iteration', async t => {
  const daemon = await mounted(t)
  daemon.pin(shipped('task'), 'p')
  const path = join(daemon.dir, 'p')
  const before = run('cat', [path]).stdout
  const child = spawn('sleep', ['60'], { env: cleanEnv(), stdio: 'ignore' })
  await new Promise(done => child.on('spawn', done))
  const line = new RegExp(`^ +${child.pid} +${child.pid} +${process.pid} .* sleep$`, 'm')
  t.notMatch(before, line)
  t.match(run('cat', [path]).stdout, line)
  child.kill('SIGKILL')
  await new Promise(done => child.on('exit', done))
  t.notMatch(run('cat', [path]).stdout, line)
})

t.test('a reader in a pid namespace of its own sees that namespace', async t => {
  const daemon = await mounted(t)
  daemon.pin(shipped('task'), 'all')
  daemon.pin(shipped('task'), 'first', '--tid', '1')
  const inside = (line: string): string[] =>
    sh(`unshare -p -f --mount-proc sh -c '${line}; true'`).stdout.trim().split('\n').slice(1)
  const all = inside(`cat ${daemon.dir}/all`)
  t.match(all, [/ sh$/, / cat$/])
  t.equal(all.length, 2)
  t.match(inside(`cat ${daemon.dir}/first`), [/ sh$/], 'tid 1 is the init of that namespace')
})

t.test('a reader can be interrupted while its program runs', async t => {
  const daemon = await mounted(t, '--prog-limit', '20000')
  daemon.pin(program('endless'), 'endless')
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    const reader = spawn('cat', [join(daemon.dir, 'endless')], { env: cleanEnv(), stdio: 'ignore' })
    await sleep(300)
    const began = Date.now()
    reader.kill(signal)
    t.equal(await new Promise(done => reader.on('exit', (_code, by) => done(by))), signal)
    t.ok(Date.now() - began < 2000, `${signal} took ${Date.now() - began} ms`)
  }
})

t.test('links: show, update, removal', async t => {
  const daemon = await mounted(t)
  daemon.pin(shipped('task'), 'p', '--pid', '1')
  const path = join(daemon.dir, 'p')
  t.match(iterfs('link', 'show', path).stdout, /^\d+: iter {2}prog \d+ {2}target_name task {2}pid 1 \n$/)
  const shown = JSON.parse(iterfs('link', 'show', path, '-j', '-f').stdout)
  t.match(shown, { type: 'iter', target_name: 'task', pid: 1, pinned: [path] })
  t.match(
    iterfs('link', 'show', path, '--fdinfo').stdout,
    /link_type:\titer\nlink_id:\t\d+\nprog_tag:\t[0-9a-f]{16}\nprog_id:\t\d+\ntarget_name:\ttask\ntask_type:\tPID\npid:\t1\n$/,
  )
  const fd = openSync(path, 'r')
  t.equal(iterfs('link', 'update', path, program('self')).status, 0)
  t.match(run('cat', [path]).stdout, /^0 session\n/, 'the next open runs the new program')
  const buffer = Buffer.alloc(4096)
  t.match(buffer.toString('latin1', 0, readSync(fd, buffer)), /tgid/, 'an open file keeps the old one')
  t.match(iterfs('link', 'update', path, shipped('task_vma')), { status: 234, stderr: /want a program of target task/ })

  unlinkSync(path)
  t.equal(iterfs('link', 'show', 'id', String(shown.id)).status, 0, 'an open file keeps the link')
  closeSync(fd)
  await until('the link is gone', () => iterfs('link', 'show', 'id', String(shown.id)).status !== 0)
  t.match(
    run('cat', [join(daemon.dir, 'progs.debug')]).stdout,
    /^ {2}id name {13}attached\n( +\d dump_bpf_(map|prog) +bpf_iter_bpf_(map|prog) \n){2}$/,
  )
})

t.test('reads of a removed pin go on, and opening it anew through /proc gives a fresh one', async t => {
  const daemon = await mounted(t)
  daemon.pin(shipped('task'), 'p')
  const path = join(daemon.dir, 'p')
  const fd = openSync(path, 'r')
  const byte = Buffer.alloc(1)
  readSync(fd, byte)
  unlinkSync(path)
  t.equal(statSync(`/proc/self/fd/${fd}`).nlink, 0)
  t.match(run('cat', [`/proc/${process.pid}/fd/${fd}`]).stdout, /^ +tgid/)
  const rest = readFileSync(fd)
  t.match(rest.toString('latin1'), /^ +tgid.*\n/)
  closeSync(fd)
})

t.test('kill -9 of the daemon: the next mount cleans up', async t => {
  const first = await startDaemon()
  t.teardown(() => first.stop())
  first.pin(shipped('task'), 'p')
  const reader = spawn('sh', ['-c', `while cat ${first.dir}/p >/dev/null 2>&1; do :; done`], { env: cleanEnv(), stdio: 'ignore' })
  const readerEnded = new Promise(done => reader.on('exit', done))
  await sleep(200)
  first.child.kill('SIGKILL')
  t.equal(await first.exited, 'SIGKILL')
  await readerEnded
  t.match(run('ls', [first.dir]).stderr, /Transport endpoint is not connected/)
  const other = await startDaemon()
  t.teardown(() => other.stop())
  t.match(
    iterfs('link', 'show'),
    { status: 0, stdout: /target_name bpf_map/, stderr: /Transport endpoint is not connected/ },
    'a dead mount hides no other',
  )
  const second = await startDaemon([], first.dir)
  t.teardown(() => second.stop())
  t.match(second.log(), /cleaned up/)
  second.pin(shipped('task'), 'p')
  t.equal(run('cat', [join(second.dir, 'p')]).status, 0)
})

t.test('SIGTERM unmounts and exits with 0, also with files open', async t => {
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  daemon.pin(shipped('task'), 'p')
  const fd = openSync(join(daemon.dir, 'p'), 'r')
  daemon.child.kill('SIGTERM')
  t.equal(await daemon.exited, 0)
  closeSync(fd)
  t.notOk(readFileSync('/proc/self/mounts', 'utf8').includes(daemon.dir))
  t.same(readdirSync(daemon.dir), [])
})

t.test('SIGTERM while the daemon asks its own mount', async t => {
  for (const transport of ['devfuse', 'fuse-native', 'fuse-native', 'fuse-native', 'fuse-native']) {
    const daemon = await mounted(t, '--transport', transport)
    daemon.pin(program('task'), 'pin')
    unlinkSync(join(daemon.dir, 'pin')) // its worker retires, which makes the daemon wake its FUSE thread by statfs
    daemon.child.kill('SIGTERM')
    t.equal(await Promise.race([daemon.exited, sleep(10_000).then(() => 'still there')]), 0, transport)
  }
})

t.test('mount in the background, umount', async t => {
  const dir = scratch()
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  t.match(iterfs('mount', dir, '-o', 'mode=700,uid=3,gid=4,unknown=1'), { status: 0, stdout: '', stderr: '' })
  t.match(statSync(dir), { mode: 0o41700, uid: 3, gid: 4 })
  t.match(iterfs('umount', dir), { status: 0, stderr: '' })
  t.match(iterfs('umount', dir), { status: 234, stderr: /can't unmount/ })
  t.match(iterfs('mount', dir, '-o', 'mode=999'), {
    status: 234,
    stderr: /^Error: .*-o mode: want an octal number, got "999"\n$/,
  })
  t.match(iterfs('mount', join(dir, 'none')), { status: 254, stderr: /No such file or directory/ })
  const file = join(dir, 'file')
  writeFileSync(file, '')
  t.match(iterfs('mount', file), { status: 236, stderr: /Not a directory/ })
})

t.test('generic mount options reach the mount over both transports', async t => {
  for (const transport of ['devfuse', 'fuse-native']) {
    const daemon = await mounted(t, '--transport', transport, '-o', 'ro,noexec')
    const line = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .find(mount => mount.includes(` ${daemon.dir} `))
    t.match(line, / ro,nosuid,nodev,noexec,/, transport)
  }
})

t.test('who may pin, and who may read', async t => {
  const daemon = await mounted(t, '--allow-pin', '4711')
  const as = (uid: number, line: string) =>
    run('setpriv', [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', 'sh', '-c', line])
  const pin = (name: string): string => `${process.execPath} ${CLI} pin ${shipped('task')} ${daemon.dir}/${name}`
  chmodSync(daemon.dir, 0o1777)
  t.match(as(4712, pin('no')), { status: 255, stderr: /user 4712 may not pin here/ })
  t.match(as(4712, `echo x > ${daemon.dir}/no`), { stderr: /Permission denied/ })
  t.match(as(4711, pin('yes')), { status: 0, stderr: '' })
  t.match(statSync(join(daemon.dir, 'yes')), { uid: 4711, gid: 4711, mode: 0o100600 })
  t.match(as(4712, `cat ${daemon.dir}/yes`), { status: 1, stderr: /Permission denied/ })
  t.match(as(4711, `cat ${daemon.dir}/yes`), { status: 0, stdout: /tgid/ })
  t.match(as(4712, `rm -f ${daemon.dir}/yes`), { status: 1, stderr: /Operation not permitted/ })
})

t.test('an ordinary user mounts with fusermount3', async t => {
  const before = statSync('/dev/fuse').mode
  chmodSync('/dev/fuse', 0o666)
  const dir = scratch()
  run('chown', ['nobody', dir])
  t.teardown(() => {
    run('umount', ['-l', dir])
    chmodSync('/dev/fuse', before & 0o777)
    rmSync(dir, { recursive: true, force: true })
  })
  const as = (line: string) => run('setpriv', ['--reuid=nobody', '--regid=nogroup', '--clear-groups', 'sh', '-c', line])
  t.match(
    as(`${process.execPath} ${CLI} mount ${dir} && ${process.execPath} ${CLI} pin ${shipped('task')} ${dir}/p && cat ${dir}/p`),
    { status: 0, stdout: /tgid/ },
  )
  t.match(as(`${process.execPath} ${CLI} umount ${dir}`), { status: 0, stderr: '' })
})
