import { readFileSync } from 'node:fs'
import t from 'tap'
import { encodeBtf } from '../../../src/btf/encode.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import type { Btf, BtfType } from '../../../src/btf/types.ts'
import { BpfError } from '../../../src/util/error.ts'
import { info, noVmlinux, rawBtf, typeObjects, VMLINUX } from '../../support/btf-objects.ts'

const INT = 1
const PTR = 2
const ARRAY = 3
const STRUCT = 4
const UNION = 5
const ENUM = 6
const FWD = 7
const TYPEDEF = 8
const VOLATILE = 9
const CONST = 10
const RESTRICT = 11
const FUNC = 12
const FUNC_PROTO = 13
const VAR = 14
const DATASEC = 15
const FLOAT = 16
const DECL_TAG = 17
const TYPE_TAG = 18
const ENUM64 = 19

/** [1] int, which the others refer to. */
const INT_TYPE = ['int', info(INT), 4, 0x01_00_00_20] as const

/** What a type shows, its lazy parts included. */
function plain(type: BtfType): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...type }
  for (const key of ['name', 'members', 'values', 'params', 'vars'] as const)
    if (key in type) shown[key] = (type as unknown as Record<string, unknown>)[key]
  return Object.fromEntries(Object.entries(shown))
}
const types = (btf: Btf): Record<string, unknown>[] => btf.types.map(plain)

t.test('every kind', t => {
  const bytes = rawBtf([
    ...INT_TYPE,
    ...[0, info(PTR), 1],
    ...[0, info(ARRAY), 0, 1, 1, 7],
    ...['s', info(STRUCT, 2), 16, 'a', 1, 0, 'b', 2, 64],
    ...['f', info(STRUCT, 2, true), 4, 'x', 1, 0x03_00_00_05, '', 1, 0x00_00_00_20],
    ...[0, info(UNION, 1), 4, 'a', 1, 0],
    ...['e', info(ENUM, 2, true), 4, 'A', 0xffff_fffe, 'B', 1],
    ...['u', info(ENUM, 1), 4, 'C', 0xffff_fffe],
    ...['w', info(FWD), 0],
    ...['v', info(FWD, 0, true), 0],
    ...['t', info(TYPEDEF), 1],
    ...[0, info(VOLATILE), 1],
    ...[0, info(CONST), 0],
    ...[0, info(RESTRICT), 2],
    ...[0, info(FUNC_PROTO, 2), 1, 'p', 1, 0, 0],
    ...['fn', info(FUNC, 2), 15],
    ...['var', info(VAR), 1, 1],
    ...['.data', info(DATASEC, 1), 8, 17, 4, 4],
    ...['double', info(FLOAT), 8],
    ...['mark', info(DECL_TAG), 4, 1],
    ...['mark', info(DECL_TAG, 0, true), 4, 0xffff_ffff],
    ...['rcu', info(TYPE_TAG), 1],
    ...['l', info(ENUM64, 2, true), 8, 'D', 0xffff_ffff, 0xffff_ffff, 'E', 5, 1],
    ...['m', info(ENUM64, 1), 8, 'F', 1, 0x8000_0000],
  ])
  const btf = parseBtf(bytes)
  t.same(types(btf), [
    { kind: 'void' },
    { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 },
    { kind: 'ptr', type: 1 },
    { kind: 'array', type: 1, indexType: 1, count: 7 },
    {
      kind: 'struct',
      name: 's',
      size: 16,
      bitfields: false,
      members: [
        { name: 'a', type: 1, offBits: 0, bits: 0 },
        { name: 'b', type: 2, offBits: 64, bits: 0 },
      ],
    },
    {
      kind: 'struct',
      name: 'f',
      size: 4,
      bitfields: true,
      members: [
        { name: 'x', type: 1, offBits: 5, bits: 3 },
        { name: '', type: 1, offBits: 32, bits: 0 },
      ],
    },
    { kind: 'union', name: '', size: 4, bitfields: false, members: [{ name: 'a', type: 1, offBits: 0, bits: 0 }] },
    {
      kind: 'enum',
      name: 'e',
      size: 4,
      signed: true,
      values: [
        { name: 'A', value: -2n },
        { name: 'B', value: 1n },
      ],
    },
    { kind: 'enum', name: 'u', size: 4, signed: false, values: [{ name: 'C', value: 0xffff_fffen }] },
    { kind: 'fwd', name: 'w', union: false },
    { kind: 'fwd', name: 'v', union: true },
    { kind: 'typedef', name: 't', type: 1 },
    { kind: 'volatile', type: 1 },
    { kind: 'const', type: 0 },
    { kind: 'restrict', type: 2 },
    {
      kind: 'func_proto',
      type: 1,
      params: [
        { name: 'p', type: 1 },
        { name: '', type: 0 },
      ],
    },
    { kind: 'func', name: 'fn', type: 15, linkage: 2 },
    { kind: 'var', name: 'var', type: 1, linkage: 1 },
    { kind: 'datasec', name: '.data', size: 8, vars: [{ type: 17, off: 4, size: 4 }] },
    { kind: 'float', name: 'double', size: 8 },
    { kind: 'decl_tag', name: 'mark', type: 4, component: 1, attr: false },
    { kind: 'decl_tag', name: 'mark', type: 4, component: -1, attr: true },
    { kind: 'type_tag', name: 'rcu', type: 1, attr: false },
    {
      kind: 'enum64',
      name: 'l',
      size: 8,
      signed: true,
      values: [
        { name: 'D', value: -1n },
        { name: 'E', value: 0x1_0000_0005n },
      ],
    },
    { kind: 'enum64', name: 'm', size: 8, signed: false, values: [{ name: 'F', value: 0x8000_0000_0000_0001n }] },
  ])
  t.same(encodeBtf(btf), bytes, 'the same bytes')
  t.same(encodeBtf({ types: btf.types }), bytes, 'the same without what was parsed: names in the order of their use')
  bytes.fill(0xff)
  t.equal((btf.types[4] as { name: string }).name, 's', 'the bytes were copied')
  t.end()
})

t.test('encoding what was changed', t => {
  const btf = parseBtf(rawBtf([...INT_TYPE, 't', info(TYPEDEF), 1, 'u', info(TYPEDEF), 2]))
  const [none, int, , second] = btf.types
  const changed = [
    none!,
    int!,
    { kind: 'typedef', name: 'u', type: 1 },
    { kind: 'typedef', name: 'new', type: 2 },
    second!,
  ] as const
  t.same(types(parseBtf(encodeBtf({ ...btf, types: changed }))), types({ types: changed }))
  t.end()
})

t.test('string tables in which a text is twice, or the end of another', t => {
  const bytes = rawBtf([...INT_TYPE, 'abcd', info(TYPEDEF), 1, 'abxx', info(TYPEDEF), 1, 'dint', info(TYPEDEF), 1])
  // `abxx` becomes a second `abcd`, and the last name the end of `dint`.
  bytes.set([0x63, 0x64], bytes.length - 8)
  const view = new DataView(bytes.buffer)
  const last = 24 + 4 * (4 + 3 + 3)
  view.setUint32(last, view.getUint32(last, true) + 1, true)
  const btf = parseBtf(bytes)
  t.same(
    btf.types.slice(2).map(type => (type as { name: string }).name),
    ['abcd', 'abcd', 'int'],
  )
  t.same(encodeBtf(btf), bytes)
  t.end()
})

t.test('names are text of any bytes', t => {
  const bytes = rawBtf([...INT_TYPE, 'abcd', info(TYPEDEF), 1])
  const at = bytes.length - 5
  bytes.set([0xc3, 0xa4, 0xff, 0x41], at)
  const btf = parseBtf(bytes)
  t.equal((btf.types[2] as { name: string }).name, '\u00e4\udcffA')
  t.same(encodeBtf(btf), bytes)
  t.end()
})

t.test('longer headers, and sections with room between them', t => {
  const bytes = rawBtf([...INT_TYPE])
  const roomy = new Uint8Array(bytes.length + 12)
  roomy.set(bytes.subarray(0, 24))
  roomy.set(bytes.subarray(24, 40), 32)
  roomy.set(bytes.subarray(40), 52)
  const view = new DataView(roomy.buffer)
  view.setUint32(4, 32, true)
  view.setUint32(16, 20, true)
  t.same(types(parseBtf(roomy)), types(parseBtf(bytes)))
  t.end()
})

/** Each a BTF with one fault. */
const HOSTILE: Record<string, [bytes: Uint8Array, code: string, text: RegExp]> = {
  nothing: [new Uint8Array(0), 'short', /^\.BTF at 0: want 24 bytes, 0 are there$/],
  'a cut header': [rawBtf([]).subarray(0, 23), 'short', /want 24 bytes/],
  'no magic': [rawBtf([], { header: { 0: 0x0001_1234 } }), 'magic', /^\.BTF at 0: want the magic number 0xeb9f, got 0x1234$/],
  'big-endian': [rawBtf([], { header: { 0: 0x0100_9feb } }), 'magic', /big-endian/],
  'version 2': [rawBtf([], { header: { 0: 0x0002_eb9f } }), 'version', /want version 1, got 2/],
  'a short header': [rawBtf([], { header: { 1: 20 } }), 'header', /want a header of 24 bytes or more, got 20/],
  'types behind the end': [rawBtf([], { header: { 3: 4000 } }), 'part', /types of 4000 bytes at 24 do not lie in 25 bytes/],
  'types far behind the end': [rawBtf([], { header: { 2: 0xffff_fff0, 3: 0xffff_fff0 } }), 'part', /types/],
  'types at an odd place': [rawBtf([0], { header: { 2: 2, 3: 0 } }), 'part', /types of 0 bytes at 26 are not aligned/],
  'strings behind the end': [rawBtf([], { header: { 5: 2 } }), 'part', /strings/],
  'no strings': [rawBtf([], { header: { 5: 0 } }), 'strings', /got none$/],
  'strings that do not begin with NUL': [rawBtf([1], { header: { 3: 0, 4: 0, 5: 5 } }), 'strings', /none at the start/],
  'strings without an end': [rawBtf([...INT_TYPE], { header: { 5: 3 } }), 'strings', /none at the end/],
  'a cut type': [rawBtf([0, info(PTR), 0, 0]), 'short', /^\.BTF at 36: want 12 bytes, 4 are there$/],
  'items behind the end': [rawBtf(['s', info(STRUCT, 0xffff), 4]), 'short', /at 24/],
  'kind 0': [rawBtf([0, info(0), 0]), 'kind', /^\.BTF at 24: type 1 has the unknown kind 0$/],
  'kind 20': [rawBtf([0, info(20), 0]), 'kind', /unknown kind 20/],
  'reserved bits': [rawBtf([0, info(PTR) | 0x1_0000, 0]), 'info', /type 1 \(ptr\): reserved bits/],
  'a flag without meaning': [rawBtf([0, info(PTR, 0, true), 0]), 'info', /kind_flag/],
  'items of a pointer': [rawBtf([0, info(PTR, 1), 0]), 'info', /want no items, got 1/],
  'a size of an array': [rawBtf([...INT_TYPE, 0, info(ARRAY), 4, 1, 1, 1]), 'info', /third word/],
  'a name of a pointer': [rawBtf(['p', info(PTR), 0]), 'info', /it has a name/],
  'a name behind the end': [rawBtf([1000, info(INT), 4, 32]), 'name', /^\.BTF at 24: name 1000 lies outside 1 bytes/],
  'a name of a member behind the end': [rawBtf([...INT_TYPE, 0, info(STRUCT, 1), 4, 99, 1, 0]), 'name', /at 52: name 99/],
  'an id behind the end': [rawBtf([0, info(PTR), 2]), 'id', /type 1 refers to type 2, there are 2/],
  'a member of an id behind the end': [rawBtf([0, info(STRUCT, 1), 4, 0, 9, 0]), 'id', /type 9/],
  'a function of a pointer': [
    rawBtf([0, info(PTR), 0, 'f', info(FUNC), 1]),
    'refers',
    /\(func\) refers to a ptr, want func_proto/,
  ],
  'a section of types': [rawBtf([...INT_TYPE, '.s', info(DATASEC, 1), 4, 1, 0, 4]), 'refers', /want var or func/],
  'a typedef of itself': [rawBtf(['t', info(TYPEDEF), 1]), 'cycle', /type 1 \(typedef\) contains itself/],
  'const without end': [rawBtf([0, info(CONST), 2, 0, info(VOLATILE), 1]), 'cycle', /contains itself/],
  'pointers without end': [rawBtf([0, info(PTR), 2, 0, info(PTR), 1]), 'cycle', /\(ptr\)/],
  'an array of itself': [rawBtf([...INT_TYPE, 0, info(ARRAY), 0, 2, 1, 1]), 'cycle', /\(array\)/],
  'a struct in itself': [rawBtf(['s', info(STRUCT, 1), 4, 'm', 1, 0]), 'cycle', /\(struct\)/],
  'a struct in its member': [rawBtf(['s', info(STRUCT, 1), 4, 'm', 2, 0, 't', info(TYPEDEF), 1]), 'cycle', /contains itself/],
  'prototypes without end': [rawBtf([0, info(FUNC_PROTO, 1), 0, 'p', 2, 0, info(PTR), 1]), 'cycle', /contains itself/],
}

t.test('what is hostile is refused', t => {
  for (const [what, [bytes, code, text]] of Object.entries(HOSTILE)) {
    let got: unknown = 'ok'
    try {
      parseBtf(bytes)
    } catch (err) {
      got = err
    }
    if (!(got instanceof BpfError)) t.fail(`${what}: want ${code}, got ${String(got)}`)
    else {
      t.equal(got.code, code, `${what}: ${got.message}`)
      t.match(got.message, text, what)
    }
  }
  t.end()
})

t.test('types in types, up to a depth', t => {
  /** Typedefs of typedefs. */
  const chain = (length: number): Uint8Array =>
    rawBtf([...INT_TYPE, ...Array.from({ length }, (_, i) => ['t', info(TYPEDEF), i + 1]).flat()])
  t.equal(parseBtf(chain(255)).types.length, 257)
  t.throws(() => parseBtf(chain(256)), { code: 'depth' })
  t.throws(() => parseBtf(chain(100_000)), { code: 'depth' })
  const downwards = rawBtf([...Array.from({ length: 5000 }, (_, i) => ['t', info(TYPEDEF), i + 2]).flat(), ...INT_TYPE])
  t.throws(() => parseBtf(downwards), { code: 'depth' }, 'in the other order')
  // Through pointers to structs there is no end and no limit.
  const list = rawBtf(
    Array.from({ length: 1000 }, (_, i) => [
      's',
      info(STRUCT, 1),
      8,
      'm',
      (2 * i + 2) % 2000,
      0,
      0,
      info(PTR),
      ((2 * i + 2) % 2000) + 1,
    ]).flat(),
  )
  t.equal(parseBtf(list).types.length, 2001)
  t.end()
})

t.test("objects of three compilers, and the kernel's, come out as they went in", async t => {
  for (const { name, btf } of await typeObjects()) t.same(encodeBtf(parseBtf(btf)), btf, name)
})

t.test("the kernel's own comes out as it went in", { skip: noVmlinux() }, t => {
  const bytes = new Uint8Array(readFileSync(VMLINUX))
  const btf = parseBtf(bytes)
  t.ok(btf.types.length > 10_000, `${btf.types.length} types`)
  t.equal(Buffer.compare(encodeBtf(btf), bytes), 0)
  t.end()
})
