// Values by BTF type: every width and sign of integers and bitfields, against BigInt arithmetic.
import fc from 'fast-check'
import t from 'tap'
import type { Btf, BtfType } from '../../../src/btf/types.ts'
import { encodeValue, membersOf, placeAt, readValue } from '../../../src/btf/value.ts'

const int = (size: number, encoding: number, name = `int${8 * size}`): BtfType => ({
  ...{ kind: 'int', name, size, encoding, offBits: 0, bits: 8 * size },
})
const SIZES = [1, 2, 4, 8, 16]
/** 1 to 5: unsigned, 6 to 10: signed; 11: bool, 12: float, 13: double, 14: pointer. */
const SCALARS: readonly BtfType[] = [
  { kind: 'void' },
  ...SIZES.map(size => int(size, 0)),
  ...SIZES.map(size => int(size, 1)),
  int(1, 4, '_Bool'),
  { kind: 'float', name: 'float', size: 4 },
  { kind: 'float', name: 'double', size: 8 },
  { kind: 'ptr', type: 0 },
]
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const through = (btf: Btf, id: number, value: unknown): unknown =>
  readValue(btf, viewOf(encodeValue(btf, id, value, 'x')), placeAt(id, 0))

t.test('integers', async t => {
  const btf = { types: SCALARS }
  for (const [i, size] of SIZES.entries()) {
    for (const signed of [false, true]) {
      const id = 1 + i + (signed ? SIZES.length : 0)
      const bits = BigInt(8 * size)
      const [low, high] = signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]
      const one = (n: bigint): unknown => (size <= 4 ? Number(n) : n)
      for (const n of [low, high, 0n, 1n, low + 1n]) t.equal(through(btf, id, n), one(n))
      t.throws(() => encodeValue(btf, id, low - 1n, 'x'), { code: 'value' })
      t.throws(() => encodeValue(btf, id, high + 1n, 'x'), { code: 'value' })
    }
  }
  t.same(
    [true, false].map(value => through(btf, 11, value)),
    [true, false],
  )
  t.equal(through(btf, 12, 0.1), Math.fround(0.1))
  t.equal(through(btf, 13, 0.1), 0.1)
  t.equal(through(btf, 14, 0xffff_8880_0000_0001n), 0xffff_8880_0000_0001n)
  t.throws(() => encodeValue(btf, 0, 1, 'x'), { code: 'unsized' })
})

t.test('bitfields lie beside each other', async () => {
  const field = fc.record({ bits: fc.integer({ min: 1, max: 64 }), signed: fc.boolean(), value: fc.bigInt(0n, (1n << 64n) - 1n) })
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 12 }), fields => {
      let at = 0
      const members = fields.map(({ bits, signed }, i) => {
        const member = { name: `f${i}`, type: signed ? 9 : 4, offBits: at, bits }
        at += bits
        return member
      })
      const struct: BtfType = { kind: 'struct', name: 's', size: Math.ceil(at / 8) + 8, members, bitfields: true }
      const btf = { types: [...SCALARS, struct] }
      const values = fields.map(({ bits, signed, value }, i) => [
        `f${i}`,
        signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value),
      ])
      const given = Object.fromEntries(values) as Record<string, bigint>
      const read = through(btf, SCALARS.length, given) as Record<string, bigint>
      return Object.entries(given).every(([name, value]) => read[name] === value)
    }),
  )
})

t.test('members of unnamed structs, and of those of the same name the first', async t => {
  const member = (
    name: string,
    type: number,
    offBits: number,
  ): { name: string; type: number; offBits: number; bits: number } => ({
    ...{ name, type, offBits, bits: 0 },
  })
  const types: BtfType[] = [
    ...SCALARS,
    { kind: 'union', name: '', size: 4, bitfields: false, members: [member('word', 3, 0), member('half', 2, 0)] },
    {
      kind: 'struct',
      name: 'outer',
      size: 12,
      bitfields: false,
      members: [member('', 15, 32), member('half', 2, 64), member('last', 2, 80)],
    },
  ]
  const btf = { types }
  t.same(
    [...membersOf(btf, 16)].map(([name, { off }]) => [name, off]),
    [
      ['word', 4],
      ['half', 4],
      ['last', 10],
    ],
  )
  t.same(through(btf, 16, { word: 0x12345678, last: 9 }), { word: 0x12345678, half: 0x5678, last: 9 })
  t.throws(() => encodeValue(btf, 16, { wrod: 1 }, 'x'), { code: 'member', message: 'x: no wrod; there are: word, half, last' })
})

t.test('a value outside its bytes, or of too many parts', async t => {
  const types: BtfType[] = [...SCALARS, { kind: 'array', type: 3, indexType: 3, count: 4 }]
  t.throws(() => readValue({ types }, new DataView(new ArrayBuffer(15)), placeAt(15, 0)), { code: 'outside' })
  let id = types.length - 1
  for (let depth = 0; depth < 30; depth++) {
    const members = ['a', 'b'].map(name => ({ name, type: id, offBits: 0, bits: 0 }))
    id = types.push({ kind: 'union', name: `u${depth}`, size: 16, members, bitfields: false }) - 1
  }
  t.throws(() => readValue({ types }, new DataView(new ArrayBuffer(16)), placeAt(id, 0)), { code: 'parts' })
})
