// ELF objects of BPF: 64 bits, little-endian, relocatable. Everything that is read is checked against the bytes that are there. Sections
// may not overlap, so whatever is read once a section costs no more than the file is long. Relocations are decoded when they are
// asked for: those of debug information are most of a file.
import { decodeText } from '../util/bytes.ts'
import { fail } from './error.ts'
import {
  ELFCLASS64,
  ELFDATA2LSB,
  ELFDATA2MSB,
  ELFMAG,
  EM_BPF,
  ET_REL,
  elf64_hdr,
  elf64_rel,
  elf64_shdr,
  elf64_sym,
  R_BPF,
  SHF_COMPRESSED,
  SHN_LORESERVE,
  SHN_UNDEF,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_NULL,
  SHT_REL,
  SHT_RELA,
  SHT_STRTAB,
  SHT_SYMTAB,
} from './structs.ts'

/** The longest name of a section or symbol, in bytes. */
const MAX_NAME = 1024

export interface ElfSection {
  readonly index: number
  readonly name: string
  /** SHT_* */
  readonly type: number
  /** SHF_* */
  readonly flags: number
  /** Bytes; those of SHT_NOBITS are not in the file. */
  readonly size: number
  readonly link: number
  readonly info: number
  /** A view of the file; empty for SHT_NOBITS. */
  readonly data: Uint8Array
}

export interface ElfSymbol {
  readonly index: number
  /** As in the file: symbols of sections have none. */
  readonly name: string
  /** STB_* */
  readonly bind: number
  /** STT_* */
  readonly type: number
  /** STV_* */
  readonly visibility: number
  /** Number of the section that it lies in, or SHN_UNDEF, or one from SHN_LORESERVE on. */
  readonly section: number
  /** Bytes from the start of its section. */
  readonly value: number
  readonly size: number
}

export interface ElfReloc {
  /** Byte in the section that is relocated. */
  readonly off: number
  /** R_BPF_* */
  readonly type: number
  readonly symbol: ElfSymbol
}

export interface ElfFile {
  readonly sections: readonly ElfSection[]
  readonly symbols: readonly ElfSymbol[]
  /** Relocations of a section, in the order of the file. @throws BpfError for wrong symbols, types and offsets */
  relocs(section: ElfSection): ElfReloc[]
}

/** Reads an object file. Keeps views of `bytes`. @throws BpfError naming section and offset for one that is not a sound BPF object */
export function parseElf(bytes: Uint8Array): ElfFile {
  const sections = readSections(bytes)
  const symbols = readSymbols(sections)
  const tables = new Map<number, ElfSection[]>()
  for (const section of sections) {
    if (section.type !== SHT_REL && section.type !== SHT_RELA) continue
    const others = tables.get(section.info)
    if (others) others.push(section)
    else tables.set(section.info, [section])
  }
  return {
    sections,
    symbols,
    relocs: target => (tables.get(target.index) ?? []).flatMap(table => readRelocs(sections, symbols, target, table)),
  }
}

const hex = (bytes: Uint8Array): string =>
  bytes.length === 0 ? 'an empty file' : [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join(' ')

function checkHeader(bytes: Uint8Array) {
  const magic = [0x7f, 0x45, 0x4c, 0x46]
  if (bytes.length < 4 || magic.some((byte, i) => bytes[i] !== byte)) fail('NOT_ELF', { got: hex(bytes.subarray(0, 4)) })
  if (bytes.length < elf64_hdr.size) fail('SHORT', { what: 'header', off: 0, want: elf64_hdr.size, got: bytes.length })
  const header = elf64_hdr.decode(bytes)
  if (header.ei_mag !== ELFMAG) fail('NOT_ELF', { got: hex(bytes.subarray(0, 4)) })
  if (header.ei_class !== ELFCLASS64) fail('CLASS', { got: header.ei_class })
  if (header.ei_data === ELFDATA2MSB) fail('BIG_ENDIAN', null)
  if (header.ei_data !== ELFDATA2LSB) fail('DATA', { got: header.ei_data })
  if (header.ei_version !== 1) fail('VERSION', { off: 6, got: header.ei_version })
  if (header.e_type !== ET_REL) fail('TYPE', { got: header.e_type })
  if (header.e_machine !== EM_BPF) fail('MACHINE', { got: header.e_machine })
  if (header.e_version !== 1) fail('VERSION', { off: 20, got: header.e_version })
  if (header.e_shnum === 0 || header.e_shoff === 0) fail('NO_SECTIONS', null)
  if (header.e_shentsize !== elf64_shdr.size)
    fail('HEADER_SIZE', { off: 58, what: 'section headers', want: elf64_shdr.size, got: header.e_shentsize })
  return header
}

function readSections(bytes: Uint8Array): ElfSection[] {
  const { e_shoff, e_shnum, e_shstrndx } = checkHeader(bytes)
  const tableSize = e_shnum * elf64_shdr.size
  if (e_shoff + tableSize > bytes.length)
    fail('SHORT', { what: `${e_shnum} section headers`, off: e_shoff, want: tableSize, got: bytes.length })
  if (e_shstrndx >= e_shnum) fail('NAMES', { got: e_shstrndx, count: e_shnum })
  const headers = Array.from({ length: e_shnum }, (_, i) => elf64_shdr.decode(bytes, e_shoff + i * elf64_shdr.size))

  const dataOf = (index: number): Uint8Array => {
    const { sh_type, sh_offset, sh_size } = headers[index]!
    if (sh_type === SHT_NULL || sh_type === SHT_NOBITS) return bytes.subarray(0, 0)
    if (sh_offset + sh_size > bytes.length)
      fail('RANGE', { index, section: nameOf(index), off: sh_offset, size: sh_size, got: bytes.length })
    return bytes.subarray(sh_offset, sh_offset + sh_size)
  }
  // Names come from the data of the section of names, which is looked at before its own name is known.
  let names: Uint8Array | null = null
  const nameOf = (index: number): string =>
    names === null ? '' : readString(names, headers[index]!.sh_name, { index: e_shstrndx, section: 'section names' })
  names = dataOf(e_shstrndx)
  if (headers[e_shstrndx]!.sh_type !== SHT_STRTAB) fail('NAMES', { got: e_shstrndx, count: e_shnum })

  const sections = headers.map((header, index): ElfSection => {
    const { sh_type, sh_flags, sh_size, sh_link, sh_info } = header
    // libbpf reads sizes of NOBITS sections as those of maps: 32 bits.
    if (sh_size > 0xffff_ffff)
      fail('RANGE', { index, section: nameOf(index), off: header.sh_offset, size: sh_size, got: bytes.length })
    return {
      index,
      name: nameOf(index),
      type: sh_type,
      flags: sh_flags,
      size: sh_size,
      link: sh_link,
      info: sh_info,
      data: dataOf(index),
    }
  })
  checkOverlap(sections, bytes, [
    { at: 0, end: elf64_hdr.size, what: 'the ELF header' },
    { at: e_shoff, end: e_shoff + tableSize, what: 'the section headers' },
  ])
  return sections
}

function checkOverlap(
  sections: readonly ElfSection[],
  bytes: Uint8Array,
  fixed: readonly { at: number; end: number; what: string }[],
): void {
  const parts = sections
    .filter(section => section.data.length > 0)
    .map(section => {
      const at = section.data.byteOffset - bytes.byteOffset
      return { at, end: at + section.data.length, what: `section ${section.index} (${section.name})`, section }
    })
  const all: { at: number; end: number; what: string; section?: ElfSection }[] = [...fixed, ...parts]
  all.sort((a, b) => a.at - b.at)
  for (let i = 1; i < all.length; i++) {
    const before = all[i - 1]!
    const here = all[i]!
    if (here.at >= before.end) continue
    const { section, other } = here.section ? { section: here.section, other: before } : { section: before.section, other: here }
    fail('OVERLAP', { index: section?.index ?? 0, section: section?.name ?? '', off: here.at, other: other.what })
  }
}

function readString(table: Uint8Array, off: number, where: { index: number; section: string }): string {
  if (off === 0 && table.length === 0) return ''
  if (off >= table.length) return fail('STRING', { ...where, off, size: table.length })
  const end = table.subarray(off, off + MAX_NAME + 1).indexOf(0)
  if (end >= 0) return decodeText(table, off, off + end)
  return table.length - off > MAX_NAME
    ? fail('STRING_LONG', { ...where, off, limit: MAX_NAME })
    : fail('STRING', { ...where, off, size: table.length })
}

/** How many entries of a fixed size a section has. */
function entries(section: ElfSection, size: number): number {
  const { data, index, name } = section
  if (data.length % size !== 0) fail('ENTRIES', { index, section: name, size: data.length, want: size })
  return data.length / size
}

function readSymbols(sections: readonly ElfSection[]): ElfSymbol[] {
  let table: ElfSection | undefined
  for (const section of sections) {
    if (section.type !== SHT_SYMTAB) continue
    if (table) fail('SYMTABS', { index: section.index, section: section.name, other: table.index })
    table = section
  }
  if (!table) return fail('NO_SYMBOLS', null)
  const strings = sections[table.link]
  if (strings?.type !== SHT_STRTAB)
    return fail('LINK', { index: table.index, section: table.name, what: 'strings of symbols', got: table.link })

  const cache = new Map<number, string>()
  const nameAt = (off: number): string => {
    let name = cache.get(off)
    if (name === undefined) {
      name = readString(strings.data, off, { index: strings.index, section: strings.name })
      cache.set(off, name)
    }
    return name
  }
  const { data } = table
  return Array.from({ length: entries(table, elf64_sym.size) }, (_, index) => {
    const { st_name, st_info, st_other, st_shndx, st_value, st_size } = elf64_sym.decode(data, index * elf64_sym.size)
    const name = nameAt(st_name)
    const place = sections[st_shndx]
    if (st_shndx === SHN_XINDEX || (st_shndx < SHN_LORESERVE && !place))
      fail('SYMBOL_SECTION', { symbol: index, name, got: st_shndx, count: sections.length })
    if (st_shndx !== SHN_UNDEF && place && st_value + st_size > place.size)
      fail('SYMBOL_RANGE', {
        index: place.index,
        section: place.name,
        symbol: index,
        name,
        off: st_value,
        size: st_size,
        got: place.size,
      })
    return {
      index,
      name,
      bind: st_info >> 4,
      type: st_info & 15,
      visibility: st_other & 3,
      section: st_shndx,
      value: st_value,
      size: st_size,
    }
  })
}

const RELOC_TYPES = new Set<number>(Object.values(R_BPF))

function readRelocs(
  sections: readonly ElfSection[],
  symbols: readonly ElfSymbol[],
  target: ElfSection,
  table: ElfSection,
): ElfReloc[] {
  const place = { index: target.index, section: target.name }
  const where = { index: table.index, section: table.name }
  if (table.type === SHT_RELA) fail('RELA', where)
  if (table.flags & SHF_COMPRESSED) fail('COMPRESSED', where)
  if (sections[table.link]?.type !== SHT_SYMTAB) fail('LINK', { ...where, what: 'the symbol table', got: table.link })
  return Array.from({ length: entries(table, elf64_rel.size) }, (_, i) => {
    const { r_offset: off, r_type: type, r_sym } = elf64_rel.decode(table.data, i * elf64_rel.size)
    const symbol = symbols[r_sym] ?? fail('RELO_SYMBOL', { ...place, off, got: r_sym, count: symbols.length })
    if (!RELOC_TYPES.has(type)) fail('RELO_TYPE', { ...place, off, got: type })
    const size = type === R_BPF.R_BPF_64_ABS32 || type === R_BPF.R_BPF_64_NODYLD32 ? 4 : 8
    if (off + size > target.size) fail('RELO_RANGE', { ...place, off, size, got: target.size })
    return { off, type, symbol }
  })
}
