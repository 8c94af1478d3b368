// What programs see of maps, and what the kernel cannot be asked: walks, evictions, memory.
import t from 'tap'
import type { BaseMap } from '../../../src/maps/base.ts'
import { createMap } from '../../../src/maps/create.ts'
import { LruHashMap } from '../../../src/maps/lru.ts'
import type { BpfMap, MapAttr } from '../../../src/maps/map.ts'
import { commitRecord, type RingbufMap } from '../../../src/maps/ringbuf.ts'
import { canShow, showMap } from '../../../src/maps/show.ts'
import { ArrayOfMaps, HashOfMaps, type ProgArrayMap } from '../../../src/maps/slots.ts'
import type { SocketMap } from '../../../src/maps/sockets.ts'
import type { StorageMap } from '../../../src/maps/storage.ts'
import { MAP_TYPES } from '../../../src/maps/types.ts'
import { E2BIG, EBADF, EEXIST, EINVAL, ENOENT, ENOMEM, ENOTSUPP, EOPNOTSUPP, ErrnoError } from '../../../src/util/errno.ts'
import type { BpfError } from '../../../src/util/error.ts'
import { AddressSpace } from '../../../src/vm/memory.ts'
import { FakeSockets } from '../../support/fake-sockets.ts'

const ZERO_SEED = 64
const NO_PREALLOC = 1
const ATTR = { name: 'm', type: 1, keySize: 4, valueSize: 8, maxEntries: 8, flags: ZERO_SEED, mapExtra: 0n }

class Fixture {
  readonly space: AddressSpace
  cpu = 0
  readonly taken: number[] = []
  readonly byId = new Map<number, BpfMap>()
  readonly sockets = new FakeSockets()
  readonly key: number
  readonly value: number

  constructor(limit?: number) {
    this.space = new AddressSpace(limit)
    this.key = this.space.alloc(64)
    this.value = this.space.alloc(64)
  }

  map(attr: Partial<MapAttr>, id = 1): BaseMap {
    const maps = {
      get: (id: number) => {
        const map = this.byId.get(id) ?? null
        if (map) this.taken.push(id)
        return map
      },
      put: (id: number) => void this.taken.splice(this.taken.indexOf(id), 1),
      pointer: (map: BpfMap) => 0x1000 * map.id,
    }
    const progs = { get: (id: number) => (id < 10 ? this.taken.push(-id) : -ENOENT), put: (id: number) => maps.put(-id) }
    const { sockets } = this
    const owner = (_type: number, fd: number): string | number => (fd >= 0 ? `owner${fd}` : -EBADF)
    const map = createMap(
      { ...ATTR, ...attr },
      { id, space: this.space, cpus: 2, cpu: () => this.cpu, maps, progs, owner, sockets },
    )
    this.byId.set(id, map)
    return map
  }

  put(map: BpfMap, key: number, value: number, flags = 0): number {
    this.space.view.setUint32(this.key, key, true)
    this.space.view.setFloat64(this.value, value, true)
    return map.update(this.key, this.value, flags)
  }

  at(map: BpfMap, key: number): number {
    this.space.view.setUint32(this.key, key, true)
    return map.lookup(this.key)
  }

  get(map: BpfMap, key: number): number | null {
    const at = this.at(map, key)
    return at === 0 ? null : this.space.view.getFloat64(at, true)
  }

  remove(map: BpfMap, key: number): number {
    this.space.view.setUint32(this.key, key, true)
    return map.delete(this.key)
  }
}

const u64 = (n: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer)
const u32 = (n: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, n, true)
  return bytes
}

/** Keys of a walk; `visit` is called on each. */
function walked(f: Fixture, map: BpfMap, visit: (key: number) => void = () => {}): number[] {
  const walk = map.elements()!
  const keys: number[] = []
  for (let more = walk.current(); more; more = walk.advance()) {
    const key = f.space.view.getUint32(walk.key, true)
    keys.push(key)
    visit(key)
  }
  walk.close()
  return keys
}

/** bpf_for_each_map_elem(): how many calls there were. */
const calls = (map: BpfMap, call: (key: number, value: number) => number): number => map.forEach(call)

/** Keys in the order of BPF_MAP_GET_NEXT_KEY. */
function keysOf(map: BaseMap): number[] {
  const keys: number[] = []
  for (let key = map.nextKey(null); key; key = map.nextKey(key)) keys.push(new DataView(key.buffer).getUint32(0, true))
  return keys
}

for (const [name, attr] of [
  ['hash', { flags: ZERO_SEED }],
  ['hash without preallocation', { flags: ZERO_SEED | NO_PREALLOC }],
  ['lru_hash', { type: 9 }],
] as const) {
  t.test(name, t => {
    const f = new Fixture()
    const map = f.map(attr)
    t.equal(f.get(map, 1), null)
    t.equal(f.put(map, 1, 1.5), 0)
    t.equal(f.get(map, 1), 1.5)
    const before = f.at(map, 1)
    t.equal(f.put(map, 1, 2.5), 0)
    t.equal(f.get(map, 1), 2.5)
    t.equal(f.space.view.getFloat64(before, true), 1.5, 'the value that was replaced can still be read')
    t.equal(f.remove(map, 1), 0)
    t.equal(f.remove(map, 1), -ENOENT)
    t.equal(f.put(map, 1, 0, 3), -EINVAL)
    t.equal(f.put(map, 1, 0, -1), -EINVAL)
    t.equal(f.put(map, 1, 0, 2 ** 40), -EINVAL)
    t.equal(f.put(map, 1, 0, Number.NaN), -EINVAL)
    t.equal(f.put(map, 1, 0, 4), -EINVAL, 'BPF_F_LOCK without a lock')
    t.equal(map.push(f.value, 0), -EOPNOTSUPP)
    t.end()
  })
}

t.test('a full hash', t => {
  const f = new Fixture()
  const map = f.map({})
  for (let i = 0; i < 8; i++) t.equal(f.put(map, i, i), 0)
  t.equal(f.put(map, 8, 8), -E2BIG)
  for (let round = 0; round < 300; round++) f.put(map, round % 8, round)
  t.equal(f.get(map, 3), 299, 'it can be updated over and over')
  t.equal(f.remove(map, 3), 0)
  t.equal(f.put(map, 8, 8), 0)
  t.end()
})

t.test('a hash that grows and shrinks uses memory again', t => {
  const f = new Fixture()
  const map = f.map({ flags: ZERO_SEED | NO_PREALLOC, maxEntries: 1000 })
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 900; i++) f.put(map, i, i)
    for (let i = 0; i < 900; i++) f.remove(map, i)
  }
  t.ok(f.space.used < 200_000, `${f.space.used} bytes`)
  t.end()
})

t.test('walks of bpf_map_elem', t => {
  const f = new Fixture()
  const map = f.map({ maxEntries: 4 })
  for (const key of [1, 2, 3, 4]) f.put(map, key, key)
  t.same(walked(f, map), keysOf(map))
  t.same(walked(f, map).sort(), [1, 2, 3, 4])
  t.same(
    walked(f, map, key => f.remove(map, key)),
    keysOf(f.map({ maxEntries: 4 })).length === 0 ? walkOrder(f) : [],
    'each element is there although it goes',
  )
  t.same(walked(f, map), [])
  t.end()
})

/** The order of keys 1 to 4 in a hash of four. */
function walkOrder(f: Fixture): number[] {
  const map = f.map({ maxEntries: 4 })
  for (const key of [1, 2, 3, 4]) f.put(map, key, key)
  return keysOf(map)
}

t.test('a walk goes on at bucket and number of elements', t => {
  const f = new Fixture()
  const map = f.map({ maxEntries: 1 << 8 })
  for (let key = 0; key < 200; key++) f.put(map, key, key)
  const all = keysOf(map)
  const walk = map.elements()!
  const seen: number[] = []
  // current() is what the start of each read does.
  for (let more = walk.current(); more; more = walk.advance()) {
    t.ok(walk.current())
    seen.push(f.space.view.getUint32(walk.key, true))
  }
  t.notOk(walk.current())
  t.notOk(walk.advance())
  t.same(seen, all)
  walk.close()
  t.end()
})

t.test('values of a walk are in place, those of per-CPU maps a copy', t => {
  const f = new Fixture()
  for (const [type, inPlace] of [
    [1, true],
    [2, true],
    [5, false],
    [6, false],
    [9, true],
    [10, false],
  ] as const) {
    const map = f.map({ type, flags: type === 2 || type === 6 ? 0 : ZERO_SEED })
    f.cpu = 1
    f.put(map, 1, 5)
    const walk = map.elements()!
    let sum = 0
    for (let more = walk.current(); more; more = walk.advance()) {
      for (let at = 0; at < map.userValueSize; at += 8) sum += f.space.view.getFloat64(walk.value + at, true)
      for (let at = 0; at < map.userValueSize; at += 8) f.space.view.setFloat64(walk.value + at, 7, true)
    }
    t.equal(sum, 5, `type ${type}: the values of all CPUs are there`)
    t.equal(f.get(map, 1), inPlace ? 7 : 5, `type ${type}`)
    walk.close()
    f.cpu = 0
    t.equal(f.get(map, 1), inPlace ? 7 : 0, `type ${type}, the other CPU`)
  }
  t.end()
})

t.test('types that bpf_map_elem refuses', t => {
  const f = new Fixture()
  t.equal(f.map({ type: 22, keySize: 0, flags: 0 }).elements(), null)
  t.equal(f.map({ type: 11, keySize: 8, flags: NO_PREALLOC }).elements(), null)
  t.equal(f.map({ type: 3, valueSize: 4, flags: 0 }).elements(), null)
  t.equal(
    calls(f.map({ type: 22, keySize: 0, flags: 0 }), () => 0),
    -EINVAL,
  )
  t.end()
})

t.test('bpf_for_each_map_elem', t => {
  const f = new Fixture()
  const hash = f.map({})
  for (const key of [1, 2, 3, 4, 5]) f.put(hash, key, key * 10)
  const seen: number[] = []
  const collect = (key: number, value: number): number => {
    seen.push(f.space.view.getUint32(key, true), f.space.view.getFloat64(value, true))
    return 0
  }
  t.equal(hash.forEach(collect), 5)
  t.same(
    seen,
    keysOf(hash).flatMap(key => [key, key * 10]),
  )
  t.equal(
    calls(hash, () => 1),
    1,
    'one call ends it',
  )
  t.equal(
    calls(hash, key => hash.delete(key)),
    5,
    'elements may be deleted',
  )
  t.same(keysOf(hash), [])
  const array = f.map({ type: 2, flags: 0, maxEntries: 3 })
  f.put(array, 1, 4)
  seen.length = 0
  t.equal(array.forEach(collect), 3)
  t.same(seen, [0, 0, 1, 4, 2, 0])
  const percpu = f.map({ type: 6, flags: 0, maxEntries: 2 })
  f.cpu = 1
  f.put(percpu, 0, 9)
  seen.length = 0
  t.equal(percpu.forEach(collect), 2)
  t.same(seen, [0, 9, 1, 0])
  t.end()
})

t.test('per-CPU values', t => {
  const f = new Fixture()
  for (const type of [5, 6, 10]) {
    const map = f.map({ type, flags: type === 6 ? 0 : ZERO_SEED })
    f.put(map, 1, 1)
    f.cpu = 1
    t.equal(f.get(map, 1), 0, 'a new element is zero on other CPUs')
    f.put(map, 1, 2)
    f.space.view.setUint32(f.key, 1, true)
    t.same(
      [0, 1].map(cpu => f.space.view.getFloat64(map.lookupPercpu(f.key, cpu), true)),
      [1, 2],
    )
    t.equal(map.lookupPercpu(f.key, 2), 0)
    f.cpu = 0
  }
  t.equal(f.map({}).lookupPercpu(f.key, 0), 0)
  t.end()
})

t.test('an LRU hash drops the oldest that no program looked up', t => {
  const f = new Fixture()
  const map = f.map({ type: 9, maxEntries: 4 })
  t.ok(map instanceof LruHashMap)
  for (const key of [1, 2, 3, 4]) f.put(map, key, key)
  f.get(map, 1)
  map.userLookup(u32(2))
  f.put(map, 5, 5)
  t.same(keysOf(map).sort(), [1, 3, 4, 5], 'the control plane does not make an element young')
  f.put(map, 6, 6)
  t.same(keysOf(map).sort(), [1, 4, 5, 6])
  for (let key = 100; key < 1000; key++) {
    f.put(map, key, key)
    if (key % 3 === 0) f.remove(map, key)
    if (key % 5 === 0) f.get(map, key - 1)
    if (key % 7 === 0) f.put(map, key - 1, 0)
  }
  t.ok(keysOf(map).length <= 4)
  t.ok(keysOf(map).includes(998))
  const percpu = f.map({ type: 10, maxEntries: 2 })
  for (let key = 0; key < 50; key++) f.put(percpu, key, key)
  t.same(keysOf(percpu).sort(), [48, 49])
  t.equal(f.map({ type: 9, maxEntries: 3, flags: 2 }).attr.maxEntries, 4, 'BPF_F_NO_COMMON_LRU rounds up to the CPUs')
  t.end()
})

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

const LOCKED_BTF = {
  types: [
    { kind: 'void' },
    { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 },
    {
      kind: 'struct',
      name: 'bpf_spin_lock',
      size: 4,
      members: [{ name: 'val', type: 1, offBits: 0, bits: 0 }],
      bitfields: false,
    },
    { kind: 'ptr', type: 4 },
    { kind: 'type_tag', name: 'kptr', type: 0, attr: false },
    {
      kind: 'struct',
      name: 'value',
      size: 24,
      members: [
        { name: 'a', type: 1, offBits: 0, bits: 0 },
        { name: 'lock', type: 2, offBits: 32, bits: 0 },
        { name: 'p', type: 3, offBits: 64, bits: 0 },
        { name: 'b', type: 1, offBits: 128, bits: 0 },
      ],
      bitfields: false,
    },
  ],
} as const

t.test('locks and kernel pointers in values', t => {
  const f = new Fixture()
  for (const type of [1, 2]) {
    const map = f.map({ type, valueSize: 24, flags: 0, btf: { btf: LOCKED_BTF, keyTypeId: 1, valueTypeId: 5 } })
    const value = new Uint8Array(24).fill(0xaa)
    t.equal(map.userUpdate(u32(1), value, 0), 0)
    const wanted = new Uint8Array(24)
    wanted.fill(0xaa, 0, 4)
    wanted.fill(0xaa, 16, 24)
    t.same(map.userLookup(u32(1)), wanted, 'they read as zero')
    const at = f.at(map, 1)
    f.space.view.setUint32(at + 4, 1, true)
    t.equal(map.userUpdate(u32(1), new Uint8Array(24), 4), 0, 'BPF_F_LOCK')
    t.equal(f.at(map, 1), at, 'in place')
    t.equal(f.space.view.getUint32(at + 4, true), 1, 'and stay')
    t.equal(map.userUpdate(u32(1), new Uint8Array(24), 5), -17)
  }
  t.end()
})

/** The error that says why a map cannot be made. */
function thrown(f: Fixture, attr: Partial<MapAttr>): BpfError {
  try {
    f.map(attr)
  } catch (err) {
    return err as BpfError
  }
  throw new Error('made')
}

t.test('BTF that does not fit is left out', t => {
  const f = new Fixture()
  const btf = { btf: LOCKED_BTF, keyTypeId: 1, valueTypeId: 5 }
  t.ok(f.map({ valueSize: 24, btf }).attr.btf)
  t.notOk(f.map({ valueSize: 8, btf }).attr.btf)
  t.notOk(f.map({ valueSize: 24, keySize: 8, btf }).attr.btf)
  t.notOk(f.map({ valueSize: 24, btf: { ...btf, valueTypeId: 99 } }).attr.btf)
  t.notOk(f.map({ type: 22, keySize: 0, valueSize: 24, flags: 0, btf }).attr.btf, 'the kernel takes none for a queue')
  t.end()
})

t.test('memory', t => {
  const f = new Fixture(1 << 20)
  const before = f.space.used
  const refused = (attr: Partial<MapAttr>): void => {
    t.match(thrown(f, attr), { errno: ENOMEM })
    t.equal(f.space.used, before, 'a map that is refused leaves nothing behind')
  }
  refused({ maxEntries: 100_000 })
  refused({ type: 2, flags: 0, maxEntries: 2 ** 31 })
  refused({ type: 22, keySize: 0, flags: 0, maxEntries: 0xffff_ffff })
  refused({ type: 30, keySize: 0, maxEntries: 0xffff_ffff })
  const lazy = f.map({ flags: ZERO_SEED | NO_PREALLOC, maxEntries: 60_000 })
  let error = 0
  for (let i = 0; error === 0; i++) error = f.put(lazy, i, i)
  t.equal(error, -ENOMEM, 'a map without preallocation takes what there is')
  t.equal(f.get(lazy, 5), 5)
  t.equal(f.put(lazy, 5, 6), -ENOMEM)
  f.remove(lazy, 6)
  t.equal(f.put(lazy, 5, 6), 0)
  lazy.destroy()
  t.equal(f.space.used, before)
  for (const type of [1, 2, 5, 6, 9, 10]) {
    const map = f.map({ type, flags: type === 2 || type === 6 ? 0 : ZERO_SEED })
    map.elements()!.close()
    for (let i = 0; i < 8; i++) f.put(map, i, i)
    map.destroy()
    t.equal(f.space.used, before, `type ${type} gives its memory back`)
  }
  t.end()
})

t.test('what is refused says why', t => {
  const f = new Fixture()
  const error = (attr: Partial<MapAttr>): BpfError => thrown(f, attr)
  t.match(error({ type: 99 }), { code: 'UNKNOWN_TYPE', errno: EINVAL, message: /want a map type from 1 to 33, got 99/ })
  t.match(error({ type: 4 }), { code: 'REFUSED_TYPE', errno: EOPNOTSUPP, message: /perf_event_array/ })
  t.match(error({ type: 33 }), { code: 'REFUSED_TYPE', message: /arena/ })
  t.match(error({ name: 'a-b' }), { code: 'BAD_NAME', errno: EINVAL })
  t.match(error({ name: 'a_name_of_sixteen' }), { code: 'BAD_NAME' })
  t.match(error({ flags: 1 << 13 }), { code: 'BAD_FLAGS', errno: EINVAL })
  t.match(error({ mapExtra: 1n }), { code: 'BAD_EXTRA' })
  for (const n of [-1, 1.5, Number.NaN, 2 ** 32]) t.match(error({ maxEntries: n }), { code: 'BAD_ATTR', errno: EINVAL })
  t.match(error({ maxEntries: 0 }), { code: 'BAD_ATTR', message: /hash .*max_entries 0/ })
  t.match(error({ type: 9, flags: NO_PREALLOC }), { code: 'BAD_ATTR', errno: ENOTSUPP })
  for (const row of MAP_TYPES) t.equal(row.make === null, row.refusal !== undefined, row.name)
  t.ok(error({ type: 4 }) instanceof ErrnoError)
  t.end()
})

t.test('keys and values of a wrong size', t => {
  const f = new Fixture()
  const map = f.map({})
  t.equal(map.userLookup(new Uint8Array(3)), -EINVAL)
  t.equal(map.userUpdate(u32(1), new Uint8Array(9), 0), -EINVAL)
  t.equal(map.userDelete(new Uint8Array(5)), -EINVAL)
  t.equal(map.userLookupAndDelete(new Uint8Array(0)), -EINVAL)
  t.equal(map.userNextKey(new Uint8Array(1)), -EINVAL)
  t.end()
})

t.test('the text of a map file', t => {
  const f = new Fixture()
  const types = [
    { kind: 'void' },
    { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 },
    { kind: 'int', name: 'long', size: 8, encoding: 1, offBits: 0, bits: 64 },
    { kind: 'datasec', name: '.data', size: 0, vars: [] },
  ] as const
  const btf = { btf: { types }, keyTypeId: 1, valueTypeId: 2 }
  const text = (map: BaseMap): string => [...showMap(map, (_id, at) => `<${f.space.view.getUint8(at)}>`)].join('')
  const head = '# WARNING!! The output is for debug purpose only\n# WARNING!! The output format will change\n'
  const array = f.map({ type: 2, flags: 0, maxEntries: 2, btf })
  array.userUpdate(u32(1), Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0), 0)
  t.equal(text(array), `${head}0: <0>\n1: <9>\n`)
  const hash = f.map({ btf })
  hash.userUpdate(u32(3), Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0), 0)
  t.equal(text(hash), `${head}<3>: <4>\n`)
  const percpu = f.map({ type: 5, btf })
  percpu.userUpdate(u32(3), Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0), 0)
  t.equal(text(percpu), `${head}<3>: {\n\tcpu0: <4>\n\tcpu1: <5>\n}\n`)
  const globals = f.map({ type: 2, flags: 0, maxEntries: 1, btf: { ...btf, keyTypeId: 0, valueTypeId: 3 } })
  t.equal(text(globals), `${head}<0>\n`)
  t.ok(canShow(array))
  t.notOk(canShow(f.map({})), 'not without BTF')
  t.notOk(canShow(f.map({ type: 11, flags: NO_PREALLOC, btf, keySize: 8 })), 'not a trie')
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
