// What the names of sections mean, as rows.
import type { EntrySpec } from './spec.ts'

/** How libbpf sorts sections of data (bpf_object__elf_collect). */
export type DataKind = 'data' | 'rodata' | 'bss'

/** Names that hold variables: `.data`, `.data.NAME` and so on. */
const DATA: readonly { readonly name: string; readonly kind: DataKind }[] = [
  { name: '.data', kind: 'data' },
  { name: '.rodata', kind: 'rodata' },
  { name: '.bss', kind: 'bss' },
]

/** Whether a section holds variables; null for others. */
export const dataKind = (name: string): DataKind | null =>
  DATA.find(row => name === row.name || name.startsWith(`${row.name}.`))?.kind ?? null

const ITERATORS: readonly { readonly prefix: string; readonly sleepable: boolean }[] = [
  { prefix: 'iter/', sleepable: false },
  { prefix: 'iter.s/', sleepable: true },
]

/** What the section of a program says of it. */
export function entryOf(section: string): EntrySpec {
  const autoload = !section.startsWith('?')
  const name = autoload ? section : section.slice(1)
  const row = ITERATORS.find(({ prefix }) => name.startsWith(prefix))
  return { target: row ? name.slice(row.prefix.length) : null, sleepable: row?.sleepable ?? false, autoload }
}

/** Where subprograms are. */
export const TEXT = '.text'
/** Maps of BTF-defined variables. */
export const MAPS = '.maps'
export const KCONFIG = '.kconfig'
export const KSYMS = '.ksyms'
