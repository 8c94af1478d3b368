// The functions of an object and what their instructions refer to (bpf_object__add_programs, bpf_program__record_reloc).
import type { BtfExt, CoreRelo, LineRecord } from '../btf/ext.ts'
import type { ElfFile, ElfReloc, ElfSection } from '../elf/parse.ts'
import {
  SHF_EXECINSTR,
  SHN_UNDEF,
  SHT_PROGBITS,
  STB_LOCAL,
  STT_FUNC,
  STT_NOTYPE,
  STT_SECTION,
  STV_HIDDEN,
  STV_INTERNAL,
} from '../elf/structs.ts'
import { CALL_KIND } from '../insn/opcode.ts'
import { CALL, codeAt, immAt, isLdImm64, srcAt } from '../insn/raw.ts'
import { fail } from './error.ts'
import { entryOf, TEXT } from './sections.ts'
import type { FuncSpec, Reference } from './spec.ts'

/** What relocations of instructions can refer to. */
export interface Symbols {
  /** Index of the map that begins at a byte of `.maps`. */
  readonly maps: ReadonlyMap<number, number>
  readonly mapsSection: number
  /** Index of the map of a section's variables, by number of the section. */
  readonly globals: ReadonlyMap<number, number>
  /** Index of the extern, by number of the symbol. */
  readonly externs: ReadonlyMap<number, number>
}

/** A function while its relocations are collected. */
interface Draft {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly insns: Uint8Array
  readonly references: Map<number, Reference>
  readonly lines: LineRecord[]
  readonly relos: { readonly index: number; readonly relo: CoreRelo }[]
  readonly global: boolean
  typeId: number
}

/** All functions, by section and place in it. @throws BpfError for those that overlap, and for relocations that lead nowhere */
export function readFunctions(elf: ElfFile, ext: BtfExt | null, symbols: Symbols): FuncSpec[] {
  const bySection = new Map<number, Draft[]>()
  for (const symbol of elf.symbols) {
    const section = elf.sections[symbol.section]
    if (symbol.type !== STT_FUNC || symbol.section === SHN_UNDEF || !section || !isCode(section)) continue
    const { name, value, size, bind, visibility } = symbol
    if (value % 8 !== 0 || size % 8 !== 0 || size === 0) fail('FUNC_SIZE', { section: section.name, name, off: value, size })
    if (section.name !== TEXT && bind === STB_LOCAL) fail('FUNC_STATIC', { section: section.name, name })
    const list = bySection.get(section.index) ?? []
    bySection.set(section.index, list)
    list.push({
      name,
      start: value / 8,
      end: (value + size) / 8,
      insns: section.data.subarray(value, value + size),
      references: new Map(),
      lines: [],
      relos: [],
      global: bind !== STB_LOCAL && visibility !== STV_HIDDEN && visibility !== STV_INTERNAL,
      typeId: 0,
    })
  }
  const sections = [...bySection.keys()].sort((a, b) => a - b)
  return sections.flatMap(index => {
    const section = elf.sections[index]!
    const drafts = bySection.get(index)!.sort((a, b) => a.start - b.start)
    for (const [i, draft] of drafts.entries()) {
      const before = drafts[i - 1]
      if (before && draft.start < before.end)
        fail('FUNC_OVERLAP', { section: section.name, name: draft.name, off: draft.start * 8, other: before.name })
    }
    for (const relo of elf.relocs(section)) addReference(elf, section, drafts, relo, symbols)
    if (ext) addRecords(section, drafts, ext)
    const entry = section.name === TEXT ? null : entryOf(section.name)
    return drafts.map(({ end: _, ...draft }): FuncSpec => ({ ...draft, section: section.name, sectionIndex: index, entry }))
  })
}

const isCode = (section: ElfSection): boolean =>
  section.type === SHT_PROGBITS && (section.flags & SHF_EXECINSTR) !== 0 && section.data.length > 0

/** The function that an instruction lies in; undefined for what an overridden weak function left behind. */
function funcAt(drafts: readonly Draft[], insn: number): Draft | undefined {
  let low = 0
  let high = drafts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (drafts[middle]!.start <= insn) low = middle + 1
    else high = middle
  }
  const draft = drafts[low - 1]
  return draft && insn < draft.end ? draft : undefined
}

function addReference(elf: ElfFile, section: ElfSection, drafts: readonly Draft[], relo: ElfReloc, symbols: Symbols): void {
  if (relo.off % 8 !== 0) fail('RELO_OFFSET', { section: section.name, off: relo.off })
  const draft = funcAt(drafts, relo.off / 8)
  if (!draft) return
  const insn = relo.off / 8 - draft.start
  if (draft.references.has(insn)) fail('RELO_TWICE', { prog: draft.name, insn })
  draft.references.set(insn, referenceOf(elf, draft, insn, relo, symbols))
}

function referenceOf(elf: ElfFile, draft: Draft, insn: number, { symbol }: ElfReloc, symbols: Symbols): Reference {
  const { insns, name: prog } = draft
  const at = { prog, insn }
  const target = elf.sections[symbol.section]
  const text = symbol.name || target?.name || `symbol ${symbol.index}`
  const code = codeAt(insns, insn)
  const isCall = code === CALL
  if (!isCall && !isLdImm64(insns, insn)) fail('RELO_INSN', { ...at, symbol: text, code })
  if (symbol.section === SHN_UNDEF && symbol.type === STT_NOTYPE && symbol.bind !== STB_LOCAL) {
    const extern = symbols.externs.get(symbol.index) ?? fail('RELO_EXTERN', { ...at, symbol: text })
    return { kind: isCall ? 'kfunc' : 'extern', extern }
  }
  const section = target?.name ?? `number ${symbol.section}`
  if (isCall) {
    if (srcAt(insns, insn) !== CALL_KIND.LOCAL || target?.name !== TEXT || symbol.value % 8 !== 0)
      fail('RELO_CALL', { ...at, symbol: text, section })
    return { kind: 'call', off: symbol.value }
  }
  if (!target || symbol.section === SHN_UNDEF) return fail('RELO_SECTION', { ...at, symbol: text, section })
  if (target.name === TEXT && (symbol.type === STT_SECTION || symbol.type === STT_FUNC)) {
    if (symbol.value % 8 !== 0 || immAt(insns, insn) % 8 !== 0) fail('RELO_CALL', { ...at, symbol: text, section })
    return { kind: 'func', off: symbol.value }
  }
  const map = symbols.globals.get(symbol.section)
  if (map !== undefined) return { kind: 'value', map, off: symbol.value }
  if (symbol.section !== symbols.mapsSection) return fail('RELO_SECTION', { ...at, symbol: text, section })
  const found = symbols.maps.get(symbol.value)
  return found === undefined ? fail('RELO_MAP', { ...at, symbol: text, off: symbol.value }) : { kind: 'map', map: found }
}

/** Gives every record of `.BTF.ext` to the function that it is about. */
function addRecords(section: ElfSection, drafts: readonly Draft[], ext: BtfExt): void {
  for (const { insnOff, typeId } of ext.funcs.get(section.name) ?? []) {
    const draft = funcAt(drafts, insnOff / 8)
    if (draft?.start === insnOff / 8) draft.typeId = typeId
  }
  for (const line of ext.lines.get(section.name) ?? []) funcAt(drafts, line.insnOff / 8)?.lines.push(line)
  for (const { lines } of drafts) lines.sort((a, b) => a.insnOff - b.insnOff)
  for (const [index, relo] of (ext.relos.get(section.name) ?? []).entries())
    funcAt(drafts, relo.insnOff / 8)?.relos.push({ index, relo })
}
