// Hashes and arrays as programs see them, and what the kernel cannot be asked: walks, evictions.
import t from 'tap'
import { LruHashMap } from '../../../src/maps/lru.ts'
import { E2BIG, EINVAL, ENOENT, EOPNOTSUPP } from '../../../src/util/errno.ts'
import { calls, Fixture, keysOf, NO_PREALLOC, u32, walked, ZERO_SEED } from '../../support/map-fixture.ts'

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
