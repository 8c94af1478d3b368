// Sockets of AF_UNIX and of netlink where a source is missing, lies, or leaves something out.
import t from 'tap'
import type { NetNs } from '../../../src/platform/platform.ts'
import { merge } from '../../../src/sources/merge.ts'
import { NetlinkSockets } from '../../../src/sources/netlink-sockets.ts'
import { parseUnix } from '../../../src/sources/proc-unix.ts'
import { UnixSockets } from '../../../src/sources/unix.ts'
import { EACCES, EPERM, ErrnoError } from '../../../src/util/errno.ts'
import { latin1Bytes, unixMessage, unixReply } from '../../support/unix-messages.ts'

const HEADING = 'Num       RefCount Protocol Flags    Type St Inode Path\n'
const line = (pointer: string, rest: string): string => `${pointer.padStart(16, '0')}: ${rest}\n`
const A = line('a1', '00000002 00000000 00010000 0001 01    10 /run/a b')
const B = line('b2', '00000003 00000000 00000000 0005 03    11')
const C = line('c3', '00000002 00000000 00000000 0002 01    12 @x@y')
const QUEUED = line('d4', '00000003 00000000 00000000 0001 02     0 /run/a b')
const NONE = new Map<number, Uint8Array>()

/** Answers one after the other, the last of them for ever. */
function fakeNet(files: readonly string[], netlink: NetNs['netlink']): NetNs {
  let reads = 0
  return {
    inum: 1,
    netlink,
    read: () => latin1Bytes(files[Math.min(reads++, files.length - 1)]!),
    inodes: () => [],
    again: failedAgain,
    close: () => {},
  }
}
type Sockets = ReturnType<UnixSockets['list']> & Record<0 | 1 | 2 | 3, ReturnType<UnixSockets['list']>[number]>
const inodes = (list: readonly { readonly inode: number }[]): number[] => list.map(({ inode }) => inode)
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1')
const failed = (message: string): never => {
  throw new ErrnoError(EACCES, message)
}
const failedAgain = (): never => failed('again')
const refuse = (): never => {
  throw new ErrnoError(EPERM, 'netlink is not allowed here')
}

t.test('without unix_diag', t => {
  const [a, b, c, queued] = new UnixSockets(fakeNet([HEADING + A + B + C + QUEUED], refuse)).list() as never as Sockets
  t.same([a.inode, a.state, a.type, a.refcnt(), a.uid], [10, 10, 1, 2, 65534])
  t.equal(text(a.address?.path), '/run/a b\0')
  t.same([b.state, b.type, b.address], [1, 5, null])
  t.equal(text(c.address?.path), '\0x@y', 'which @ was a NUL is not shown')
  t.same([c.state, queued.state, queued.inode, queued.uid], [7, 1, 0, 0])
  const missing = { errno: EPERM, message: /netlink is not allowed here/ }
  t.throws(() => a.memory(), missing)
  t.throws(() => a.peer, missing)
  t.throws(() => a.cookie(), missing)
  t.end()
})

t.test('neither source', t => {
  const net: NetNs = { ...fakeNet([], refuse), read: () => failed('/proc/net/unix: Permission denied') }
  t.throws(() => new UnixSockets(net).list(), { errno: EACCES, message: /\/proc\/net\/unix/ })
  t.throws(() => new NetlinkSockets(net).list(), { errno: EACCES, message: /Permission denied/ })
  t.end()
})

t.test('names with lines in them', t => {
  const evil = `/e\n${B.slice(0, -1)} fake`
  const file = HEADING + line('e5', `00000002 00000000 00000000 0001 01    13 ${evil}`) + C
  const names = new Map([[13, latin1Bytes(`${evil}\0`)]])
  t.same(inodes(parseUnix(latin1Bytes(file), names)), [13, 12])
  const waits = file + line('e6', `00000002 00000000 00000000 0001 02     0 ${evil}`) + A
  const rows = parseUnix(latin1Bytes(waits), names)
  t.same(inodes(rows), [13, 12, 0, 10], 'who waits has the name of the listener')
  t.equal(rows[2]!.text, evil)
  t.same(inodes(parseUnix(latin1Bytes(`${HEADING}garbage\n${A}\n${C}`), NONE)), [10, 12], 'what is no line is passed over')
  t.end()
})

t.test('without addresses those that wait are counted', t => {
  const hidden = QUEUED.replace('d4', '00')
  const keys = parseUnix(latin1Bytes(HEADING + hidden + hidden + QUEUED), NONE).map(({ key }) => key)
  t.equal(new Set(keys).size, 3)
  t.end()
})

t.test('what one look leaves out another one has', t => {
  const sockets = [
    unixMessage({ type: 1, state: 10, ino: 10, name: '/run/a b\0', waiting: [11] }),
    unixMessage({ type: 5, state: 1, ino: 11, peer: 0 }),
    unixMessage({ type: 2, state: 7, ino: 12, name: '\0x\0y' }),
  ]
  const diag = unixReply(sockets)
  const looks = [HEADING + A, HEADING + A + C, HEADING + A + B + C + QUEUED + C]
  const list = new UnixSockets(fakeNet(looks, diag)).list()
  t.same(inodes(list), [10, 11, 12, 0], 'each once')
  const [a, b, c, queued] = list as never as Sockets
  t.equal(text(c.address?.path), '\0x\0y', 'the exact name')
  t.equal(queued.listener?.inode, 10)
  t.equal(queued.peer?.inode, 11)
  t.equal(b.peer?.inode, 0)
  t.equal(b.peer?.id, queued.id, 'the two ends know each other')
  t.equal(a.listener, null)
  t.end()
})

t.test('merge', t => {
  const by = (a: string, b: string): string => merge([...a], [...b], x => x).join('')
  t.equal(by('abc', 'abc'), 'abc')
  t.equal(by('ac', 'xabcy'), 'xabcy')
  t.equal(by('abab', ''), 'ab')
  t.equal(by('', 'aab'), 'ab')
  t.end()
})
