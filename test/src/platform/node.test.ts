import { spawn } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EBADF, EINVAL, ENOENT, ENOTDIR, ErrnoError, ESRCH, nodePlatform } from '../../../src/index.ts'
import { scratch } from '../../support/daemon.ts'

const platform = nodePlatform()
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const openFds = (): number => readdirSync('/proc/self/fd').length

t.test('reads whole files, larger than the buffer too', async t => {
  const dir = scratch()
  t.teardown(() => rmSync(dir, { recursive: true }))
  const want = Buffer.alloc(300_000, 'abcdefg')
  writeFileSync(join(dir, 'big'), want)
  t.ok(Buffer.from(platform.read(join(dir, 'big'))).equals(want))
  t.equal(text(platform.read('/proc/self/comm')).length > 0, true)
  writeFileSync(join(dir, 'huge'), Buffer.alloc(5_000_000))
  t.equal(platform.read(join(dir, 'huge')).length, 5_000_000)
  t.ok(platform.read('/proc/sys/kernel/osrelease').length > 0, 'a file that allocates what is asked for, after a large one')
  writeFileSync(join(dir, 'empty'), '')
  t.equal(platform.read(join(dir, 'empty')).length, 0)
})

t.test('a handle looks relative to its folder', async t => {
  const dir = platform.openDir('/proc/self')
  t.match(text(dir.read('status')), `Pid:\t${process.pid}\n`)
  t.equal(dir.readlink('cwd'), process.cwd())
  t.ok(dir.list('task').includes(String(process.pid)))
  t.equal(dir.stat('exe').mode & 0o170000, 0o100000)
  dir.close()
  dir.close()
})

t.test('errors carry their errno', async t => {
  const errnoOf = (body: () => unknown): number | undefined => {
    try {
      body()
    } catch (err) {
      return err instanceof ErrnoError ? err.errno : undefined
    }
    return 0
  }
  t.equal(
    errnoOf(() => platform.read('/proc/nothing')),
    ENOENT,
  )
  t.equal(
    errnoOf(() => platform.openDir('/proc/self/status')),
    ENOTDIR,
  )
  t.equal(
    errnoOf(() => platform.list('/proc/nothing')),
    ENOENT,
  )
  t.equal(
    errnoOf(() => platform.stat('/proc/nothing')),
    ENOENT,
  )
  const self = platform.openDir('/proc/self')
  t.equal(
    errnoOf(() => self.readlink('comm')),
    EINVAL,
    'no link',
  )
  self.close()
  t.equal(
    errnoOf(() => self.read('comm')),
    EBADF,
    'closed',
  )
  t.equal(
    errnoOf(() => platform.sameFiles(process.pid, 4_000_000)),
    ESRCH,
  )
})

t.test('nothing stays open', async t => {
  const before = openFds()
  for (let i = 0; i < 50; i++) {
    platform.read('/proc/self/stat')
    const dir = platform.openDir('/proc/self/task')
    dir.list('.')
    dir.close()
    try {
      platform.read('/proc')
    } catch {}
    platform.parentNs('/proc/self/ns/pid', 1)
  }
  t.equal(openFds(), before)
})

t.test('a handle keeps naming a task that is gone', async t => {
  const child = spawn('sleep', ['60'])
  const dir = platform.openDir(`/proc/${child.pid}/task/${child.pid}`)
  t.ok(dir.read('comm').length > 0)
  const ended = new Promise(done => child.on('exit', done))
  child.kill('SIGKILL')
  await ended
  for (const look of [() => dir.read('stat'), () => dir.list('fd'), () => dir.readlink('cwd')]) {
    t.throws(look, { name: 'ErrnoError' })
    try {
      look()
    } catch (err) {
      t.ok([ENOENT, ESRCH].includes((err as ErrnoError).errno as 2 | 3), 'says that it is gone')
    }
  }
  dir.close()
})

t.test('clocks and units', async t => {
  t.equal(platform.pageSize % 4096, 0)
  t.equal(platform.userHz, 100)
  t.ok(platform.sleptNs() > -1_000_000n)
  const start = platform.nowMs()
  t.ok(platform.nowMs() >= start)
  t.equal(platform.sameFiles(process.pid, process.pid), true)
  t.equal(platform.sameFiles(process.pid, process.ppid), false)
})
