// Names of flavours, access strings, and what they mean in an object's types.
import t from 'tap'
import type { BtfType } from '../../../src/btf/types.ts'
import { essentialName, typeText } from '../../../src/core-relo/name.ts'
import { fieldsOf } from '../../../src/core-relo/relocate.ts'
import { parseAccess } from '../../../src/core-relo/spec.ts'

const member = (name: string, type: number, offBits: number) => ({ name, type, offBits, bits: 0 })
const types: BtfType[] = [
  { kind: 'void' },
  { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 },
  { kind: 'array', type: 1, indexType: 1, count: 3 },
  { kind: 'array', type: 1, indexType: 1, count: 0 },
  { kind: 'struct', name: '', size: 8, bitfields: false, members: [member('deep', 1, 0), member('list', 2, 32)] },
  {
    kind: 'struct',
    name: 'outer',
    size: 64,
    bitfields: false,
    members: [member('first', 1, 0), member('', 4, 32), member('named', 4, 160), member('flexible', 3, 288)],
  },
  { kind: 'typedef', name: 'outer_t', type: 7 },
  { kind: 'const', type: 5 },
  { kind: 'enum', name: 'e', size: 4, signed: false, values: [{ name: 'A', value: 1n }] },
  { kind: 'fwd', name: 'gone', union: false },
  { kind: 'ptr', type: 9 },
  { kind: 'array', type: 5, indexType: 1, count: 0xffffffff },
  { kind: 'struct', name: 'huge', size: 4, bitfields: false, members: [member('a', 11, 0)] },
]
const btf = { types }
const refuse = (why: string): never => {
  throw new Error(why)
}
const access = (id: number, text: string, kind: 'field_byte_offset' | 'enumval_value' | 'type_size' = 'field_byte_offset') =>
  parseAccess(btf, id, text, kind, refuse)

t.test('flavours', t => {
  const names: Readonly<Record<string, string>> = {
    task_struct: 'task_struct',
    task_struct___old: 'task_struct',
    a___b___c: 'a___b',
    a___: 'a___',
    ___a: '___a',
    a____b: 'a____b',
    a___b_: 'a',
    a__b: 'a__b',
    x___y: 'x',
    '': '',
  }
  for (const [name, want] of Object.entries(names)) t.equal(essentialName(name), want, name)
  t.end()
})

t.test('paths', t => {
  const off = (text: string, id = 5): number => access(id, text).offBits
  t.equal(off('0'), 0)
  t.equal(off('2'), 2 * 64 * 8)
  t.equal(off('0:1:0'), 32)
  t.equal(off('0:1:1:2'), 32 + 32 + 64)
  t.equal(off('1:2:1:0'), 512 + 160 + 32)
  t.equal(off('0:3:100'), 288 + 3200, 'a flexible array')
  t.equal(off('0:2:0', 6), 160, 'through a typedef')
  t.equal(access(8, '0', 'enumval_value').steps[0]!.name, 'A')
  t.end()
})

t.test('fields that a path names', t => {
  const names = (text: string): string[] => fieldsOf(access(5, text)).map(({ struct, field }) => `${struct}.${field}`)
  t.same(names('0:0'), ['outer.first'])
  t.same(names('0:1:0'), ['outer.deep'], 'unnamed members are passed through')
  t.same(names('0:2:0'), ['outer.named', 'outer.named.deep'])
  t.same(names('0:2:1:2'), ['outer.named', 'outer.named.list'])
  t.same(names('0'), [])
  t.end()
})

const REFUSED: readonly (readonly [number, string, RegExp])[] = [
  [5, '', /numbers between colons/],
  [5, ':0', /numbers between colons/],
  [5, '0:', /numbers between colons/],
  [5, '0::1', /numbers between colons/],
  [5, '-1', /numbers between colons/],
  [5, '0x1', /numbers between colons/],
  [5, '0:99999999999', /numbers between colons/],
  [5, '0:1\n', /numbers between colons/],
  [5, Array(65).fill('0').join(':'), /want 64 numbers or less/],
  [5, Array(100_000).fill('0').join(':'), /want 64 numbers or less/],
  [5, '0:4', /struct outer has 4 members, want number 4/],
  [5, '0:0:0', /a int has no member 0/],
  [5, '0:1:1:3', /the array has 3 elements, want number 3/],
  [9, '0', /type 9 \(fwd\) has no size/],
  [10, '0:0', /a ptr has no member 0/],
  [5, '4294967295', /512 MiB/],
  [12, '0:0:4294967294', /512 MiB/],
]
for (const [id, text, message] of REFUSED)
  t.test(`'${text.slice(0, 20)}' of ${typeText(btf, id)} is refused`, t => {
    t.throws(() => access(id, text), { message })
    t.end()
  })

t.test('types and enumerators', t => {
  t.throws(() => access(5, '1', 'type_size'), { message: /want '0'/ })
  t.throws(() => access(5, '0', 'enumval_value'), { message: /want an enum/ })
  t.throws(() => access(8, '1', 'enumval_value'), { message: /one of 1 enumerators/ })
  t.throws(() => access(8, '0:0', 'enumval_value'), { message: /enumerators/ })
  t.end()
})
