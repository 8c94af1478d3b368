import t from 'tap'
import { FUSE_ROOT_ID as ROOT } from '../../../mount/fuse/abi.ts'
import { ENOTDIR } from '../../../src/util/errno.ts'
import { FakeKernel } from './fake-kernel.ts'

const DT_DIR = 4
const DT_REG = 8
const DT_LNK = 10

t.test('order, types and inode numbers', async t => {
  const k = new FakeKernel()
  const dir = k.mkdir(ROOT, 'dir')
  const pin = k.pin(ROOT, 'pin', 1)
  const { ino } = k.entry('SYMLINK', ROOT, {}, ['sym', 'x'])
  const sub = k.mkdir(dir, 'sub')
  const want = [
    ['.', 1, DT_DIR, 1],
    ['..', 2, DT_DIR, 1],
    ['sym', 3, DT_LNK, ino],
    ['pin', 4, DT_REG, pin],
    ['dir', 5, DT_DIR, dir],
  ]
  t.same(k.readdir(k.opendir(ROOT)), want, 'the newest entry is first')
  t.same(k.readdir(k.opendir(sub)), [
    ['.', 1, DT_DIR, sub],
    ['..', 2, DT_DIR, dir],
  ])
  t.equal(k.errno('READDIR', pin, { fh: 99, size: 4096 }) > 0, true, 'no such handle')
  k.send('OPEN', pin)
  t.equal(k.errno('READDIR', pin, { fh: Number(k.calls.at(-1)!.split(' ')[3]), size: 4096 }), ENOTDIR)
})

t.test('renamed and made again: to the front', async t => {
  const k = new FakeKernel()
  for (const name of ['a', 'b', 'c', 'd']) k.mkdir(ROOT, name)
  t.same(k.names(ROOT), ['d', 'c', 'b', 'a'])
  k.errno('RENAME', ROOT, { newdir: ROOT }, ['b', 'b2'])
  t.same(k.names(ROOT), ['b2', 'd', 'c', 'a'])
  k.errno('RMDIR', ROOT, {}, ['a'])
  k.mkdir(ROOT, 'a')
  t.same(k.names(ROOT), ['a', 'b2', 'd', 'c'])
  k.errno('RENAME2', ROOT, { newdir: ROOT, flags: 2 }, ['b2', 'c'])
  t.same(k.names(ROOT), ['c', 'b2', 'a', 'd'], 'exchange: the source is before the target')
})

t.test('changes during a scan', async t => {
  const k = new FakeKernel()
  for (const name of ['n0', 'n1', 'n2', 'n3', 'n4', 'n5']) k.mkdir(ROOT, name)
  const fh = k.opendir(ROOT)
  const some = 3 * 32 // three entries
  t.same(
    k.readdir(fh, 0, some).map(([name, off]) => `${name} ${off}`),
    ['. 1', '.. 2', 'n5 3'],
  )
  for (const name of ['n5', 'n1']) k.errno('RMDIR', ROOT, {}, [name])
  k.errno('RENAME', ROOT, { newdir: ROOT }, ['n0', 'm0'])
  k.mkdir(ROOT, 'new')
  t.same(
    k.readdir(fh, 3, some).map(([name, off]) => `${name} ${off}`),
    ['n4 4', 'n3 5', 'n2 6'],
    'neither gone nor renamed nor new ones',
  )
  t.same(k.readdir(fh, 6), [])
  t.same(k.readdir(fh, 1000), [], 'far behind the end')
  t.same(
    k.readdir(fh, 0).map(([name]) => name),
    ['.', '..', 'new', 'm0', 'n4', 'n3', 'n2'],
    'rewinddir: a new scan',
  )
  t.same(
    k.readdir(fh, 4).map(([name]) => name),
    ['n4', 'n3', 'n2'],
    'seekdir',
  )
  t.same(k.readdir(fh, 0, 31), [], 'no room for one entry')
  t.equal(k.readdir(fh, 0, 0xffffffff).length, 7, 'a size that nobody could answer')
  t.same(
    k.readdir(k.opendir(ROOT), 3).map(([name]) => name),
    ['m0', 'n4', 'n3', 'n2'],
    'a scan that starts in the middle',
  )
})

t.test('a huge size is not allocated', async t => {
  const k = new FakeKernel()
  k.mkdir(ROOT, 'only')
  const before = process.memoryUsage().arrayBuffers
  t.equal(k.readdir(k.opendir(ROOT), 0, 0xffff_ffff).length, 3)
  t.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024, 'no more than a read of the kernel asks for')
})
