// Maps through the API: typed and by bytes, before and after load, and programs attached to them.
import t from 'tap'
import { BpfError, type BpfObject, openObject, SyscallError } from '../../../src/index.ts'
import { compileObjects, objectBytes } from '../../support/api.ts'

const SOURCE = 'test/bpf/api.bpf.c'
await compileObjects(SOURCE, 'programs/map_dump.bpf.c')
const bytes = objectBytes(SOURCE)

interface Point {
  x: number
  y: number
  name: string
}
interface Types {
  readonly globals: { readonly '.bss': { target_pid: number } }
  readonly maps: {
    readonly counts: { readonly key: number; readonly value: bigint }
    readonly points: {
      readonly key: Point
      readonly value: { u8: number; wide: bigint; points: Point[]; inner: { deep: number } }
    }
    readonly slots: { readonly key: number; readonly value: { major: number; minor: number } }
    readonly percpu: { readonly key: number; readonly value: number[] }
    readonly queue: { readonly key: Uint8Array; readonly value: Uint8Array }
    readonly ring: { readonly key: Uint8Array; readonly value: Uint8Array }
  }
  readonly progs: { dump_task: 'task'; dump_counts: 'bpf_map_elem'; dump_maps: 'bpf_map' }
}
const load = (): BpfObject<Types> => openObject<Types>(bytes, { name: 'api.bpf.o' }).load()

function thrown(call: () => unknown): string {
  try {
    call()
  } catch (err) {
    if (err instanceof BpfError || err instanceof SyscallError) return `${err.code}: ${err.message}`
    throw err
  }
  return 'nothing'
}

t.test('what a map is, and its size before load', async t => {
  const object = openObject<Types>(bytes)
  const { counts, ring } = object.maps
  t.same([counts.name, counts.type, counts.keySize, counts.valueSize, counts.maxEntries], ['counts', 'hash', 4, 8, 4])
  t.match(
    thrown(() => counts.lookup(1)),
    /^API_NOT_LOADED: lookup in map counts: /,
  )
  t.equal(
    thrown(() => (counts.maxEntries = -1)),
    'API_MAX_ENTRIES: map counts: want max_entries from 0 to 4294967295, got -1',
  )
  counts.maxEntries = 2
  ring.maxEntries = 5000
  t.equal(ring.maxEntries, 8192, 'rounded up to pages, a power of two of them')
  object.load()
  t.match(
    thrown(() => (counts.maxEntries = 3)),
    /^API_LOADED: maxEntries of map counts: /,
  )
  for (const key of [1, 2]) counts.update(key, 1n)
  t.equal(
    thrown(() => counts.update(3, 1n)),
    'E2BIG: update in map counts: Argument list too long',
  )
  t.match(await object.progs.dump_maps.attachIter().text(), /^counts 2\n(.*\n)*ring 8192\n/m)
  object.close()
  t.match(
    thrown(() => counts.lookup(1)),
    /^API_CLOSED: lookup in map counts: /,
  )
})

t.test('elements of a hash, typed', async t => {
  const object = load()
  const { counts, points } = object.maps
  t.equal(counts.lookup(7), undefined)
  counts.update(7, 70n)
  counts.update(8, 80)
  t.equal(counts.lookup(8), 80n)
  t.equal(
    thrown(() => counts.update(7, 1n, 'noexist')),
    'EEXIST: update in map counts: File exists',
  )
  t.match(
    thrown(() => counts.update(9, 1n, 'exist')),
    /^ENOENT: /,
  )
  t.equal(
    thrown(() => counts.update(9, 1n, 'never' as 'any')),
    'API_FLAG: map counts: want any, noexist or exist, got never',
  )
  t.equal(
    thrown(() => counts.update(-1, 1n)),
    'value: key of map counts: want unsigned int from 0 to 4294967295, got -1',
  )
  t.same(new Map(counts), new Map([...counts.entries()]))
  t.same(
    [...counts].sort(([a], [b]) => a - b),
    [
      [7, 70n],
      [8, 80n],
    ],
  )
  t.same(
    [[...counts.keys()].sort(), [...counts.values()].sort()],
    [
      [7, 8],
      [70n, 80n],
    ],
  )
  t.equal(counts.take(7), 70n)
  t.equal(counts.delete(7), false)
  t.equal(counts.delete(8), true)
  t.same([...counts], [])

  const key = { x: 1, y: -1, name: 'one' }
  points.update(key, { u8: 3, wide: 4, points: [{ x: 5 }], inner: { deep: -6 } })
  const found = points.lookup(key)
  t.match(found, { u8: 3, wide: 4n, inner: { deep: -6 } })
  t.same(found?.points, [
    { x: 5, y: 0, name: '' },
    { x: 0, y: 0, name: '' },
  ])
  points.update(key, { ...found, u8: 4 })
  t.same(points.lookup(key), { ...found, u8: 4 }, 'what was read can be written')
  t.equal(
    thrown(() => points.update(key, { inner: { deep: 1n << 31n } as never })),
    'value: value of map points.inner.deep: want int from -2147483648 to 2147483647, got 2147483648n',
  )
  object.close()
})

t.test('elements that go while they are looked through', async t => {
  const object = load()
  const { counts } = object.maps
  for (const key of [1, 2, 3, 4]) counts.update(key, BigInt(key))
  let seen = 0
  for (const [key] of counts) {
    seen++
    for (const other of [1, 2, 3, 4]) if (other !== key) counts.delete(other)
  }
  t.equal(seen, 1)
  object.close()
})

t.test('arrays, per-CPU arrays, queues', async t => {
  const object = load()
  const { slots, percpu, queue } = object.maps
  slots.update(1, { major: 6, minor: 18 })
  t.same(
    [...slots.values()],
    [
      { major: 0, minor: 0 },
      { major: 6, minor: 18 },
      { major: 0, minor: 0 },
    ],
  )
  t.match(
    thrown(() => slots.update(3, {})),
    /^E2BIG: /,
  )
  t.match(
    thrown(() => slots.delete(0)),
    /^EINVAL: /,
  )

  const cpus = percpu.lookup(0)!.length
  const values = Array.from({ length: cpus }, (_, cpu) => cpu + 10)
  percpu.update(0, values)
  t.same(percpu.lookup(0), values)
  t.equal(percpu.raw.lookup(new Uint8Array(4))?.length, 8 * cpus, 'each rounded up to 8 bytes')
  t.equal(
    thrown(() => percpu.update(0, [...values, 1])),
    `API_CPUS: value of map percpu: want an array of ${cpus} values or less, one for each CPU, got ${cpus + 1}`,
  )

  t.equal(queue.pop(), undefined)
  for (const n of [1, 2]) queue.push(Uint8Array.of(n, 0, 0, 0))
  t.match(
    thrown(() => queue.push(new Uint8Array(4))),
    /^E2BIG: /,
  )
  t.same([queue.peek(), queue.pop(), queue.pop(), queue.pop()], [...[1, 1, 2].map(n => Uint8Array.of(n, 0, 0, 0)), undefined])
  t.equal(
    thrown(() => queue.push(new Uint8Array(3))),
    'API_BYTES: value of map queue: want 4 bytes, got 3',
  )
  object.close()
})

t.test('elements as bytes', async t => {
  const object = load()
  const { raw } = object.maps.counts
  raw.update(Uint8Array.of(1, 0, 0, 0), Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0))
  t.same([...raw], [[Uint8Array.of(1, 0, 0, 0), Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0)]])
  t.same(object.maps.counts.lookup(1), 2n)
  t.match(
    thrown(() => raw.lookup(new Uint8Array(3))),
    /^EINVAL: lookup in map counts: /,
  )
  t.equal(raw.delete(Uint8Array.of(1, 0, 0, 0)), true)
  t.equal(raw.take(Uint8Array.of(1, 0, 0, 0)), undefined)
  object.close()
})

t.test('programs and user space work on the same elements', async t => {
  const object = load()
  const { counts } = object.maps
  await object.progs.dump_task.attachIter({ task: { tid: process.pid } }).text()
  t.same([...counts], [[process.pid, 1n]])
  const link = object.progs.dump_counts.attachIter({ map: { map: counts } })
  t.same(link.info.map, { map_id: counts.id })
  t.equal(await link.text(), `${process.pid}: 1\n`)
  t.same([...counts], [[process.pid, 101n]], 'a program writes in place')
  object.close()
})

t.test('a program of one object on the map of another', async t => {
  const object = load()
  object.maps.counts.update(1, 2n)
  const apart = openObject(objectBytes('programs/map_dump.bpf.c')).load()
  t.equal(
    thrown(() => apart.prog('dump_map').attachIter({ map: { map: object.maps.counts } })),
    'API_SHARE: program dump_map: map counts is of another object; load this object with { share: map } to attach to it',
  )
  apart.close()

  const beside = openObject(objectBytes('programs/map_dump.bpf.c')).load({ share: object.maps.counts })
  const link = beside.prog('dump_map').attachIter({ map: { map: object.maps.counts } })
  t.equal(await link.text(), 'key: 01 00 00 00  value: 02 00 00 00 00 00 00 00\nend of counts\n')
  const stream = link.createIter()
  object.close()
  t.match(
    thrown(() => link.createIter()),
    /^EBADF: /,
    'the map is gone, and the link with it',
  )
  await t.rejects(stream.toArray(), { code: 'EBADF' })
  beside.close()
})
