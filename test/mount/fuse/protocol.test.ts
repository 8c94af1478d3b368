// The protocol on bytes: requests as the kernel sends them, replies byte by byte.
import t from 'tap'
import {
  DEFERRED,
  encodeReply,
  encodeReplyHeader,
  type FuseHandlers,
  FuseProtocol,
  type FuseRequest,
} from '../../../mount/fuse/protocol.ts'
import { EINVAL, EIO, ENOENT, ENOSYS, EPROTO, ErrnoError } from '../../../src/util/errno.ts'
import { fromHex, hex, toHex } from '../../support/hex.ts'

const bugs: unknown[] = []
const protocolOf = (handlers: FuseHandlers): FuseProtocol => new FuseProtocol(handlers, { report: err => bugs.push(err) })

t.test('a request is decoded as its row says', async t => {
  const seen: FuseRequest[] = []
  const protocol = protocolOf({
    RENAME2: req => {
      seen.push(req)
      return 0
    },
  })
  const reply = protocol.handle(hex`
    42000000 2d000000 0700000000000000 0100000000000000  // len 66, RENAME2, unique 7, nodeid 1
    e8030000 64000000 2a000000 0000 0000                 // uid 1000, gid 100, pid 42, no extensions
    0500000000000000 02000000 00000000                   // newdir 5, flags EXCHANGE
    6f6c6400 6e65775f3100                                // "old", "new_1"`)
  t.equal(toHex(reply), '10000000' + '00000000' + '0700000000000000')
  const { names, data, ...rest } = seen[0]!
  const want = { op: 'RENAME2', unique: 7, nodeid: 1, uid: 1000, gid: 100, pid: 42, in: { newdir: 5, flags: 2, padding: 0 } }
  t.same(rest, want)
  t.same(names.map(toHex), ['6f6c64', '6e65775f31'])
  t.equal(data.length, 0)
})

t.test('payload, errno and deferred replies', async t => {
  const readlink = hex`28000000 05000000 0900000000000080 0200000000000000 00000000 00000000 00000000 00000000`
  const answer = (value: Uint8Array | number | typeof DEFERRED) => toHex(protocolOf({ READLINK: () => value }).handle(readlink))
  t.equal(answer(hex`6162`), '12000000' + '00000000' + '0900000000000080' + '6162', 'all 64 bits of unique come back')
  t.equal(answer(-ENOENT), '10000000' + 'feffffff' + '0900000000000080')
  t.equal(answer(DEFERRED), null)
  t.equal(toHex(protocolOf({}).handle(readlink)), '10000000' + 'daffffff' + '0900000000000080', 'no handler: ENOSYS')
})

t.test('exceptions leave through one door', async t => {
  const statfs = hex`28000000 11000000 0900000000000000 0100000000000000 00000000 00000000 00000000 00000000`
  const errno = (STATFS: () => Uint8Array) => {
    const reply = protocolOf({ STATFS }).handle(statfs)!
    return -new DataView(reply.buffer).getInt32(4, true)
  }
  bugs.length = 0
  t.equal(errno(() => { throw new ErrnoError(ENOENT) }), ENOENT) // biome-ignore format: one line each
  t.equal(bugs.length, 0, 'an expected failure is not reported')
  const bug = new TypeError('ours')
  t.equal(errno(() => { throw bug }), EIO) // biome-ignore format: one line each
  t.same(bugs, [bug])
  t.equal(
    errno(() => new Uint8Array(79)),
    EIO,
    'an answer of the wrong size never reaches the kernel',
  )
  t.match(bugs[1], { message: 'STATFS: want an answer of 80 bytes, got 79' })
})

t.test('malformed requests', async t => {
  const protocol = protocolOf({
    LOOKUP: () => t.fail('handler called') as never,
    OPEN: () => t.fail('handler called') as never,
    FORGET: () => t.fail('handler called') as never,
  })
  const errno = (request: Uint8Array): number | null => {
    const reply = protocol.handle(request)
    return reply && -new DataView(reply.buffer).getInt32(4, true)
  }
  t.equal(errno(hex``), null, 'empty: dropped')
  t.equal(errno(hex`28000000 01000000 07`), null, 'half a header: dropped')
  t.equal(
    errno(hex`2c000000 01000000 0700000000000000 0100000000000000 00000000 00000000 00000000 00000000 61626364`),
    EINVAL,
    'name without NUL',
  )
  t.equal(
    errno(hex`29000000 01000000 0700000000000000 0100000000000000 00000000 00000000 00000000 00000000 6100`),
    EINVAL,
    'len is too small',
  )
  t.equal(
    errno(hex`ffffffff 01000000 0700000000000000 0100000000000000 00000000 00000000 00000000 00000000 6100`),
    EINVAL,
    'len is too large',
  )
  t.equal(
    errno(hex`2a000000 01000000 0700000000000000 0100000000000000 00000000 00000000 00000000 ffff0000 6100`),
    EINVAL,
    'extensions longer than the request',
  )
  t.equal(
    errno(hex`2c000000 0e000000 0700000000000000 0100000000000000 00000000 00000000 00000000 00000000 00000000`),
    EINVAL,
    'half a fuse_open_in',
  )
  t.equal(
    errno(hex`28000000 02000000 0700000000000000 0100000000000000 00000000 00000000 00000000 00000000`),
    null,
    'half a FORGET: no reply to FORGET',
  )
  t.equal(
    errno(hex`28000000 e7030000 0700000000000000 0100000000000000 00000000 00000000 00000000 00000000`),
    ENOSYS,
    'no such operation',
  )
  t.equal(
    errno(hex`28000000 e7030000 0000000000000000 0100000000000000 00000000 00000000 00000000 00000000`),
    null,
    'a reply to 0 would be a notification',
  )
})

t.test('extensions behind the names are skipped', async t => {
  const names: (string | null)[] = []
  const protocol = protocolOf({
    MKDIR: req => {
      names.push(...req.names.map(toHex))
      return -ENOENT
    },
  })
  protocol.handle(hex`
    3a000000 09000000 0700000000000000 0100000000000000  // len 58, MKDIR
    00000000 00000000 00000000 0100 0000                 // total_extlen 1 (8 bytes)
    ed010000 12000000 6400                               // mode 0755, umask 022, "d"
    0800000001000000                                     // an extension`)
  t.same(names, ['64'])
})

t.test('INIT', async t => {
  const init = (major: string, minor: string, flags: string): string | null => {
    const text = `38000000 1a000000 0100000000000000 0000000000000000 00000000 00000000 00000000 00000000 ${major} ${minor} 00000200 ${flags}`
    return toHex(protocolOf({}).handle(fromHex(text)))
  }
  const answer = (minor: string, flags: string): string =>
    [
      '50000000 00000000 0100000000000000',
      `07000000 ${minor} 00000200 ${flags}`,
      '40003000 00000200 01000000',
      '0001 0000',
      '00'.repeat(32),
    ]
      .join('')
      .replaceAll(' ', '')
  t.equal(init('07000000', '1f000000', 'ffffffff'), answer('1f000000', '29004400'), '7.31, everything offered')
  t.equal(
    init('07000000', '2d000000', '20000000'),
    answer('2d000000', '20000000'),
    '7.45; nothing is asked for that is not offered',
  )
  t.equal(init('07000000', 'ff000000', 'ffffffff'), answer('2d000000', '29004400'), 'a newer kernel gets our version')
  t.equal(init('08000000', '00000000', 'ffffffff'), answer('2d000000', '29004400'), 'so does another major version')
  const refused = `10000000${(2 ** 32 - EPROTO).toString(16).match(/../g)!.reverse().join('')}0100000000000000`
  t.equal(init('07000000', '1e000000', 'ffffffff'), refused, 'older than 7.31')
  t.equal(init('06000000', '2d000000', 'ffffffff'), refused, 'older major version')
})

t.test('replies made elsewhere', async t => {
  t.equal(toHex(encodeReply(7, 0, hex`0102`)), '12000000' + '00000000' + '0700000000000000' + '0102')
  t.equal(toHex(encodeReply(7, EIO, hex`0102`)), '10000000' + 'fbffffff' + '0700000000000000', 'a failure has no payload')
  const header = new Uint8Array(16)
  encodeReplyHeader(header, 2 ** 40, 0, 32768)
  t.equal(toHex(header), '10800000' + '00000000' + '0000000000010000')
})
