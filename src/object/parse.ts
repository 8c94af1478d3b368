// What is in a BPF object file, the same on every machine: what libbpf's bpf_object__open does. Nothing is looked up in the kernel or in
// iterfs's own BTF; that is resolveObject().
import { parseBtfExt } from '../btf/ext.ts'
import { parseBtf } from '../btf/parse.ts'
import type { Btf } from '../btf/types.ts'
import { type ElfFile, type ElfSection, parseElf } from '../elf/parse.ts'
import { SHF_EXECINSTR, SHT_NOBITS, SHT_PROGBITS } from '../elf/structs.ts'
import { decodeText } from '../util/bytes.ts'
import { EOPNOTSUPP } from '../util/errno.ts'
import { placeVariables } from './datasec.ts'
import { fail } from './error.ts'
import { readExterns } from './externs.ts'
import { readFunctions } from './functions.ts'
import { fillSlots, globalsMap, readMaps } from './maps.ts'
import { isGplCompatible, objectName } from './names.ts'
import { dataKind, KCONFIG, MAPS } from './sections.ts'
import type { MapSpec, ObjectSpec } from './spec.ts'

/** Bytes that all variables of an object may take together. */
const MAX_GLOBALS = 64 << 20

/**
 * Reads an object file; `name` is that of the file, or any other. Keeps views of `bytes`.
 * @throws BpfError naming section and offset for one that is malformed or has what iterfs does not serve
 */
export function parseObject(bytes: Uint8Array, name: string): ObjectSpec {
  const elf = parseElf(bytes)
  const named = nameSections(elf)
  const rawBtf = named.get('.BTF')
  const parsed = rawBtf ? parseBtf(rawBtf.data) : null
  const rawExt = named.get('.BTF.ext')
  const ext = parsed && rawExt ? parseBtfExt(rawExt.data, parsed) : null
  const externs = readExterns(elf, parsed ? placeVariables(parsed, elf) : null)
  const { btf } = externs
  const datasecs = datasecIds(btf)

  const object = objectName(name)
  const mapsSection = named.get(MAPS)
  if (mapsSection && !btf) fail('NO_BTF', { needs: 'describes the maps of .maps' })
  const placed = mapsSection && btf ? readMaps(btf, mapsSection, datasecs.get(MAPS) ?? 0) : []
  const maps: MapSpec[] = mapsSection ? fillSlots(elf, mapsSection, placed) : []
  const globals = new Map<number, number>()
  let room = MAX_GLOBALS
  for (const section of elf.sections) {
    const kind = dataKind(section.name)
    if (!kind || !isData(section)) continue
    room -= section.size
    if (room < 0) fail('GLOBALS_SIZE', { section: section.index, name: section.name, got: section.size, limit: MAX_GLOBALS })
    const initial = section.type === SHT_NOBITS ? new Uint8Array(section.size) : section.data
    globals.set(section.index, maps.length)
    maps.push(globalsMap(object, section.name, initial, kind === 'rodata', btf, datasecs.get(section.name) ?? 0))
  }
  if (externs.kconfigSize > 0)
    maps.push(globalsMap(object, KCONFIG, new Uint8Array(externs.kconfigSize), true, btf, datasecs.get(KCONFIG) ?? 0))

  const funcs = readFunctions(elf, ext, {
    maps: new Map(placed.map(({ off }, i) => [off, i])),
    mapsSection: mapsSection?.index ?? -1,
    globals,
    externs: externs.bySymbol,
  })
  const license = readLicense(named.get('license'))
  return { name: object, license, gpl: isGplCompatible(license), maps, funcs, externs: externs.externs, btf }
}

const isData = ({ type, flags, size }: ElfSection): boolean =>
  size > 0 && (type === SHT_NOBITS || (type === SHT_PROGBITS && (flags & SHF_EXECINSTR) === 0))

/** Sections that there may be one of. */
const ONCE: ReadonlySet<string> = new Set(['.BTF', '.BTF.ext', '.maps', 'license', '.text'])

/** Sections by name. @throws BpfError for those that are not served */
function nameSections(elf: ElfFile): Map<string, ElfSection> {
  const named = new Map<string, ElfSection>()
  for (const section of elf.sections) {
    const { index, name, size } = section
    if (name === 'maps' && size > 0) fail('LEGACY_MAPS', { section: index }, EOPNOTSUPP)
    if (/^\??\.struct_ops(\.link)?$/.test(name) && size > 0) fail('STRUCT_OPS', { section: index, name })
    if (name.startsWith('.addr_space.') && size > 0) fail('ARENA', { section: index, name })
    if (ONCE.has(name) && named.has(name)) fail('TWICE', { section: index, name })
    if (!named.has(name)) named.set(name, section)
  }
  return named
}

function datasecIds(btf: Btf | null): Map<string, number> {
  const ids = new Map<string, number>()
  for (const [id, type] of btf?.types.entries() ?? []) if (type.kind === 'datasec' && !ids.has(type.name)) ids.set(type.name, id)
  return ids
}

/** The license: 63 bytes at most; '' without one. */
function readLicense(section: ElfSection | undefined): string {
  const text = section?.data.subarray(0, 63) ?? new Uint8Array()
  const end = text.indexOf(0)
  return decodeText(text, 0, end < 0 ? text.length : end)
}
