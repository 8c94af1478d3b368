import t from 'tap'
import type { NetNs } from '../../../src/platform/platform.ts'
import { SourceSession } from '../../../src/sources/session.ts'
import type { SocketSource } from '../../../src/sources/socket.ts'
import { SocketOps } from '../../../src/targets/socket-ops.ts'
import { noPlatform } from '../../support/no-platform.ts'

t.test('a slow reader', t => {
  let now = 0
  const looks = ['abcd', 'xbdcy', 'd', '']
  const session = new SourceSession({ ...noPlatform, nowMs: () => now }, { denied: () => {} })
  let closed = 0
  const net = { close: () => closed++ } as never as NetNs
  let looked = 0
  const list = (): SocketSource[] => [...looks[looked++]!].map(id => ({ id }) as SocketSource)
  const ops = new SocketOps(session, net, list, socket => ({ sk: socket?.id ?? null }))
  const id = (socket: SocketSource | null): string | null => socket?.id ?? null

  t.equal(looked, 0, 'nothing is listed at open')
  t.equal(id(ops.start()), 'a')
  t.equal(id(ops.next()), 'b')
  ops.stop()
  t.equal(id(ops.start()), 'b', 'what was not shown')
  t.equal(looked, 1, 'a young list is kept')
  ops.stop()
  now += 1000
  t.equal(id(ops.start()), 'b', 'of an old one what is still there')
  t.equal(looked, 2)
  t.equal(id(ops.next()), 'c', 'in the order of the first')
  ops.stop()
  now += 1000
  t.equal(id(ops.start()), 'd', 'c is gone')
  t.equal(id(ops.next()), null, 'nor are later ones shown')
  ops.stop()
  now += 1000
  t.equal(id(ops.start()), null)
  t.equal(looked, 3, 'nothing is looked at for the end')
  t.same(ops.ctx(null), { sk: null })
  ops.close()
  t.equal(closed, 1)
  t.end()
})
