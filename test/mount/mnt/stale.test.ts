// What a daemon that died leaves behind, and what must not be mistaken for it.
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { clearStaleMount } from '../../../mount/mnt/stale.ts'
import { unmount } from '../../../mount/mnt/unmount.ts'
import { MNT_DETACH, mount, umount2 } from '../../../mount/sys.ts'
import { EBUSY, EINVAL } from '../../../src/util/errno.ts'
import { run, scratch, sh } from '../../support/daemon.ts'
import { type Serving, serve } from '../transport/serving.ts'

const work = scratch()
t.teardown(() => rmSync(work, { recursive: true }))
const folder = (name: string): string => {
  mkdirSync(join(work, name))
  return join(work, name)
}
const mountsOn = (dir: string): number => {
  const escaped = dir.replaceAll(' ', '\\040')
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter(line => line.split(' ')[1] === escaped).length
}

for (const transport of ['devfuse', 'fuse-native'] satisfies Serving[]) {
  t.test(`kill -9, ${transport}`, async t => {
    const served = await serve(transport, { dir: folder(transport) })
    t.teardown(() => served.stop())
    t.notOk(clearStaleMount(served.dir), 'a live mount stays')
    t.equal(run('cat', [`${served.dir}/hello`]).status, 0)
    await served.kill()
    t.match(run('stat', [served.dir]).stderr, /Transport endpoint is not connected/)
    t.ok(clearStaleMount(served.dir))
    t.equal(mountsOn(served.dir), 0)
    t.notOk(clearStaleMount(served.dir), 'nothing is left')
    t.same(run('ls', ['-A', served.dir]), { status: 0, stdout: '', stderr: '' })
  })
}

t.test('the name of the mountpoint', async t => {
  const real = folder('real')
  const link = join(work, 'link')
  symlinkSync(real, link)
  for (const [given, dir] of [
    [folder('a b'), undefined],
    [folder('a\\b\tc\nd'), undefined],
    [folder('no-break\u00a0space'), undefined],
    [link, real],
    [join(link, '..', 'link'), real],
  ] as const) {
    const served = await serve('devfuse', { dir: dir ?? given })
    t.teardown(() => served.stop())
    await served.kill()
    t.ok(clearStaleMount(given), given)
    t.equal(sh(`ls -d '${given}/.'`).status, 0)
  }
})

t.test('one dead mount on the other', async t => {
  const dir = folder('stack')
  const both = [await serve('devfuse', { dir }), await serve('devfuse', { dir })]
  for (const served of both) t.teardown(() => served.stop())
  t.equal(mountsOn(dir), 2)
  for (const served of both) await served.kill()
  t.ok(clearStaleMount(dir))
  t.equal(mountsOn(dir), 0)
})

t.test('others are left alone', async t => {
  const dir = folder('others')
  t.teardown(() => run('umount', ['-l', dir]))
  t.notOk(clearStaleMount(dir), 'no mount at all')
  t.notOk(clearStaleMount(join(dir, 'none')), 'no folder')
  mount('tmpfs', dir, 'tmpfs', 0, '')
  t.notOk(clearStaleMount(dir), 'another file system')
  t.equal(mountsOn(dir), 1)
  umount2(dir, 0)

  const dead = await serve('other', { dir })
  t.teardown(() => dead.stop())
  await dead.kill()
  t.match(run('stat', [dir]).stderr, /Transport endpoint is not connected/)
  t.notOk(clearStaleMount(dir), 'the dead mount of another FUSE file system')
  t.equal(mountsOn(dir), 1)
  umount2(dir, MNT_DETACH)
})

t.test('unmount', async t => {
  const served = await serve('devfuse', { dir: folder('busy') })
  t.teardown(() => served.stop())
  const { dir } = served
  const held = sh(`cd ${dir} && sleep 30 >/dev/null 2>&1 & echo $!`).stdout.trim()
  t.teardown(() => run('kill', ['-9', held]))
  t.throws(() => unmount(dir, { lazy: false }), { errno: EBUSY, message: `umount ${dir}: Device or resource busy` })
  unmount(dir, { lazy: true })
  t.equal(mountsOn(dir), 0)
  t.throws(() => unmount(dir, { lazy: true }), { errno: EINVAL, message: `umount ${dir}: Invalid argument` })
  run('kill', ['-9', held])
  t.same(await served.ended(), { ended: 'unmounted' })
})
