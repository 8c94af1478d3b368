import t from 'tap'
import { BtfBuilder } from '../../../src/btf/build.ts'
import { typeText } from '../../../src/btf/declare.ts'
import { parseBtf } from '../../../src/btf/parse.ts'
import {
  alignOf,
  bareType,
  indexBtf,
  memberOf,
  sizeOf,
  sizeOrNull,
  skipModifiers,
  skipQualifiers,
  typeAs,
} from '../../../src/btf/query.ts'
import { info, rawBtf } from '../../support/btf-objects.ts'

const btf = new BtfBuilder()
  .declare(`
    typedef unsigned int u32;
    typedef const u32 fixed_t;
    struct inner { char c; struct { u32 deep; union { u32 left; char right[2]; }; }; };
    struct outer { fixed_t id; struct inner in; struct { long int far; }; struct outer *next; u32 bits : 3; };
    typedef struct outer *outer_p;
    enum e { E_A };
    enum wide { WIDE = 0x100000000 };
    union u { char c[5]; short int s; };
    typedef int (*call_t)(struct outer *, const char *, ...);
    struct uses { outer_p p; enum wide w; enum e e; union u u; call_t call; struct missing *missing; char name[16]; int grid[2][3]; };
  `)
  .build()
const index = indexBtf(btf)
const outer = index.find('struct', 'outer')

t.test('by name', t => {
  t.match(btf.types[outer], { kind: 'struct', name: 'outer' })
  t.equal(index.find('union', 'outer'), 0)
  t.equal(index.find('struct', 'nothing'), 0)
  t.same(index.named('outer'), [outer])
  t.ok([...index.names()].includes('E_A') === false, 'enumerators are no types')
  t.equal(indexBtf(btf), index, 'made once')
  t.end()
})

t.test('through modifiers', t => {
  const fixed = index.find('typedef', 'fixed_t')
  t.match(typeAs(btf, skipQualifiers(btf, fixed), 'typedef'), { name: 'fixed_t' })
  t.match(btf.types[skipModifiers(btf, fixed)], { kind: 'int', name: 'unsigned int' })
  t.match(bareType(btf, index.find('typedef', 'outer_p')), { kind: 'ptr' })
  t.equal(typeAs(btf, outer, 'union', 'enum'), null)
  t.equal(bareType(btf, 12345).kind, 'void', 'an id that there is not')
  t.end()
})

t.test('sizes and alignments', t => {
  const of = (kind: 'struct' | 'union' | 'typedef' | 'enum' | 'enum64', name: string): [number, number] => {
    const id = index.find(kind, name)
    return [sizeOf(btf, id), alignOf(btf, id)]
  }
  t.same(of('struct', 'inner'), [12, 4])
  t.same(of('struct', 'outer'), [40, 8])
  t.same(of('union', 'u'), [6, 2])
  t.same(of('typedef', 'outer_p'), [8, 8])
  t.same(of('enum64', 'wide'), [8, 8])
  t.same(of('enum', 'e'), [4, 4])
  t.equal(sizeOrNull(btf, index.find('fwd', 'missing')), null)
  t.throws(() => sizeOf(btf, 0), { code: 'unsized', message: 'type 0 (void) has no size' })
  t.equal(sizeOf(btf, memberOf(btf, index.find('struct', 'uses'), 'grid')!.member.type), 24)
  const packed = parseBtf(rawBtf(['int', info(1), 4, 32, 's', info(4, 1), 5, 'm', 1, 8]))
  t.equal(alignOf(packed, 2), 1, 'a member that lies uneven')
  t.end()
})

t.test('members, through anonymous ones', t => {
  const found = (name: string) => {
    const member = memberOf(btf, index.find('typedef', 'outer_p') && outer, name)
    return member && { off: member.offBits, path: member.path.join(':'), bits: member.member.bits }
  }
  t.same(found('id'), { off: 0, path: '0', bits: 0 })
  t.same(found('far'), { off: 128, path: '2:0', bits: 0 })
  t.same(found('next'), { off: 192, path: '3', bits: 0 })
  t.same(found('bits'), { off: 256, path: '4', bits: 3 })
  t.equal(found('deep'), null, 'a named member has members of its own')
  const inner = memberOf(btf, index.find('struct', 'inner'), 'right')!
  t.same([inner.offBits, inner.path, inner.member.name], [64, [1, 1, 1], 'right'])
  t.equal(typeAs(btf, inner.owner, 'union')?.members.length, 2)
  t.equal(memberOf(btf, index.find('enum', 'e'), 'x'), null, 'an enum has none')
  t.end()
})

t.test('types that are walked often come to an end', t => {
  // Each struct has the one before it twice, and the name is in none.
  const doubled = Array.from({ length: 200 }, (_, i) => [0, info(4, 2), 0, 0, i + 1, 0, 0, i + 1, 0]).flat()
  const wide = parseBtf(rawBtf(['int', info(1), 4, 32, ...doubled]))
  t.equal(alignOf(wide, 201), 4)
  t.equal(memberOf(wide, 201, 'nothing'), null)
  t.end()
})

t.test('as C text', t => {
  const uses = index.find('struct', 'uses')
  const text = (name: string): string => typeText(btf, memberOf(btf, uses, name)!.member.type)
  t.equal(text('p'), 'outer_p')
  t.equal(typeText(btf, skipModifiers(btf, index.find('typedef', 'outer_p'))), 'struct outer *')
  t.equal(typeText(btf, skipModifiers(btf, index.find('typedef', 'call_t'))), 'int (*)(struct outer *, const char *, ...)')
  t.equal(text('missing'), 'struct missing *')
  t.equal(text('name'), 'char[16]')
  t.equal(text('grid'), 'int[2][3]')
  t.equal(text('w'), 'enum wide')
  t.equal(text('u'), 'union u')
  t.equal(typeText(btf, 0), 'void')
  t.end()
})
