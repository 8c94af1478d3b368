import { failer } from '../util/error.ts'

/** A section in an error text. */
export interface InSection {
  readonly index: number
  readonly section: string
}

const named = ({ index, section }: InSection): string => `section ${index}${section === '' ? '' : ` (${section})`}`

const ERRORS = {
  NOT_ELF: ({ got }: { got: string }) => `not an ELF file: want 7f 45 4c 46 at 0, got ${got}`,
  SHORT: ({ what, off, want, got }: { what: string; off: number; want: number; got: number }) =>
    `ELF: ${what} at ${off}: want ${want} bytes, the file ends after ${got}`,
  CLASS: ({ got }: { got: number }) => `ELF header at 4: want a 64-bit object, got ${got === 1 ? '32 bits' : `class ${got}`}`,
  BIG_ENDIAN: (_: null) =>
    'ELF header at 5: want a little-endian object, got a big-endian one; was it built with -target bpfeb? Use -target bpf or bpfel',
  DATA: ({ got }: { got: number }) => `ELF header at 5: want a little-endian object, got encoding ${got}`,
  VERSION: ({ off, got }: { off: number; got: number }) => `ELF header at ${off}: want version 1, got ${got}`,
  TYPE: ({ got }: { got: number }) =>
    `ELF header at 16: want a relocatable object (type 1), got type ${got}${got === 2 || got === 3 ? ', a linked program' : ''}`,
  MACHINE: ({ got }: { got: number }) =>
    `ELF header at 18: want machine 247 (BPF), got ${got}; was it compiled with clang -target bpf?`,
  HEADER_SIZE: ({ off, what, want, got }: { off: number; what: string; want: number; got: number }) =>
    `ELF header at ${off}: want ${what} of ${want} bytes, got ${got}`,
  NO_SECTIONS: (_: null) => 'ELF header at 60: the file has no sections',
  NAMES: ({ got, count }: { got: number; count: number }) =>
    `ELF header at 62: want a section of section names, got number ${got} of ${count} sections`,
  RANGE: (d: InSection & { off: number; size: number; got: number }) =>
    `ELF: ${named(d)}: ${d.size} bytes at ${d.off} do not lie in the file of ${d.got} bytes`,
  OVERLAP: (d: InSection & { off: number; other: string }) => `ELF: ${named(d)} at ${d.off} overlaps ${d.other}`,
  LINK: (d: InSection & { what: string; got: number }) => `ELF: ${named(d)}: want ${d.what}, got section ${d.got}`,
  ENTRIES: (d: InSection & { size: number; want: number }) =>
    `ELF: ${named(d)}: want entries of ${d.want} bytes, its ${d.size} bytes are no multiple of that`,
  STRING: (d: InSection & { off: number; size: number }) =>
    `ELF: ${named(d)}: string at ${d.off} does not end in its ${d.size} bytes`,
  STRING_LONG: (d: InSection & { off: number; limit: number }) =>
    `ELF: ${named(d)}: string at ${d.off} is longer than ${d.limit} bytes`,
  NO_SYMBOLS: (_: null) => 'ELF: no symbol table; was the object stripped?',
  SYMTABS: (d: InSection & { other: number }) => `ELF: ${named(d)}: a second symbol table, the first is section ${d.other}`,
  SYMBOL_SECTION: (d: { symbol: number; name: string; got: number; count: number }) =>
    `ELF: symbol ${d.symbol} (${d.name}) lies in section ${d.got}, there are ${d.count}`,
  SYMBOL_RANGE: (d: InSection & { symbol: number; name: string; off: number; size: number; got: number }) =>
    `ELF: symbol ${d.symbol} (${d.name}): ${d.size} bytes at ${d.off} do not lie in ${named(d)} of ${d.got} bytes`,
  RELA: (d: InSection) => `ELF: ${named(d)}: relocations with addends (RELA), want REL`,
  COMPRESSED: (d: InSection) => `ELF: ${named(d)} is compressed`,
  RELO_SYMBOL: (d: InSection & { off: number; got: number; count: number }) =>
    `ELF: ${named(d)}: relocation at ${d.off} is about symbol ${d.got}, there are ${d.count}`,
  RELO_TYPE: (d: InSection & { off: number; got: number }) =>
    `ELF: ${named(d)}: relocation at ${d.off} has unknown type ${d.got}`,
  RELO_RANGE: (d: InSection & { off: number; size: number; got: number }) =>
    `ELF: ${named(d)}: relocation at ${d.off} does not lie in the section of ${d.got} bytes`,
}

/** Throws a BpfError about an ELF file; it never returns. */
export const fail: ReturnType<typeof failer<typeof ERRORS>> = failer(ERRORS)
