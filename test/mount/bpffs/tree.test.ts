// The tree's rules, request by request. That they are bpffs's own is checked elsewhere, on a real bpffs and on a mount.
import t from 'tap'
import * as abi from '../../../mount/fuse/abi.ts'
import type { OpName } from '../../../mount/fuse/ops.ts'
import {
  EACCES,
  EEXIST,
  EFBIG,
  EINVAL,
  EISDIR,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  ESTALE,
} from '../../../src/util/errno.ts'
import { FakeKernel } from './fake-kernel.ts'

const ROOT = abi.FUSE_ROOT_ID

t.test('root and statfs', async t => {
  const k = new FakeKernel(0o700)
  const { ino, mode, nlink, size, blksize } = k.attr(ROOT)
  t.same(
    { ino, mode, nlink, size, blksize },
    { ino: 1, mode: 0o41700, nlink: 2, size: 0, blksize: 4096 },
    'the sticky bit is always there',
  )
  const { bsize, frsize, namelen, blocks, files } = abi.fuse_statfs_out.decode(k.send('STATFS', ROOT)!.payload)
  t.same({ bsize, frsize, namelen, blocks, files }, { bsize: 4096, frsize: 4096, namelen: 255, blocks: 0, files: 0 })
})

t.test('names', async t => {
  const k = new FakeKernel()
  const file = k.pin(ROOT, 'pin', 1)
  const makers: [OpName, Record<string, number>, string[]][] = [
    ['LOOKUP', {}, []],
    ['MKDIR', { mode: 0o755 }, []],
    ['SYMLINK', {}, ['target']],
    ['MKNOD', { mode: 0o100600 }, []],
    ['LINK', { oldnodeid: file }, []],
  ]
  for (const [op, fields, more] of makers) {
    for (const name of ['a.b', '.hid', 'a.', '...', `.${'x'.repeat(255)}`])
      t.equal(k.errno(op, ROOT, fields, [name, ...more]), EPERM, `${op} ${name.slice(0, 9)}`)
    t.equal(k.errno(op, ROOT, fields, ['x'.repeat(256), ...more]), ENAMETOOLONG, `${op} of 256 bytes`)
  }
  t.equal(k.errno('RENAME', ROOT, { newdir: ROOT }, ['pin', 'a.b']), EPERM)
  t.equal(k.errno('UNLINK', ROOT, {}, ['a.b']), EPERM)
  t.equal(k.errno('LOOKUP', ROOT, {}, ['free']), ENOENT)
  const odd = [new Uint8Array(255).fill(0xff), Uint8Array.of(0x0a, 0x20), Uint8Array.of(0xff, 0xfe), Uint8Array.of(0xfe, 0xff)]
  for (const name of odd) t.equal(k.errno('MKDIR', ROOT, {}, [name]), 0)
  for (const name of odd) t.equal(k.errno('RMDIR', ROOT, {}, [name]), 0, 'bytes that are no UTF-8 stay apart')
})

t.test('nothing but a pin can be created', async t => {
  const k = new FakeKernel()
  for (const [mode, want] of [
    [0o100644, EACCES],
    [0o644, EACCES],
    [0o010644, EPERM],
    [0o020644, EPERM],
    [0o060644, EPERM],
    [0o140644, EPERM],
  ] as const) {
    t.equal(k.errno('MKNOD', ROOT, { mode }, ['n']), want, mode.toString(8))
  }
  t.equal(k.errno('CREATE', ROOT, { mode: 0o100644 }, ['n']), EACCES)
  t.equal(k.errno('SYMLINK', ROOT, {}, ['n', '']), ENOENT)
})

t.test('a pin is made by the CREATE of the caller that armed it', async t => {
  const k = new FakeKernel()
  const me = { uid: 1000, gid: 100, pid: 7 }
  k.tree.armPin(7, 1000, 11, false)
  t.equal(k.errno('CREATE', ROOT, { mode: 0o100600 }, ['p'], { ...me, pid: 8 }), EACCES, 'another process')
  t.equal(k.errno('CREATE', ROOT, { mode: 0o100600 }, ['p'], { ...me, uid: 0 }), EACCES, 'another user')
  t.equal(k.errno('CREATE', ROOT, { mode: 0o100600 }, ['a.b'], me), EPERM)
  const reply = k.send('CREATE', ROOT, { mode: 0o100600 }, ['p'], me)!
  const { nodeid, mode, uid, gid, nlink, size } = abi.fuse_entry_out.decode(reply.payload)
  t.same({ mode, uid, gid, nlink, size }, { mode: 0o100600, uid: 1000, gid: 100, nlink: 1, size: 0 })
  t.equal(k.errno('CREATE', ROOT, { mode: 0o100600 }, ['q'], me), EACCES, 'the arming is used up')
  const { fh } = abi.fuse_open_out.decode(reply.payload, abi.fuse_entry_out.size)
  t.equal(k.errno('READ', nodeid, { fh, size: 100 }), EINVAL, 'the handle has no session')
  t.equal(k.errno('WRITE', nodeid, { fh, size: 1 }, [], { data: Uint8Array.of(1) }), EINVAL)
  t.equal(k.errno('RELEASE', nodeid, { fh }), 0)
  t.same(k.calls, ['getObject 11'])

  k.tree.armPin(7, 1000, 12, false)
  t.equal(k.errno('CREATE', ROOT, { mode: 0o100600 }, ['p'], me), EEXIST)
  k.tree.armPin(7, 1000, 13, false)
  t.equal(k.tree.objectOfInode(k.entry('CREATE', ROOT, { mode: 0o100600 }, ['q'], me).ino), 13, 'the last arming counts')
  k.tree.armPin(7, 1000, 14, false)
  k.clock += 61_000_000_000n
  t.equal(k.errno('CREATE', ROOT, { mode: 0o100600 }, ['r'], me), EACCES, 'an old arming is void')
  t.same(k.tree.pins(), [
    { object: 11, path: 'p' },
    { object: 13, path: 'q' },
  ])
  t.equal(k.tree.objectOfInode(ROOT), undefined)
})

t.test('a pin may have a dot in its name, for whom it was armed so', async t => {
  const k = new FakeKernel()
  const me = { uid: 1000, gid: 100, pid: 7 }
  k.tree.armPin(7, 1000, 11, true)
  t.equal(k.errno('LOOKUP', ROOT, {}, ['x.prom'], me), ENOENT, 'free: the kernel goes on to CREATE')
  t.equal(k.errno('LOOKUP', ROOT, {}, ['x.prom'], { ...me, pid: 8 }), EPERM, 'another process')
  t.equal(k.errno('LOOKUP', ROOT, {}, ['x'.repeat(256)], me), ENAMETOOLONG)
  for (const [op, fields, more] of [
    ['MKDIR', { mode: 0o755 }, []],
    ['SYMLINK', {}, ['target']],
    ['MKNOD', { mode: 0o100600 }, []],
  ] as const)
    t.equal(k.errno(op, ROOT, fields, ['x.prom', ...more], me), EPERM, op)
  t.equal(k.errno('CREATE', ROOT, { mode: 0o100600 }, ['.iterfs'], me), EEXIST)
  const { nodeid } = k.entry('CREATE', ROOT, { mode: 0o100600 }, ['x.prom'], me)
  t.equal(k.errno('LOOKUP', ROOT, {}, ['y.prom'], me), EPERM, 'the arming is used up')
  t.equal(k.entry('LOOKUP', ROOT, {}, ['x.prom']).nodeid, nodeid, 'anybody finds it')
  t.same(k.names(ROOT), ['x.prom'])
  t.equal(k.send('OPEN', nodeid, { flags: 0 }), null, 'and opens it')
  const other = k.pin(ROOT, 'p', 12)
  t.equal(k.errno('LINK', ROOT, { oldnodeid: nodeid }, ['y.prom']), EPERM)
  t.equal(k.errno('RENAME', ROOT, { newdir: ROOT }, ['p', 'x.prom']), EPERM, 'nothing replaces it')
  t.equal(k.errno('RENAME2', ROOT, { newdir: ROOT, flags: 2 }, ['p', 'x.prom']), EPERM)
  t.equal(k.errno('RENAME2', ROOT, { newdir: ROOT, flags: 2 }, ['x.prom', 'p']), EPERM)
  t.equal(k.errno('RENAME', ROOT, { newdir: ROOT }, ['x.prom', 'y.prom']), EPERM)
  t.equal(k.errno('RENAME', ROOT, { newdir: ROOT }, ['x.prom', 'q']), 0, 'a name without a dot is free for all')
  t.equal(k.entry('LOOKUP', ROOT, {}, ['q']).nodeid, nodeid)
  t.equal(k.entry('LOOKUP', ROOT, {}, ['p']).nodeid, other)
  k.pin(ROOT, 'z.prom', 13, 0o600, {}, true)
  t.equal(k.errno('UNLINK', ROOT, {}, ['z.prom']), 0)
  t.equal(k.errno('LOOKUP', ROOT, {}, ['z.prom']), EPERM)
})

t.test('open and read go to the host', async t => {
  const k = new FakeKernel()
  const pin = k.pin(ROOT, 'p', 5)
  k.calls.length = 0
  t.equal(k.send('OPEN', pin, { flags: 0 }, [], { pid: 9 }), null, 'answered later')
  const fh = Number(k.calls[0]!.split(' ')[3])
  t.equal(k.send('READ', pin, { fh, size: 4096, offset: 77 }), null)
  t.equal(k.errno('WRITE', pin, { fh, size: 1 }, [], { data: Uint8Array.of(1) }), EINVAL)
  t.equal(k.errno('FSYNC', pin, { fh }), EINVAL)
  t.equal(k.errno('RELEASE', pin, { fh }), 0)
  t.same(k.calls, [`openPin 9 5 ${fh}`, `readPin ${fh} 4096`, `releasePin ${fh}`])
  t.equal(k.errno('READ', pin, { fh, size: 1 }), EINVAL, 'closed')
  t.equal(k.errno('OPEN', pin, { flags: 0x20 }), EINVAL, 'execve')
  t.equal(k.errno('OPEN', pin, { flags: 0x4000 }), EINVAL, 'O_DIRECT')
  t.equal(k.errno('OPEN', ROOT), EISDIR)
  k.send('INTERRUPT', 0, { unique: 44 })
  t.equal(k.calls.at(-1), 'interrupt 44')
})

t.test('the link is given back with the last name, open file and kernel reference', async t => {
  const k = new FakeKernel()
  const pin = k.pin(ROOT, 'p', 5)
  k.entry('LINK', ROOT, { oldnodeid: pin }, ['q'])
  k.send('OPEN', pin)
  const fh = k.tree.held.files && Number(k.calls.at(-1)!.split(' ')[3])
  k.errno('UNLINK', ROOT, {}, ['p'])
  t.equal(k.attr(pin).nlink, 1)
  k.errno('UNLINK', ROOT, {}, ['q'])
  t.equal(k.attr(pin).nlink, 0, 'still there for the open file')
  t.equal(k.send('OPEN', pin), null, '/proc/self/fd/N can be opened again')
  k.tree.openFailed(Number(k.calls.at(-1)!.split(' ')[3]))
  t.equal(k.errno('LINK', ROOT, { oldnodeid: pin }, ['r']), ENOENT, 'no way back')
  k.errno('RELEASE', pin, { fh })
  t.notOk(k.calls.includes('putObject 5'), 'the kernel still refers to it: O_PATH')
  k.send('FORGET', pin, { nlookup: 2 })
  t.same(
    k.calls.filter(call => call === 'putObject 5'),
    ['putObject 5'],
  )
  t.same(
    k.calls.filter(call => call === 'releasePin 1'),
    [],
    'the creator and a failed open have no session',
  )
  t.equal(k.errno('GETATTR', pin), ESTALE)
  t.same(k.tree.held, { nodes: 3, files: 0 }, 'root, control folder, control file')
})

t.test('BATCH_FORGET counts no further than its data', async t => {
  const k = new FakeKernel()
  const [a, b] = [k.mkdir(ROOT, 'a'), k.mkdir(ROOT, 'b')]
  for (const name of ['a', 'b']) k.errno('RMDIR', ROOT, {}, [name])
  const data = new Uint8Array(2 * abi.fuse_forget_one.size)
  abi.fuse_forget_one.encodeInto(data, 0, { nodeid: a, nlookup: 1 })
  abi.fuse_forget_one.encodeInto(data, 16, { nodeid: b, nlookup: 1 })
  t.equal(k.send('BATCH_FORGET', 0, { count: 0xffffffff }, [], { data }), null)
  t.equal(k.errno('GETATTR', a), ESTALE)
  t.equal(k.errno('GETATTR', b), ESTALE)
})

t.test('folders', async t => {
  const k = new FakeKernel()
  const dir = k.entry('MKDIR', ROOT, { mode: 0o47777 }, ['d'], { uid: 5, gid: 6 })
  t.same([dir.mode, dir.uid, dir.gid, dir.nlink], [0o41777, 5, 6, 2])
  t.equal(k.attr(ROOT).nlink, 3)
  k.errno('SETATTR', dir.nodeid, { valid: abi.FATTR_MODE | abi.FATTR_GID, mode: 0o2755, gid: 33 })
  const sub = k.entry('MKDIR', dir.nodeid, { mode: 0o700 }, ['sub'], { uid: 5, gid: 6 })
  t.same([sub.mode, sub.uid, sub.gid], [0o42700, 5, 33], 'a set-gid folder hands down group and bit')
  t.same(k.attr(k.pin(dir.nodeid, 'p', 1, 0o600, { uid: 5, gid: 6 })).gid, 33)
  t.equal(k.errno('RMDIR', ROOT, {}, ['d']), ENOTEMPTY)
  t.equal(k.errno('UNLINK', ROOT, {}, ['d']), EISDIR)
  t.equal(k.errno('RMDIR', dir.nodeid, {}, ['p']), ENOTDIR)
  t.equal(k.errno('MKDIR', sub.nodeid + 1, {}, ['x']), ENOTDIR, 'in a file')
  t.equal(k.errno('LINK', ROOT, { oldnodeid: sub.nodeid }, ['x']), EPERM)
  k.errno('RMDIR', dir.nodeid, {}, ['sub'])
  t.equal(k.errno('MKDIR', sub.nodeid, {}, ['x']), ENOENT, 'in a removed folder')
  t.equal(k.attr(sub.nodeid).nlink, 0)
  t.equal(k.attr(dir.nodeid).nlink, 2)
})

t.test('SETATTR', async t => {
  const k = new FakeKernel()
  const pin = k.pin(ROOT, 'p', 1)
  const times = () =>
    (({ atime, mtime, ctime, atimensec, mtimensec, ctimensec }) => [
      atime + atimensec / 1e9,
      mtime + mtimensec / 1e9,
      ctime + ctimensec / 1e9,
    ])(k.attr(pin))
  const before = times()
  t.equal(k.errno('SETATTR', pin, { valid: abi.FATTR_SIZE, size: 100 }), 0)
  t.same([k.attr(pin).size, times()], [100, before], 'truncate(2) changes no time')
  k.errno('SETATTR', pin, { valid: abi.FATTR_SIZE | abi.FATTR_FH, size: 3 })
  t.same(
    times().map((time, i) => time > before[i]!),
    [false, true, true],
    'ftruncate(2) changes two',
  )
  t.equal(k.errno('SETATTR', pin, { valid: abi.FATTR_SIZE, size: 2 ** 31 - 1 }), 0)
  t.equal(k.errno('SETATTR', pin, { valid: abi.FATTR_SIZE, size: 2 ** 31 }), EFBIG)
  t.equal(k.errno('SETATTR', ROOT, { valid: abi.FATTR_SIZE }), EISDIR)
  k.errno('SETATTR', pin, {
    valid: abi.FATTR_ATIME | abi.FATTR_MTIME,
    atime: -2,
    atimensec: 500_000_000,
    mtime: 2 ** 33,
    mtimensec: 1,
  })
  const { atime, atimensec, mtime, mtimensec } = k.attr(pin)
  t.same([atime, atimensec, mtime, mtimensec], [-2, 500_000_000, 2 ** 33, 1])
  k.errno('SETATTR', pin, { valid: abi.FATTR_MODE, mode: 0o106755 })
  t.equal(k.attr(pin).mode, 0o106755)
  k.calls.length = 0
  k.send('OPEN', pin, { flags: 0x201 })
  t.equal(k.attr(pin).size, 0, 'O_TRUNC')
})

t.test('control folder', async t => {
  const k = new FakeKernel()
  const { nodeid: dir, mode } = k.entry('LOOKUP', ROOT, {}, ['.iterfs'])
  t.equal(mode, 0o40555)
  t.same(k.names(ROOT), [], 'hidden')
  t.same(k.names(dir), ['ctl'])
  const { nodeid: ctl } = k.entry('LOOKUP', dir, {}, ['ctl'])
  for (const [op, fields, names] of [
    ['MKDIR', {}, ['x']],
    ['UNLINK', {}, ['ctl']],
    ['RENAME', { newdir: ROOT }, ['ctl', 'x']],
    ['CREATE', {}, ['x']],
    ['LINK', { oldnodeid: ctl }, ['x']],
  ] as const) {
    t.equal(k.errno(op, dir, fields, names), EPERM, op)
  }
  t.equal(k.errno('LINK', ROOT, { oldnodeid: ctl }, ['x']), EPERM)
  for (const op of ['RMDIR', 'UNLINK'] as const) t.equal(k.errno(op, ROOT, {}, ['.iterfs']), EPERM)
  t.equal(k.errno('SETATTR', ctl, { valid: abi.FATTR_MODE, mode: 0o777 }), EPERM)
  t.equal(k.errno('SETATTR', dir, { valid: abi.FATTR_UID, uid: 1 }), EPERM)
  t.equal(k.errno('SETATTR', ctl, { valid: abi.FATTR_SIZE }), 0, 'truncating is harmless')
  t.equal(k.errno('OPEN', ctl, {}, [], { uid: 666 }), EACCES, 'the file says no')
  const { fh, open_flags } = abi.fuse_open_out.decode(k.send('OPEN', ctl, { flags: 2 })!.payload)
  t.equal(open_flags, abi.FOPEN_DIRECT_IO)
  t.equal(abi.fuse_write_out.decode(k.send('WRITE', ctl, { fh, size: 2 }, [], { data: Uint8Array.of(7, 8) })!.payload).size, 2)
  t.same(k.written, [Uint8Array.of(7, 8)])
  t.equal(k.errno('WRITE', ctl, { fh, size: 3 }, [], { data: Uint8Array.of(7, 8) }), EINVAL, 'less data than it says')
  t.equal(new TextDecoder().decode(k.send('READ', ctl, { fh, offset: 1, size: 3 })!.payload), 'ell')
  t.equal(k.send('READ', ctl, { fh, offset: 6, size: 3 }), null, 'deferred')
  k.errno('RELEASE', ctl, { fh })
  t.same(k.calls, [`ctlRelease ${fh}`])
  t.equal(k.tree.held.files, 0)
})

t.test('maps.debug', async t => {
  const k = new FakeKernel()
  k.tree.addDebug('maps.debug', 3)
  const { nodeid, mode } = k.entry('LOOKUP', ROOT, {}, ['maps.debug'])
  t.equal(mode, 0o100400)
  t.same(k.names(ROOT), ['maps.debug'])
  const pin = k.pin(ROOT, 'p', 1)
  t.ok(pin)
  for (const [op, fields, names] of [
    ['UNLINK', {}, ['maps.debug']],
    ['RENAME', { newdir: ROOT }, ['maps.debug', 'm']],
    ['RENAME', { newdir: ROOT }, ['p', 'maps.debug']],
    ['RENAME2', { newdir: ROOT, flags: 2 }, ['p', 'maps.debug']],
    ['LINK', { oldnodeid: nodeid }, ['m']],
  ] as const) {
    t.equal(k.errno(op, ROOT, fields, names), EPERM, `${op} ${names}`)
  }
  t.equal(k.errno('MKDIR', ROOT, {}, ['maps.debug']), EEXIST)
  t.same(k.tree.pins(), [{ object: 1, path: 'p' }])
})
