import t from 'tap'
import { FUSE_ROOT_ID as ROOT } from '../../../mount/fuse/abi.ts'
import { EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY } from '../../../src/util/errno.ts'
import { FakeKernel } from './fake-kernel.ts'

const NOREPLACE = 1
const EXCHANGE = 2
const WHITEOUT = 4

/** Folders d (with file and sub) and e, pins p (link 1) and q (link 2), symlink s. */
function build(): { k: FakeKernel; d: number; e: number; p: number; q: number; sub: number } {
  const k = new FakeKernel()
  const [d, e] = [k.mkdir(ROOT, 'd'), k.mkdir(ROOT, 'e')]
  const sub = k.mkdir(d, 'sub')
  k.pin(d, 'file', 3)
  const [p, q] = [k.pin(ROOT, 'p', 1), k.pin(ROOT, 'q', 2)]
  k.entry('SYMLINK', ROOT, {}, ['s', 'nowhere'])
  return { k, d, e, p, q, sub }
}

t.test('refusals', async t => {
  const { k, d, e, sub } = build()
  const cases: [string, number, string, number, string, number, number][] = [
    ['source missing', ROOT, 'none', ROOT, 'x', 0, ENOENT],
    ['folder into itself', ROOT, 'd', d, 'x', 0, EINVAL],
    ['folder into a folder below it', ROOT, 'd', sub, 'x', 0, EINVAL],
    ['folder over a full folder', ROOT, 'e', ROOT, 'd', 0, ENOTEMPTY],
    ['folder over a file', ROOT, 'e', ROOT, 'p', 0, ENOTDIR],
    ['file over an empty folder', ROOT, 'p', ROOT, 'e', 0, EISDIR],
    ['file over a full folder', ROOT, 'p', ROOT, 'd', 0, EISDIR],
    ['NOREPLACE of a name in use', ROOT, 'p', ROOT, 'q', NOREPLACE, EEXIST],
    ['EXCHANGE with nothing', ROOT, 'p', ROOT, 'x', EXCHANGE, ENOENT],
    ['EXCHANGE with a folder above', d, 'sub', ROOT, 'd', EXCHANGE, EINVAL],
    ['EXCHANGE with a folder below', ROOT, 'd', d, 'sub', EXCHANGE, EINVAL],
    ['WHITEOUT', ROOT, 'p', ROOT, 'x', WHITEOUT, EINVAL],
    ['NOREPLACE and EXCHANGE', ROOT, 'p', ROOT, 'q', NOREPLACE | EXCHANGE, EINVAL],
    ['unknown flag', ROOT, 'p', ROOT, 'x', 8, EINVAL],
  ]
  const before = k.tree.pins()
  for (const [what, from, oldName, newdir, newName, flags, want] of cases) {
    t.equal(k.errno('RENAME2', from, { newdir, flags }, [oldName, newName]), want, what)
  }
  t.same(k.tree.pins(), before, 'nothing has changed')
  t.same([k.attr(ROOT).nlink, k.attr(d).nlink, k.attr(e).nlink], [4, 3, 2])
})

t.test('moves', async t => {
  const { k, d, e, p, q } = build()
  t.equal(k.errno('RENAME', ROOT, { newdir: ROOT }, ['p', 'q']), 0, 'over a pin')
  t.equal(k.attr(q).nlink, 0)
  t.notOk(k.calls.includes('putObject 2'))
  k.send('FORGET', q, { nlookup: 1 })
  t.ok(k.calls.includes('putObject 2'), 'the replaced pin is gone')
  t.equal(k.errno('RENAME', ROOT, { newdir: d }, ['q', 'deep']), 0)
  t.equal(k.entry('LOOKUP', d, {}, ['deep']).nodeid, p)
  t.equal(k.errno('RENAME', d, { newdir: e }, ['sub', 'sub']), 0, 'a folder')
  t.same([k.attr(d).nlink, k.attr(e).nlink], [2, 3])
  t.equal(k.readdir(k.opendir(k.entry('LOOKUP', e, {}, ['sub']).nodeid))[1]![3], e, '.. is the new parent')
  t.equal(k.errno('RENAME2', d, { newdir: ROOT, flags: NOREPLACE }, ['file', 'free']), 0)
  t.equal(k.errno('RENAME', ROOT, { newdir: ROOT }, ['free', 'free']), 0, 'to itself')
  k.entry('LINK', ROOT, { oldnodeid: p }, ['hard'])
  t.equal(k.errno('RENAME', ROOT, { newdir: d }, ['hard', 'deep']), 0, 'to another name of the same inode: both stay')
  t.equal(k.attr(p).nlink, 2)
  t.same(
    k.tree
      .pins()
      .map(({ path, object }) => `${path} ${object}`)
      .sort(),
    ['d/deep 1', 'free 3', 'hard 1'],
  )
})

t.test('exchange of a folder and a pin', async t => {
  const { k, d, e, p, sub } = build()
  t.equal(k.errno('RENAME2', ROOT, { newdir: d, flags: EXCHANGE }, ['p', 'sub']), 0)
  t.equal(k.entry('LOOKUP', ROOT, {}, ['p']).nodeid, sub)
  t.equal(k.entry('LOOKUP', d, {}, ['sub']).nodeid, p)
  t.same([k.attr(ROOT).nlink, k.attr(d).nlink, k.attr(e).nlink, k.attr(sub).nlink, k.attr(p).nlink], [5, 2, 2, 2, 1])
})

t.test('times', async t => {
  const { k, d, e, p } = build()
  const changed = (nodeids: readonly number[], act: () => void): string[] => {
    const times = () =>
      nodeids
        .map(nodeid => k.attr(nodeid))
        .map(a => [a.atime + a.atimensec / 1e9, a.mtime + a.mtimensec / 1e9, a.ctime + a.ctimensec / 1e9])
    const before = times()
    act()
    return times().map((now, i) => [...'amc'].filter((_, j) => now[j] !== before[i]![j]).join(''))
  }
  t.same(
    changed([ROOT, d, p, e], () => k.errno('RENAME', ROOT, { newdir: d }, ['p', 'x'])),
    ['mc', 'mc', 'c', ''],
  )
  t.same(
    changed([ROOT, d, p], () => k.errno('RENAME', d, { newdir: d }, ['x', 'x'])),
    ['', '', ''],
    'to itself',
  )
  t.same(
    changed([d, p], () => k.entry('LINK', d, { oldnodeid: p }, ['y'])),
    ['mc', 'c'],
  )
  t.same(
    changed([d, p], () => k.errno('UNLINK', d, {}, ['y'])),
    ['mc', 'c'],
  )
  t.same(
    changed([d], () => k.names(d)),
    ['a'],
    'relatime: the first listing after a change',
  )
  t.same(
    changed([d], () => k.names(d)),
    [''],
  )
  t.same(
    changed([d], () => {
      k.clock += 86_400_000_000_000n
      k.names(d)
    }),
    ['a'],
    'and once a day',
  )
  const { nodeid: s } = k.entry('LOOKUP', ROOT, {}, ['s'])
  t.same(
    changed([s], () => t.equal(new TextDecoder().decode(k.send('READLINK', s)!.payload), 'nowhere')),
    ['a'],
  )
})
