// Names that an object takes from outside: undefined symbols that its BTF declares in `.kconfig` or `.ksyms`
// (bpf_object__collect_externs).
import { alignOf, bareType, nameOf, sizeOrNull, skipModifiers } from '../btf/query.ts'
import type { Btf, BtfSecinfo, BtfType } from '../btf/types.ts'
import type { ElfFile } from '../elf/parse.ts'
import { SHN_UNDEF, STB_GLOBAL, STB_WEAK, STT_NOTYPE } from '../elf/structs.ts'
import { fail } from './error.ts'
import { KCONFIG, KSYMS } from './sections.ts'
import type { ExternSpec } from './spec.ts'

/** The externs, and the BTF with the places of kconfig variables. */
export interface Externs {
  readonly externs: readonly ExternSpec[]
  /** Index in `externs` by number of the symbol. */
  readonly bySymbol: ReadonlyMap<number, number>
  readonly btf: Btf | null
  /** Bytes of the map `.kconfig`, 0 without one. */
  readonly kconfigSize: number
}

interface Found {
  readonly extern: ExternSpec
  readonly symbol: number
  readonly align: number
  /** Id of the var. */
  readonly varId: number
}

/** What kind of value a kconfig variable has (find_kcfg_type); null for types that have none. */
function kconfigType(
  btf: Btf,
  typeId: number,
): { type: 'bool' | 'char' | 'tristate' | 'int' | 'string'; signed: boolean } | null {
  const type = bareType(btf, typeId)
  switch (type.kind) {
    case 'int': {
      const signed = (type.encoding & 1) !== 0
      if ((type.encoding & 4) !== 0) return type.size === 1 ? { type: 'bool', signed: false } : null
      if (type.size === 1) return { type: 'char', signed }
      return type.size === 2 || type.size === 4 || type.size === 8 ? { type: 'int', signed } : null
    }
    case 'enum':
      return type.size === 4 && type.name === 'libbpf_tristate' ? { type: 'tristate', signed: false } : null
    case 'array':
      return type.count > 0 && kconfigType(btf, type.type)?.type === 'char' ? { type: 'string', signed: false } : null
    default:
      return null
  }
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** cmp_externs() */
function compare(a: Found, b: Found): number {
  const first = a.extern.kind === 'kconfig'
  if (first !== (b.extern.kind === 'kconfig')) return first ? -1 : 1
  if (a.extern.kind === 'kconfig' && b.extern.kind === 'kconfig')
    return b.align - a.align || a.extern.size - b.extern.size || compareText(a.extern.name, b.extern.name)
  return compareText(a.extern.name, b.extern.name)
}

/** Reads the externs. @throws BpfError for one that the BTF does not declare, and for types that cannot be filled in */
export function readExterns(elf: ElfFile, btf: Btf | null): Externs {
  const undefineds = elf.symbols.filter(
    ({ section, type, bind, name }) =>
      section === SHN_UNDEF && type === STT_NOTYPE && (bind === STB_GLOBAL || bind === STB_WEAK) && name !== '',
  )
  if (undefineds.length === 0) return { externs: [], bySymbol: new Map(), btf, kconfigSize: 0 }
  if (!btf) return fail('NO_BTF', { needs: `declares ${undefineds[0]!.name} and other externs` })

  const ids = externIds(btf)
  const sections = sectionOf(btf)
  const found = undefineds.map(({ name, bind, index }): Found => {
    const varId = ids.get(name) ?? fail('EXTERN_BTF', { name })
    const section = sections.get(varId) ?? ''
    const type = btf.types[varId]!
    const base = { name, weak: bind === STB_WEAK }
    if (section === KCONFIG) {
      if (type.kind === 'func') fail('EXTERN_FUNC', { name })
      const value = kconfigType(btf, varId === 0 ? 0 : (type as { type: number }).type)
      const size = sizeOrNull(btf, varId)
      if (!value || size === null || size > MAX_KCONFIG) return fail('EXTERN_TYPE', { name, got: typeName(btf, type) })
      const align = alignOf(btf, varId)
      return { extern: { ...base, kind: 'kconfig', ...value, size, off: 0 }, symbol: index, align, varId }
    }
    if (section !== KSYMS) return fail('EXTERN_SECTION', { name, got: section })
    if (type.kind === 'func') return { extern: { ...base, kind: 'func', typeId: varId }, symbol: index, align: 0, varId }
    const typeId = type.kind === 'var' ? skipModifiers(btf, type.type) : 0
    return { extern: { ...base, kind: 'var', typeId }, symbol: index, align: 0, varId }
  })
  found.sort(compare)

  let size = 0
  const places = new Map<number, number>()
  const externs = found.map(({ extern, align, varId }): ExternSpec => {
    if (extern.kind !== 'kconfig') return extern
    const off = Math.ceil(size / align) * align
    places.set(varId, off)
    size = off + extern.size
    return { ...extern, off }
  })
  return {
    externs,
    bySymbol: new Map(found.map(({ symbol }, i) => [symbol, i])),
    btf: placeKconfig(btf, places, size),
    kconfigSize: size,
  }
}

/** The longest value of a kconfig variable, in bytes. */
const MAX_KCONFIG = 1 << 20

/** Vars and funcs that are extern, by name. */
function externIds(btf: Btf): Map<string, number> {
  const ids = new Map<string, number>()
  for (const [id, type] of btf.types.entries())
    if ((type.kind === 'var' || type.kind === 'func') && type.linkage === 2 && !ids.has(type.name)) ids.set(type.name, id)
  return ids
}

/** Name of the DATASEC that each var and func is in. */
function sectionOf(btf: Btf): Map<number, string> {
  const names = new Map<number, string>()
  for (const type of btf.types)
    if (type.kind === 'datasec') for (const { type: id } of type.vars) if (!names.has(id)) names.set(id, type.name)
  return names
}

const typeName = (btf: Btf, type: BtfType): string => {
  const bare = type.kind === 'var' ? bareType(btf, type.type) : type
  return nameOf(bare) || bare.kind
}

function placeKconfig(btf: Btf, places: ReadonlyMap<number, number>, size: number): Btf {
  if (size === 0) return btf
  const types = btf.types.map((type): BtfType => {
    if (type.kind !== 'datasec' || type.name !== KCONFIG) return type
    const vars = type.vars.map((item): BtfSecinfo => ({ ...item, off: places.get(item.type) ?? item.off }))
    vars.sort((a, b) => a.off - b.off)
    return { kind: 'datasec', name: type.name, size, vars }
  })
  return { ...btf, types }
}
