// ELF files that are not what they should be: each is refused with the place.
import t from 'tap'
import { parseElf } from '../../../src/elf/parse.ts'
import { elf64_shdr, elf64_sym, SHT_REL, SHT_RELA, SHT_SYMTAB } from '../../../src/elf/structs.ts'
import { bytesOf, compile } from '../../support/objects.ts'

const whole = bytesOf(compile('maps.bpf.c')).bytes
const good = parseElf(whole)
const headersAt = Number(new DataView(whole.buffer).getBigUint64(40, true))
const header = (index: number): number => headersAt + index * elf64_shdr.size
const find = (name: string): number => good.sections.findIndex(section => section.name === name)
const symtab = good.sections.findIndex(({ type }) => type === SHT_SYMTAB)
const symbolAt = (index: number): number => {
  const { data } = good.sections[symtab]!
  return data.byteOffset - whole.byteOffset + index * elf64_sym.size
}
const relocsOf = good.sections.findIndex(({ type, info }) => type === SHT_REL && info === find('iter/task'))
const relocAt = good.sections[relocsOf]!.data.byteOffset - whole.byteOffset

/** The file with some numbers in it changed: [offset, bytes, value]. */
function changed(...changes: readonly (readonly [number, 1 | 2 | 4 | 8, number])[]): Uint8Array {
  const bytes = new Uint8Array(whole)
  const view = new DataView(bytes.buffer)
  for (const [at, size, value] of changes) {
    if (size === 1) view.setUint8(at, value)
    else if (size === 2) view.setUint16(at, value, true)
    else if (size === 4) view.setUint32(at, value, true)
    else view.setBigUint64(at, BigInt(value), true)
  }
  return bytes
}

t.test('sections, symbols and relocations', t => {
  const text = good.sections[find('iter/task')]!
  t.equal(text.data.length, text.size)
  t.same(good.sections[find('.bss')]?.data.length, 0, 'NOBITS has no bytes')
  t.ok(good.sections[find('.bss')]!.size > 0)
  const first = good.symbols.find(({ name }) => name === 'first')!
  t.match(first, { bind: 1, type: 2, section: text.index, value: 0, size: text.size })
  const relocs = good.relocs(text)
  t.ok(relocs.length > 10)
  t.ok(
    relocs.every(({ off, type }) => off % 8 === 0 && type === 1),
    'all are R_BPF_64_64',
  )
  t.ok(relocs.some(({ symbol }) => symbol.name === 'by_type'))
  t.same(good.relocs(good.sections[find('license')]!), [])
  t.end()
})

/** What is changed, the code of the error and a part of its text. */
const REFUSED: Readonly<Record<string, readonly [Uint8Array, string, RegExp]>> = {
  'an empty file': [new Uint8Array(), 'NOT_ELF', /got an empty file/],
  'a text': [new TextEncoder().encode('#!/bin/sh\n'), 'NOT_ELF', /got 23 21 2f 62/],
  'a header cut short': [whole.subarray(0, 63), 'SHORT', /header at 0: want 64 bytes, the file ends after 63/],
  '32 bits': [changed([4, 1, 1]), 'CLASS', /at 4: .* got 32 bits/],
  'class 9': [changed([4, 1, 9]), 'CLASS', /class 9/],
  'big-endian': [changed([5, 1, 2]), 'BIG_ENDIAN', /at 5: .*-target bpfeb/],
  'an encoding that there is not': [changed([5, 1, 7]), 'DATA', /encoding 7/],
  'another version': [changed([6, 1, 2]), 'VERSION', /at 6/],
  'another version of the file': [changed([20, 4, 2]), 'VERSION', /at 20/],
  'an executable': [changed([16, 2, 2]), 'TYPE', /at 16: .* linked program/],
  'a core dump': [changed([16, 2, 4]), 'TYPE', /got type 4$/],
  'x86-64': [changed([18, 2, 62]), 'MACHINE', /at 18: .*247 \(BPF\), got 62/],
  'no sections': [changed([60, 2, 0]), 'NO_SECTIONS', /at 60/],
  'section headers of another size': [changed([58, 2, 40]), 'HEADER_SIZE', /at 58: .*64 bytes, got 40/],
  'section headers behind the end': [changed([40, 8, whole.length - 8]), 'SHORT', /section headers at \d+: want/],
  'section headers far behind the end': [changed([40, 8, 2 ** 52]), 'SHORT', /section headers/],
  'a file cut short': [whole.subarray(0, whole.length - 1), 'SHORT', /section headers/],
  'no such section of names': [changed([62, 2, 0xfff0]), 'NAMES', /at 62: .*number 65520/],
  'names that are no strings': [changed([62, 2, find('iter/task')]), 'NAMES', /at 62/],
  'a section behind the end': [changed([header(find('license')) + 24, 8, whole.length]), 'RANGE', /\(license\): 13 bytes at/],
  'a section of a hostile size': [changed([header(find('license')) + 32, 8, 2 ** 52]), 'RANGE', /\(license\)/],
  'a NOBITS section of a hostile size': [changed([header(find('.bss')) + 32, 8, 2 ** 40]), 'RANGE', /\(\.bss\)/],
  'sections over each other': [
    changed([header(find('license')) + 24, 8, good.sections[find('iter/task')]!.data.byteOffset - whole.byteOffset]),
    'OVERLAP',
    /overlaps section/,
  ],
  'a section over the header': [
    changed([header(find('license')) + 24, 8, 32]),
    'OVERLAP',
    /\(license\) at 32 overlaps the ELF header/,
  ],
  'a name behind its strings': [
    changed([header(find('license')), 4, 0x7fffffff]),
    'STRING',
    /section names.*string at 2147483647/,
  ],
  'no symbol table': [changed([header(symtab) + 4, 4, 1]), 'NO_SYMBOLS', /stripped/],
  'two symbol tables': [changed([header(find('license')) + 4, 4, SHT_SYMTAB]), 'SYMTABS', /a second symbol table/],
  'symbols of an odd size': [changed([header(symtab) + 32, 8, 25]), 'ENTRIES', /\.symtab.* entries of 24 bytes, its 25/],
  'symbols without strings': [changed([header(symtab) + 40, 4, find('license')]), 'LINK', /want strings of symbols/],
  'a symbol in no section': [changed([symbolAt(3) + 6, 2, 999]), 'SYMBOL_SECTION', /symbol 3 .* section 999, there are/],
  'a symbol of an extended section': [changed([symbolAt(3) + 6, 2, 0xffff]), 'SYMBOL_SECTION', /section 65535/],
  'a symbol behind its section': [
    changed([symbolAt(3) + 6, 2, find('license')], [symbolAt(3) + 8, 8, 14]),
    'SYMBOL_RANGE',
    /at 14 do not lie in section \d+ \(license\) of 13 bytes/,
  ],
  'a symbol with a name from nowhere': [changed([symbolAt(3), 4, 0xffffff]), 'STRING', /string at 16777215/],
}

for (const [name, [bytes, code, message]] of Object.entries(REFUSED))
  t.test(`${name} is refused`, t => {
    t.throws(() => parseElf(bytes), { name: 'BpfError', code, message, errno: 22 })
    t.end()
  })

const RELOCS: Readonly<Record<string, readonly [Uint8Array, string, RegExp]>> = {
  'relocations with addends': [changed([header(relocsOf) + 4, 4, SHT_RELA]), 'RELA', /want REL/],
  'compressed relocations': [changed([header(relocsOf) + 8, 8, 0x800]), 'COMPRESSED', /compressed/],
  'relocations without symbols': [changed([header(relocsOf) + 40, 4, 1]), 'LINK', /want the symbol table/],
  'relocations of an odd size': [changed([header(relocsOf) + 32, 8, 17]), 'ENTRIES', /entries of 16 bytes/],
  'a relocation of no symbol': [changed([relocAt + 12, 4, 0xffff]), 'RELO_SYMBOL', /\(iter\/task\): .*symbol 65535/],
  'a relocation of an unknown type': [changed([relocAt + 8, 4, 5]), 'RELO_TYPE', /unknown type 5/],
  'a relocation behind its section': [changed([relocAt, 8, 2 ** 33]), 'RELO_RANGE', /at 8589934592 does not lie/],
}

for (const [name, [bytes, code, message]] of Object.entries(RELOCS))
  t.test(`${name} are refused`, t => {
    const elf = parseElf(bytes)
    t.throws(() => elf.relocs(elf.sections[find('iter/task')]!), { code, message })
    t.end()
  })

t.test('every file that is cut short is refused', t => {
  for (let size = 0; size < whole.length; size += 97) t.throws(() => parseElf(whole.subarray(0, size)), { name: 'BpfError' })
  t.end()
})
