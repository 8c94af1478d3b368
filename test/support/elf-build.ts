// ELF objects made by hand, for what no compiler makes.
import { elf64_hdr, elf64_rel, elf64_shdr, elf64_sym } from '../../src/elf/structs.ts'

export interface SectionSpec {
  readonly name: string
  readonly type: number
  readonly flags?: number
  readonly data?: Uint8Array
  /** Of NOBITS sections; others have that of their data. */
  readonly size?: number
  readonly link?: number
  readonly info?: number
}

export interface SymbolSpec {
  readonly name: string
  /** bind << 4 | type */
  readonly info: number
  readonly section: number
  readonly value?: number
  readonly size?: number
}

const text = new TextEncoder()

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Strings behind each other; `at` gives their places. */
class Strings {
  readonly #parts: Uint8Array[] = [new Uint8Array(1)]
  readonly #places = new Map<string, number>([['', 0]])
  #size = 1
  at(name: string): number {
    const known = this.#places.get(name)
    if (known !== undefined) return known
    const place = this.#size
    const part = text.encode(`${name}\0`)
    this.#parts.push(part)
    this.#size += part.length
    this.#places.set(name, place)
    return place
  }
  bytes(): Uint8Array {
    return concat(this.#parts)
  }
}

/** Bytes of relocations: [offset, type, symbol]. */
export const relocBytes = (relocs: readonly (readonly [number, number, number])[]): Uint8Array =>
  concat(relocs.map(([r_offset, r_type, r_sym]) => elf64_rel.encode({ r_offset, r_type, r_sym })))

/**
 * An object file: `sections` get the numbers from 1 on, behind them come the strings and the symbol table (number
 * sections.length + 2), whose first symbol is that of all files.
 */
export function buildElf(sections: readonly SectionSpec[], symbols: readonly SymbolSpec[], bpf = 247): Uint8Array {
  const strings = new Strings()
  const table = concat([
    new Uint8Array(elf64_sym.size),
    ...symbols.map(({ name, info, section, value = 0, size = 0 }) =>
      elf64_sym.encode({ st_name: strings.at(name), st_info: info, st_shndx: section, st_value: value, st_size: size }),
    ),
  ])
  for (const { name } of sections) strings.at(name)
  const all: readonly SectionSpec[] = [
    { name: '', type: 0 },
    ...sections,
    { name: '', type: 3, data: strings.bytes() },
    { name: '', type: 2, data: table, link: sections.length + 1 },
  ]
  let at = elf64_hdr.size
  const headers = all.map(({ name, type, flags = 0, data = new Uint8Array(), size = data.length, link = 0, info = 0 }) => {
    const header = elf64_shdr.encode({
      sh_name: strings.at(name),
      sh_type: type,
      sh_flags: flags,
      sh_offset: at,
      sh_size: size,
      sh_link: link,
      sh_info: info,
    })
    at += data.length
    return header
  })
  const head = elf64_hdr.encode({
    ei_mag: 0x464c457f,
    ei_class: 2,
    ei_data: 1,
    ei_version: 1,
    e_type: 1,
    e_machine: bpf,
    e_version: 1,
    e_shoff: at,
    e_shentsize: elf64_shdr.size,
    e_shnum: all.length,
    e_shstrndx: sections.length + 1,
  })
  return concat([head, ...all.map(({ data = new Uint8Array() }) => data), ...headers])
}
