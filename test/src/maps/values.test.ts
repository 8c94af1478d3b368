// What values may hold, what a map takes of memory, and what is refused.
import t from 'tap'
import type { BaseMap } from '../../../src/maps/base.ts'
import type { MapAttr } from '../../../src/maps/map.ts'
import { canShow, showMap } from '../../../src/maps/show.ts'
import { MAP_TYPES } from '../../../src/maps/types.ts'
import { EINVAL, ENOMEM, ENOTSUPP, EOPNOTSUPP, ErrnoError } from '../../../src/util/errno.ts'
import type { BpfError } from '../../../src/util/error.ts'
import { Fixture, NO_PREALLOC, u32, ZERO_SEED } from '../../support/map-fixture.ts'

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
