// Whatever is asked of maps: an answer or a typed error, and all memory comes back.
import fc from 'fast-check'
import t from 'tap'
import type { BaseMap } from '../../../src/maps/base.ts'
import { createMap } from '../../../src/maps/create.ts'
import type { MapAttr } from '../../../src/maps/map.ts'
import { EBADF, ErrnoError } from '../../../src/util/errno.ts'
import { AddressSpace } from '../../../src/vm/memory.ts'
import { FakeSockets } from '../../support/fake-sockets.ts'

const size = fc.oneof(
  fc.constantFrom(0, 1, 4, 7, 8, 12, 16, 100, 256, 4096),
  fc.integer({ min: -1, max: 300 }),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 0.5, Number.NaN),
)
const flags = fc.oneof(fc.constantFrom(0, 1, 64, 65, 2, 128, 1024, 4096), fc.nat(1 << 14))
const btf = {
  btf: { types: [{ kind: 'void' }, { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 }] },
  keyTypeId: 1,
  valueTypeId: 1,
} as const

/** Attributes that each type takes. */
const BASES: readonly Partial<MapAttr>[] = [
  ...[1, 5, 9, 10].flatMap(type => [{ type }, { type, keySize: 13, flags: 64 }, { type, valueSize: 100, maxEntries: 2 }]),
  { type: 1, flags: 1 },
  { type: 5, flags: 1 },
  { type: 9, flags: 2 },
  { type: 2 },
  { type: 2, flags: 1024 },
  { type: 3 },
  { type: 6 },
  { type: 11, keySize: 8, flags: 1 },
  { type: 11, keySize: 21, valueSize: 3, flags: 1 },
  { type: 12 },
  { type: 13 },
  { type: 15 },
  { type: 18 },
  { type: 22, keySize: 0 },
  { type: 23, keySize: 0 },
  ...[24, 28, 29, 32].map(type => ({ type, maxEntries: 0, flags: 1, btf })),
  { type: 27, keySize: 0, valueSize: 0, maxEntries: 4096 },
  { type: 30, keySize: 0 },
]
const BASE: MapAttr = { name: 'm', type: 1, keySize: 4, valueSize: 4, maxEntries: 3, flags: 0, mapExtra: 0n }

/** Attributes of a map, with up to one that is anything. */
const attrs: fc.Arbitrary<MapAttr> = fc
  .tuple(
    fc.constantFrom(...BASES),
    fc.oneof(
      fc.constant({}),
      fc.constant({}),
      fc.record(
        {
          name: fc.constantFrom('', 'a.b_c', 'x y', 'a_very_long_name_it_is'),
          type: fc.integer({ min: -1, max: 35 }),
          keySize: size,
          valueSize: size,
          maxEntries: size,
          flags,
          mapExtra: fc.constantFrom(3n, 1n << 40n),
        },
        { requiredKeys: [] },
      ),
    ),
  )
  .map(([base, change]) => ({ ...BASE, ...base, ...change }))

interface Operation {
  readonly op: number
  readonly key: number
  readonly value: number
  readonly flags: number
}

const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.record({ op: fc.nat(15), key: fc.nat(6), value: fc.nat(), flags: fc.constantFrom(0, 0, 1, 2, 3, 4, 7, -1, 2 ** 33) }),
  { maxLength: 60 },
)

t.test('any attributes, any operations', t => {
  let made = 0
  fc.assert(
    fc.property(
      attrs,
      fc.oneof(fc.constant<MapAttr>({ ...BASE, type: 2 }), attrs, fc.constant(undefined)),
      operations,
      (attr, inner, operations) => {
        const space = new AddressSpace(1 << 22)
        const key = space.alloc(4096)
        const value = space.alloc(4096)
        const before = space.used
        let map: BaseMap
        try {
          map = createMap(inner ? { ...attr, inner } : attr, {
            id: 1,
            space,
            cpus: 3,
            cpu: () => 2,
            owner: (_type, fd) => (fd < 5 ? `${fd}` : -EBADF),
            sockets: new FakeSockets(),
          })
        } catch (err) {
          if (!(err instanceof ErrnoError)) throw err
          return space.used === before
        }
        made++
        for (const one of operations) run(map, key, value, one)
        map.destroy()
        return space.used === before
      },
    ),
    { numRuns: 3000 },
  )
  t.ok(made > 1000, `${made} maps were made`)
  t.end()
})

/** Operations 0 to 15, from programs and from the control plane. */
function run(map: BaseMap, key: number, value: number, { op, key: n, value: v, flags }: Operation): void {
  const { view } = map.space
  view.setUint32(key, n, true)
  view.setUint32(value, v, true)
  const bytes = new Uint8Array(n === 6 ? 3 : map.attr.keySize)
  if (bytes.length > 0) bytes[0] = n
  const data = new Uint8Array(map.userValueSize)
  if (data.length > 0) data[0] = v
  const { forEach } = map
  const calls: (() => unknown)[] = [
    () => map.lookup(key),
    () => map.update(key, value, flags),
    () => map.delete(key),
    () => map.push(value, flags),
    () => map.pop(value),
    () => map.peek(value),
    () => map.lookupPercpu(key, n),
    () => forEach.call(map, () => (n === 5 ? 1 : 0)),
    () => map.userLookup(bytes),
    () => map.userUpdate(bytes, data, flags),
    () => map.userDelete(bytes),
    () => map.userLookupAndDelete(bytes),
    () => map.userNextKey(bytes),
    () => map.nextKey(null),
    () => map.memlock,
    () => {
      const walk = map.elements()
      for (let more = walk?.current(); more; more = walk!.advance()) if (n === 3) map.delete(walk!.key)
      walk?.close()
    },
  ]
  calls[op]!()
}
