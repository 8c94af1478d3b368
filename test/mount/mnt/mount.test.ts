// Who can mount, and how: root by mount(2), an ordinary user through fusermount3.
import { chmodSync, chownSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EBUSY, EINVAL } from '../../../src/util/errno.ts'
import { run, scratch, sh } from '../../support/daemon.ts'
import { type Served, type Serving, serve } from '../transport/serving.ts'
import { FILES } from '../transport/tiny-server.ts'

/** Users without and with an entry in /etc/passwd; fusermount3 wants one. */
const NAMELESS = 64321
const NOBODY = Number(run('id', ['-u', 'nobody']).stdout)

const asUser = (uid: number): string[] => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
const mountLine = (dir: string, mounts = '/proc/self/mounts'): string =>
  readFileSync(mounts, 'utf8')
    .split('\n')
    .find(line => line.split(' ')[1] === dir) ?? ''
const failure = async (mounting: Promise<Served>): Promise<string> => {
  try {
    await (await mounting).stop()
  } catch (err) {
    return (err as Error).message
  }
  return 'mounted'
}
const folderOf = (uid: number): string => {
  const dir = scratch()
  chownSync(dir, uid, uid)
  return dir
}

const userAllowOther = (): boolean => /^\s*user_allow_other\s*$/m.test(readFileSync('/etc/fuse.conf', 'utf8'))

/** Runs a shell line as the ordinary user. */
const user = (line: string) => run('setpriv', [...asUser(NOBODY).slice(1), 'sh', '-c', line])
/** Shell words that call a function of mount/mnt/ and print what comes of it. */
const node = (file: string, expression: string): string => {
  const { href } = new URL(`../../../mount/mnt/${file}.js`, import.meta.url)
  return `${process.execPath} --input-type=module -e "const m = await import('${href}'); ${expression}"`
}
const unmountAs = (dir: string): string =>
  node(
    'unmount',
    `try { m.unmount('${dir}', { lazy: false }); console.log('unmounted') } catch (err) { console.log(err.errno, err.message) }`,
  )

/** /dev/fuse may be for root alone: opened up for one test. */
function openDevice(t: { teardown(body: () => void): unknown }): void {
  const { mode } = statSync('/dev/fuse')
  t.teardown(() => chmodSync('/dev/fuse', mode & 0o777))
  chmodSync('/dev/fuse', 0o666)
}

t.test('root', async t => {
  const served = await serve('devfuse')
  t.teardown(() => served.stop())
  t.same(served.mounted, { mounted: true, allowOther: true, closesOnExec: true })
  t.match(mountLine(served.dir), /user_id=0,group_id=0,default_permissions,allow_other 0 0$/)
  t.equal(run('setpriv', [...asUser(NAMELESS).slice(1), 'cat', `${served.dir}/hello`]).stdout, FILES.hello)
})

t.test('root, refused', async t => {
  const dir = scratch()
  t.teardown(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'file'), '')
  t.equal(await failure(serve('devfuse', { dir: `${dir}/none` })), `mount fuse.iterfs on ${dir}/none: No such file or directory`)
  t.equal(await failure(serve('devfuse', { dir: `${dir}/file` })), `mount fuse.iterfs on ${dir}/file: Not a directory`)
  t.match(await failure(serve('fuse-native', { dir: `${dir}/none` })), /no such directory|No such file|does not exist/i)
})

for (const transport of ['devfuse', 'fuse-native'] satisfies Serving[]) {
  t.test(`an ordinary user, ${transport}`, async t => {
    openDevice(t)
    const served = await serve(transport, { dir: folderOf(NOBODY), o: 'ro,noexec', as: asUser(NOBODY) })
    t.teardown(() => served.stop())
    const { dir } = served
    const options = `ro,nosuid,nodev,noexec,.*user_id=${NOBODY},group_id=${NOBODY},default_permissions`
    t.match(mountLine(dir), new RegExp(`^iterfs \\S+ fuse\\.iterfs ${options}`))
    // fuse-native never lets others in.
    const others = transport === 'devfuse' && userAllowOther()
    if (transport === 'devfuse') t.same(served.mounted, { mounted: true, allowOther: others, closesOnExec: true })
    if (!others) t.match(run('ls', [dir]), { status: 2, stderr: /Permission denied/ }, 'root may not enter')
    t.equal(user(`cat ${dir}/hello ${dir}/late`).stdout, FILES.hello + FILES.late)

    const busy = user(`exec 3<${dir}/hello; ${unmountAs(dir)}`).stdout
    t.equal(busy, `${EBUSY} fusermount3: failed to unmount ${dir}: Device or resource busy\n`)
    t.equal(user(unmountAs(dir)).stdout, 'unmounted\n')
    t.same(await served.ended(), { ended: 'unmounted' })
    t.equal(user(unmountAs(dir)).stdout, `${EINVAL} fusermount3: entry for ${dir} not found in /etc/mtab\n`)
  })
}

t.test('user_allow_other', async t => {
  openDevice(t)
  const conf = join(scratch(), 'fuse.conf')
  t.teardown(() => rmSync(join(conf, '..'), { recursive: true }))
  writeFileSync(conf, '# comment\n  user_allow_other \n')
  chmodSync(conf, 0o644)
  // In a mount namespace of its own, where /etc/fuse.conf is another file.
  const inside = ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/fuse.conf && exec "$@"', conf]
  const served = await serve('devfuse', { dir: folderOf(NOBODY), as: [...inside, ...asUser(NOBODY)] })
  t.teardown(() => served.stop())
  t.match(served.mounted, { allowOther: true })
  t.match(mountLine(served.dir, `/proc/${served.pid}/mounts`), /,allow_other 0 0$/)
  t.equal(run('nsenter', ['-t', String(served.pid), '-m', 'cat', `${served.dir}/hello`]).stdout, FILES.hello, 'root may enter')
})

t.test('an ordinary user, refused', async t => {
  openDevice(t)
  const theirs = scratch()
  const ours = folderOf(NOBODY)
  const nameless = folderOf(NAMELESS)
  t.teardown(() => {
    for (const dir of [theirs, ours, nameless]) rmSync(dir, { recursive: true })
  })
  chmodSync(theirs, 0o755)
  t.match(
    await failure(serve('devfuse', { dir: theirs, as: asUser(NOBODY) })),
    /^fusermount3: user has no write access to mountpoint/,
  )
  t.match(
    await failure(serve('devfuse', { dir: `${ours}/none`, as: asUser(NOBODY) })),
    /^fusermount3: .*No such file or directory$/,
  )
  chmodSync('/dev/fuse', 0o600)
  t.match(await failure(serve('devfuse', { dir: ours, as: asUser(NOBODY) })), /^fusermount3: .*\/dev\/fuse: Permission denied$/)
  chmodSync('/dev/fuse', 0o666)
  t.equal(
    await failure(serve('devfuse', { dir: nameless, as: asUser(NAMELESS) })),
    'fusermount3: could not determine username',
    'the user must be in /etc/passwd',
  )
  const elsewhere = ['env', `PATH=${ours}`, ...asUser(NOBODY).with(0, sh('command -v setpriv').stdout.trim())]
  t.equal(
    await failure(serve('devfuse', { dir: ours, as: elsewhere })),
    'fusermount3 is not installed (Debian package fuse3)',
    'no fusermount3 in PATH',
  )
  t.equal(mountLine(ours), '')
})

t.test("kill -9 of an ordinary user's daemon: its user cleans up", async t => {
  openDevice(t)
  const served = await serve('devfuse', { dir: folderOf(NOBODY), as: asUser(NOBODY) })
  t.teardown(() => served.stop())
  await served.kill()
  const { stdout, stderr } = user(node('stale', `console.log(m.clearStaleMount('${served.dir}'))`))
  t.equal(stdout, 'true\n', stderr)
  t.equal(mountLine(served.dir), '')
})
