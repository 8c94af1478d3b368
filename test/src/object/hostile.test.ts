// Objects whose counts and depths are meant to hurt: whatever grows faster than the file would take minutes here.
import t from 'tap'
import { encodeBtf } from '../../../src/btf/encode.ts'
import type { BtfType } from '../../../src/btf/types.ts'
import { SHF_EXECINSTR, SHT_NOBITS, SHT_PROGBITS, SHT_REL } from '../../../src/elf/structs.ts'
import { parseObject } from '../../../src/object/parse.ts'
import { resolveObject } from '../../../src/object/resolve.ts'
import { setGlobals } from '../../../src/object/set.ts'
import { BpfError } from '../../../src/util/error.ts'
import { buildElf, relocBytes, type SectionSpec, type SymbolSpec } from '../../support/elf-build.ts'

const FUNC = 0x12
const LOCAL_FUNC = 0x02
const OBJECT = 0x11
const EXIT = [0x95, 0, 0, 0, 0, 0, 0, 0]
const targetBtf = { types: [{ kind: 'void' as const }] }

const code = (name: string, insns: number): SectionSpec => ({
  name,
  type: SHT_PROGBITS,
  flags: SHF_EXECINSTR,
  data: Uint8Array.from({ length: insns * 8 }, (_, i) => EXIT[i % 8]!),
})
const load = (bytes: Uint8Array) => resolveObject(parseObject(bytes, 'hostile.o'), { targetBtf })

/** The code of the error that comes; '' when it loads. */
function codeOf(bytes: Uint8Array): string {
  try {
    load(bytes)
    return ''
  } catch (err) {
    if (err instanceof BpfError) return err.code
    throw err
  }
}

/** Appends an instruction that calls the subprogram `target` instructions from here. */
function callAt(data: Uint8Array, insn: number, target: number): void {
  data.set([0x85, 0x10, 0, 0], insn * 8)
  new DataView(data.buffer).setInt32(insn * 8 + 4, target - insn - 1, true)
}

t.test('60,000 sections, each with a program', t => {
  const sections = Array.from({ length: 60_000 }, () => code('iter/task', 1))
  const symbols = sections.map((_, i): SymbolSpec => ({ name: `p${i}`, info: FUNC, section: i + 1, size: 8 }))
  t.equal(load(buildElf(sections, symbols)).progs.length, 60_000)
  t.end()
})

t.test('60,000 tables of relocations', t => {
  const tables = Array.from({ length: 60_000 }, (): SectionSpec => ({ name: '.rel', type: SHT_REL, link: 60_003, info: 1 }))
  const elf = buildElf([code('iter/task', 1), ...tables], [{ name: 'p', info: FUNC, section: 1, size: 8 }])
  t.equal(load(elf).progs.length, 1)
  t.end()
})

t.test('100,000 symbols that share a name of 1 MB', t => {
  // In one piece: what repeat() gives is put together anew at every comparison.
  const name = Buffer.alloc(1 << 20, 'a').toString('latin1')
  const symbols = Array.from({ length: 100_000 }, (): SymbolSpec => ({ name, info: OBJECT, section: 0xfff1 }))
  t.equal(codeOf(buildElf([code('iter/task', 1)], symbols)), 'STRING_LONG')
  t.end()
})

t.test('programs on top of each other', t => {
  const symbols = Array.from({ length: 1000 }, (_, i): SymbolSpec => ({ name: `p${i}`, info: FUNC, section: 1, size: 8000 }))
  t.equal(codeOf(buildElf([code('iter/task', 1000)], symbols)), 'FUNC_OVERLAP')
  t.end()
})

t.test('many programs that share long subprograms', t => {
  const text = code('.text', 20_000)
  const entries = code('iter/task', 2000)
  for (let i = 0; i < 1000; i++) entries.data!.set([0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff], i * 16)
  const relocs = Array.from({ length: 1000 }, (_, i) => [i * 16, 10, 1] as const)
  const symbols: SymbolSpec[] = [
    { name: 'long', info: FUNC, section: 1, size: 160_000 },
    ...relocs.map((_, i): SymbolSpec => ({ name: `p${i}`, info: FUNC, section: 2, value: i * 16, size: 16 })),
  ]
  const elf = buildElf([text, entries, { name: '.rel', type: SHT_REL, data: relocBytes(relocs), link: 5, info: 2 }], symbols)
  t.equal(codeOf(elf), 'TOO_LONG')
  t.end()
})

t.test('subprograms that call each other 10,000 deep', t => {
  const text = code('.text', 20_000)
  for (let i = 0; i < 9999; i++) callAt(text.data!, i * 2, i * 2 + 2)
  const entry = code('iter/task', 2)
  entry.data!.set([0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff])
  const symbols: SymbolSpec[] = Array.from({ length: 10_000 }, (_, i) => ({
    name: `s${i}`,
    info: LOCAL_FUNC,
    section: 1,
    value: i * 16,
    size: 16,
  }))
  symbols.push({ name: 'entry', info: FUNC, section: 2, size: 16 })
  const rel = { name: '.rel', type: SHT_REL, data: relocBytes([[0, 10, 1]]), link: 5, info: 2 }
  t.equal(codeOf(buildElf([text, entry, rel], symbols)), 'CALL_DEPTH')
  t.end()
})

t.test('a function that calls itself', t => {
  const text = code('.text', 2)
  callAt(text.data!, 0, 0)
  const entry = code('iter/task', 2)
  entry.data!.set([0x85, 0x10, 0, 0, 0xff, 0xff, 0xff, 0xff])
  const symbols: SymbolSpec[] = [
    { name: 's', info: FUNC, section: 1, size: 16 },
    { name: 'entry', info: FUNC, section: 2, size: 16 },
  ]
  const rel = { name: '.rel', type: SHT_REL, data: relocBytes([[0, 10, 1]]), link: 5, info: 2 }
  t.equal(
    load(buildElf([text, entry, rel], symbols)).progs[0]!.insns.length,
    32,
    "is laid out once; that it may not be is the engine's",
  )
  t.end()
})

t.test('variables of 4 GB', t => {
  const bss = (size: number): SectionSpec => ({ name: '.bss', type: SHT_NOBITS, size })
  t.equal(codeOf(buildElf([bss(0xffff_ffff)], [])), 'GLOBALS_SIZE')
  t.equal(codeOf(buildElf([bss(40 << 20), bss(40 << 20)], [])), 'GLOBALS_SIZE')
  t.end()
})

const TWO_MEMBERS = (type: number): BtfType => ({
  kind: 'struct',
  name: '',
  size: 4,
  bitfields: false,
  members: [
    { name: '', type, offBits: 0, bits: 0 },
    { name: '', type, offBits: 0, bits: 0 },
  ],
})

t.test('structs that hold others twice, 100 deep', t => {
  const types: BtfType[] = [
    { kind: 'void' },
    { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 },
    { kind: 'struct', name: '', size: 4, bitfields: false, members: [{ name: 'x', type: 1, offBits: 0, bits: 0 }] },
  ]
  for (let i = 0; i < 100; i++) types.push(TWO_MEMBERS(types.length - 1))
  types.push({ kind: 'var', name: 'v', type: types.length - 1, linkage: 1 })
  types.push({ kind: 'datasec', name: '.data', size: 4, vars: [{ type: types.length - 1, off: 0, size: 4 }] })
  const sections = [
    { name: '.data', type: SHT_PROGBITS, data: new Uint8Array(4) },
    { name: '.BTF', type: SHT_PROGBITS, data: encodeBtf({ types }) },
  ]
  const spec = parseObject(buildElf(sections, [{ name: 'v', info: OBJECT, section: 1, size: 4 }]), 'deep.o')
  t.equal(setGlobals(spec, { 'v.x': '5' }).maps[0]!.initial![0], 5)
  t.throws(() => setGlobals(spec, { 'v.y': '5' }), { code: 'SET_PATH', message: /v has no y; there are: x$/ })
  t.end()
})

t.test('50,000 maps of one definition with 60,000 fields', t => {
  const members = Array.from({ length: 60_000 }, () => ({ name: 'max_entries', type: 2, offBits: 0, bits: 0 }))
  const types: BtfType[] = [
    { kind: 'void' },
    { kind: 'array', type: 3, indexType: 3, count: 1 },
    { kind: 'ptr', type: 1 },
    { kind: 'int', name: 'int', size: 4, encoding: 1, offBits: 0, bits: 32 },
    { kind: 'struct', name: 'm', size: 8, bitfields: false, members },
  ]
  const vars = Array.from({ length: 50_000 }, (_, i) => {
    types.push({ kind: 'var', name: `v${i}`, type: 4, linkage: 1 })
    return { type: types.length - 1, off: i * 8, size: 8 }
  })
  types.push({ kind: 'datasec', name: '.maps', size: 400_000, vars })
  const sections = [
    { name: '.maps', type: SHT_PROGBITS, data: new Uint8Array(400_000) },
    { name: '.BTF', type: SHT_PROGBITS, data: encodeBtf({ types }) },
  ]
  t.equal(codeOf(buildElf(sections, [])), 'MAP_FIELD')
  t.end()
})

t.test('a program of 500,000 branches with poison at the end', t => {
  // r1 = N; if r0 == N goto +1 ...: every path has other numbers in its registers and on its stack.
  const insns = code('iter/task', 500_000)
  const view = new DataView(insns.data!.buffer)
  for (let i = 0; i + 4 < 500_000; i += 4) {
    insns.data!.set([0xb7, 1 + (i % 9)], i * 8)
    view.setInt32(i * 8 + 4, i, true)
    insns.data!.set([0x15, 0, 1, 0], (i + 1) * 8)
    view.setInt32((i + 1) * 8 + 4, i, true)
    insns.data!.set([0x7a, 10], (i + 2) * 8)
    view.setInt16((i + 2) * 8 + 2, -8 * (1 + (i % 60)), true)
    insns.data!.set([0x05, 0, 0, 0], (i + 3) * 8)
  }
  for (const at of [499_996, 499_997]) insns.data!.set([0xb7], at * 8)
  // The last instruction but one calls a kfunc that is not there.
  insns.data!.set([0x85, 0x10], 499_998 * 8)
  const btf = encodeBtf({
    types: [
      { kind: 'void' },
      { kind: 'func_proto', type: 0, params: [] },
      { kind: 'func', name: 'gone', type: 1, linkage: 2 },
      { kind: 'datasec', name: '.ksyms', size: 0, vars: [{ type: 2, off: 0, size: 0 }] },
    ],
  })
  const sections: SectionSpec[] = [
    insns,
    { name: '.rel', type: SHT_REL, data: relocBytes([[499_998 * 8, 10, 2]]), link: 5, info: 1 },
    { name: '.BTF', type: SHT_PROGBITS, data: btf },
  ]
  const symbols: SymbolSpec[] = [
    { name: 'p', info: FUNC, section: 1, size: 4_000_000 },
    { name: 'gone', info: 0x20, section: 0 },
  ]
  t.equal(codeOf(buildElf(sections, symbols)), 'NO_KFUNC', 'all of it is looked at')
  t.end()
})

t.test('a member behind the end of its struct', t => {
  const types: BtfType[] = [
    { kind: 'void' },
    { kind: 'int', name: 'char', size: 1, encoding: 1, offBits: 0, bits: 8 },
    { kind: 'array', type: 1, indexType: 1, count: 4 },
    { kind: 'struct', name: '', size: 4, bitfields: false, members: [{ name: 'x', type: 2, offBits: 24, bits: 0 }] },
    { kind: 'var', name: 'v', type: 3, linkage: 1 },
    { kind: 'datasec', name: '.data', size: 4, vars: [{ type: 4, off: 0, size: 4 }] },
  ]
  const sections = [
    { name: '.data', type: SHT_PROGBITS, data: new Uint8Array(4) },
    { name: '.BTF', type: SHT_PROGBITS, data: encodeBtf({ types }) },
  ]
  const elf = buildElf(sections, [{ name: 'v', info: OBJECT, section: 1, size: 4 }])
  t.throws(() => setGlobals(parseObject(elf, 'x.o'), { 'v.x': 'abc' }), { name: 'BpfError' })
  t.end()
})

t.test('a call to nowhere', t => {
  const entry = code('iter/task', 2)
  callAt(entry.data!, 0, 1)
  const text = code('.text', 2)
  const own: SymbolSpec[] = [
    { name: 's', info: FUNC, section: 1, value: 8, size: 8 },
    { name: 'entry', info: FUNC, section: 2, size: 16 },
  ]
  t.equal(codeOf(buildElf([text, entry], own)), 'NO_SUBPROG', 'in its own section, where .text has a function')
  entry.data!.set([0x85, 0x10, 0, 0, 0, 0, 0, 0])
  const rel = { name: '.rel', type: SHT_REL, data: relocBytes([[0, 10, 1]]), link: 5, info: 2 }
  const symbols: SymbolSpec[] = [
    { name: 's', info: FUNC, section: 1, size: 16 },
    { name: 'entry', info: FUNC, section: 2, size: 16 },
  ]
  t.equal(codeOf(buildElf([text, entry, rel], symbols)), 'NO_SUBPROG', 'into the middle of a subprogram')
  t.end()
})
