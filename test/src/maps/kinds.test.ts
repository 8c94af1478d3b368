// Maps that are neither hash nor array: queues, ring buffers, filters, storage, maps of maps and of sockets.
import t from 'tap'
import { commitRecord, type RingbufMap } from '../../../src/maps/ringbuf.ts'
import { ArrayOfMaps, HashOfMaps, type ProgArrayMap } from '../../../src/maps/slots.ts'
import type { SocketMap } from '../../../src/maps/sockets.ts'
import type { StorageMap } from '../../../src/maps/storage.ts'
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT, EOPNOTSUPP } from '../../../src/util/errno.ts'
import { ATTR, Fixture, NO_PREALLOC, u32, u64, ZERO_SEED } from '../../support/map-fixture.ts'

t.test('queue and stack', t => {
  const f = new Fixture()
  for (const [type, order] of [
    [22, [3, 4, 5]],
    [23, [5, 4, 3]],
  ] as const) {
    const map = f.map({ type, keySize: 0, valueSize: 8, maxEntries: 3, flags: 0 })
    const push = (n: number, flags = 0): number => {
      f.space.view.setFloat64(f.value, n, true)
      return map.push(f.value, flags)
    }
    const pop = (): number | null => (map.pop(f.value) === 0 ? f.space.view.getFloat64(f.value, true) : null)
    for (const n of [1, 2, 3]) push(n)
    t.equal(push(4), -E2BIG)
    t.equal(push(4, 2), 0, 'BPF_EXIST makes room')
    t.equal(push(5, 2), 0)
    t.same([pop(), pop(), pop()], order)
    f.space.view.setFloat64(f.value, 8, true)
    t.equal(map.peek(f.value), -ENOENT)
    t.equal(f.space.view.getFloat64(f.value, true), 0, 'nothing is zeroes')
  }
  t.end()
})

t.test('ring buffer', t => {
  const f = new Fixture()
  const ring = f.map({ type: 27, keySize: 0, valueSize: 0, maxEntries: 4096, flags: 0 }) as RingbufMap
  t.equal(ring.query(0), 0)
  t.equal(ring.query(1), 4096)
  const first = ring.reserve(10)
  const second = ring.reserve(20)
  f.space.view.setUint32(first, 111, true)
  t.equal(ring.consume(), null, 'nothing is submitted')
  commitRecord(f.space, second, false)
  t.equal(ring.consume(), null, 'records come in order')
  commitRecord(f.space, first, false)
  t.equal(ring.query(0), 24 + 32)
  t.same(ring.consume()?.subarray(0, 4), u32(111))
  t.equal(ring.consume()?.length, 20)
  t.equal(ring.consume(), null)
  commitRecord(f.space, ring.reserve(8), true)
  t.equal(ring.consume(), null, 'what is discarded is passed over')
  t.equal(ring.query(2), ring.query(3))
  t.equal(ring.reserve(4089), 0, 'too long for the ring')
  t.equal(ring.reserve(8, 1), 0)
  t.equal(ring.reserve(-1), 0)
  t.equal(ring.output(f.value, 8, 4), -EINVAL)
  t.equal(ring.output(f.value, 8, 0), 0)
  let filled = 0
  while (ring.output(f.value, 100, 0) === 0) filled++
  t.equal(filled, Math.floor((4095 - 16) / 112))
  t.equal(ring.output(f.value, 100, 0), -11)
  t.equal(ring.consume()?.length, 8)
  // Records that run over the end stay in one piece.
  for (let i = 0; i < 500; i++) {
    const size = 90 + (i % 40)
    const data = f.space.alloc(size)
    f.space.u8.fill(i, data, data + size)
    while (ring.output(data, size, 0) !== 0) ring.consume()
    f.space.free(data, size)
  }
  let last: Uint8Array | null = null
  let all = 0
  for (let record = ring.consume(); record; record = ring.consume()) {
    t.ok(record.every(byte => byte === record[0]))
    last = record
    all++
  }
  t.ok(all > 20)
  t.equal(last![0], 499 & 0xff)
  t.end()
})

t.test('bloom filter', t => {
  const f = new Fixture()
  const map = f.map({ type: 30, keySize: 0, maxEntries: 100 })
  f.space.view.setFloat64(f.value, 1, true)
  t.equal(map.peek(f.value), -ENOENT)
  t.equal(map.push(f.value, 0), 0)
  t.equal(map.peek(f.value), 0)
  t.equal(map.push(f.value, 1), -EINVAL)
  t.equal(map.pop(f.value), -EOPNOTSUPP)
  t.end()
})

t.test('local storage', t => {
  const f = new Fixture()
  const btf = { types: [{ kind: 'void' }, { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 }] } as const
  const attr = { type: 29, maxEntries: 0, valueSize: 4, flags: NO_PREALLOC, btf: { btf, keyTypeId: 1, valueTypeId: 1 } }
  const map = f.map(attr) as StorageMap
  t.equal(map.storageGet('a', 0), 0)
  const at = map.storageGet('a', 1)
  t.not(at, 0)
  t.equal(map.storageGet('a', 1), at)
  t.equal(map.storageGet('b', 2), 0, 'unknown flags')
  f.space.view.setUint32(f.value, 77, true)
  t.equal(f.space.view.getUint32(map.storageGet('b', 1, f.value), true), 77)
  const walk = map.walk()
  t.ok(walk.current())
  t.equal(walk.owner, 'b')
  t.ok(walk.advance())
  t.equal(walk.owner, 'a')
  t.equal(walk.value, at)
  t.notOk(walk.advance())
  t.equal(map.storageDelete('a'), 0)
  t.equal(map.storageDelete('a'), -ENOENT)
  t.equal(map.userUpdate(u32(3), u32(5), 0), 0)
  t.same(map.userLookup(u32(3)), u32(5))
  t.equal(map.userUpdate(u32(3), u32(5), 1), -17)
  t.equal(map.userLookup(u32(4)), -ENOENT)
  t.equal(map.userLookup(u32(0xffff_ffff)), -9)
  t.same(map.storageGet('owner3', 0) !== 0, true)
  t.equal(map.userDelete(u32(3)), 0)
  t.equal(map.nextKey(null), null)
  t.end()
})

t.test('maps of maps hold references', t => {
  const f = new Fixture()
  const inner = { ...ATTR, type: 2, flags: 0 }
  f.map(inner, 7)
  f.map(inner, 8)
  f.map({ ...inner, maxEntries: 9 }, 9)
  for (const type of [12, 13]) {
    const outer = f.map({ type, valueSize: 4, flags: type === 12 ? 0 : ZERO_SEED, inner }, 20)
    t.ok(type === 12 ? outer instanceof ArrayOfMaps : outer instanceof HashOfMaps)
    t.equal(f.at(outer, 1), 0)
    t.equal(outer.userUpdate(u32(1), u32(7), 0), 0)
    t.equal(f.at(outer, 1), 0x7000, 'programs get the map')
    t.same(outer.userLookup(u32(1)), u32(7), 'the control plane its id')
    t.same(f.taken, [7])
    t.equal(outer.userUpdate(u32(1), u32(8), 0), 0)
    t.same(f.taken, [8])
    t.equal(outer.userUpdate(u32(1), u32(9), 0), -EINVAL, 'another number of elements')
    t.equal(outer.userUpdate(u32(1), u32(99), 0), -9)
    t.same(f.taken, [8])
    t.equal(outer.userUpdate(u32(2), u32(7), 0), 0)
    t.equal(outer.userDelete(u32(1)), 0)
    t.same(f.taken, [7])
    t.equal(outer.update(f.key, f.value, 0), -EINVAL, 'programs cannot put maps in')
    outer.destroy()
    t.same(f.taken, [])
  }
  const progs = f.map({ type: 3, valueSize: 4, flags: 0 }) as ProgArrayMap
  t.equal(progs.progAt(2), 0)
  t.equal(progs.userUpdate(u32(2), u32(5), 0), 0)
  t.equal(progs.progAt(2), 5)
  t.equal(progs.progAt(200), 0)
  t.equal(progs.userUpdate(u32(2), u32(50), 0), -ENOENT)
  progs.destroy()
  t.same(f.taken, [])
  t.end()
})

t.test('maps of sockets', t => {
  const socketsOf = (map: SocketMap): (string | null)[] => {
    const walk = map.sockets()
    const found: (string | null)[] = []
    for (let more = walk.current(); more; more = walk.advance()) found.push(walk.socket)
    walk.close()
    return found
  }
  for (const type of [15, 18]) {
    const f = new Fixture()
    const map = f.map({ type, valueSize: 8, maxEntries: 4, flags: 0 }) as SocketMap
    const put = (key: number, fd: number, flags = 0): number => map.userUpdate(u32(key), u64(fd), flags)
    t.equal(put(1, 7), 0)
    t.equal(put(1, 7, 1), -EEXIST)
    t.equal(put(2, 7, 2), -ENOENT)
    t.equal(put(1, 150), -EOPNOTSUPP)
    t.equal(put(1, 250), -EBADF)
    t.equal(put(1, 2 ** 31), -EINVAL)
    t.equal(put(1, 7, 3), -EINVAL)
    t.same(map.userLookup(u32(1)), u64(1007))
    t.equal(map.userLookup(u32(2)), -ENOENT)
    t.equal(put(2, 8), 0)
    t.equal(put(1, 9), 0, 'in the place of another')
    t.same([...f.sockets.holds.keys()].sort(), ['8', '9'])
    t.same(socketsOf(map).filter(Boolean).sort(), ['8', '9'])
    f.sockets.closed.add('9')
    t.equal(map.userLookup(u32(1)), -ENOENT, 'closed')
    t.same(socketsOf(map).filter(Boolean), ['8'])
    f.space.view.setUint32(f.key, 2, true)
    t.equal(map.delete(f.key), 0)
    t.equal(map.delete(f.key), type === 15 ? -EINVAL : -ENOENT)
    t.equal(f.sockets.holds.size, 0)
    t.equal(map.putSocket(f.key, '3', 0), 0)
    map.destroy()
    t.equal(f.sockets.holds.size, 0, 'given back')
  }
  t.end()
})

t.test('a walk through a hash of sockets: each once, whatever changes', t => {
  const f = new Fixture()
  const map = f.map({ type: 18, valueSize: 8, maxEntries: 1, flags: 0 }) as SocketMap
  const one = f.map({ type: 18, valueSize: 8, maxEntries: 64, flags: 0 }, 2) as SocketMap
  t.equal(map.userUpdate(u32(0), u64(1), 0), 0)
  t.equal(map.userUpdate(u32(1), u64(1), 0), -E2BIG)
  f.sockets.closed.add('1')
  t.equal(map.userUpdate(u32(1), u64(2), 0), 0, 'the place of one that was closed')
  f.sockets.closed.clear()
  for (let n = 0; n < 64; n++) t.equal(one.userUpdate(u32(n), u64(n), 0), 0)
  const walk = one.sockets()
  const seen: string[] = []
  let deleted = ''
  for (let more = walk.current(); more; more = walk.advance()) {
    seen.push(walk.socket!)
    if (seen.length === 20) {
      deleted = walk.socket!
      one.userDelete(u32(Number(deleted))) // the one it stands on
      for (let n = 0; n < 64; n += 3) one.userUpdate(u32(n), u64(n), 0) // anew
    }
  }
  for (let n = 0; n < 64; n++)
    if (n % 3 !== 0 || `${n}` === deleted) t.equal(seen.filter(key => key === `${n}`).length, 1, `${n}`)
  t.equal(walk.showsEmpty, false)
  t.end()
})

t.test('storage of sockets that were closed goes', t => {
  const f = new Fixture()
  const btf = { types: [{ kind: 'void' }, { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 }] } as const
  const attr = { type: 24, maxEntries: 0, valueSize: 4, flags: NO_PREALLOC, btf: { btf, keyTypeId: 1, valueTypeId: 1 } }
  const map = f.map(attr) as StorageMap
  for (let n = 0; n < 64; n++) map.storageGet(`${n}`, 1)
  t.equal(f.sockets.holds.size, 64)
  for (let n = 0; n < 60; n++) f.sockets.closed.add(`${n}`)
  map.storageGet('64', 1)
  t.equal(f.sockets.holds.size, 5, 'looked through when it has doubled')
  f.sockets.closed.add('63')
  const walk = map.walk()
  const owners: string[] = []
  for (let more = walk.current(); more; more = walk.advance()) owners.push(walk.owner)
  t.same(owners, ['64', '62', '61', '60'])
  t.equal(map.storageDelete('62'), 0)
  t.equal(f.sockets.holds.size, 3)
  map.destroy()
  t.equal(f.sockets.holds.size, 0)
  t.end()
})
