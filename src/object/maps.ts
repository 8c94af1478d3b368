// Maps of an object: those that `.maps` defines by BTF (parse_btf_map_def), their initial slots, and those of variables.
import { bareType, nameOf, sizeOrNull, skipModifiers } from '../btf/query.ts'
import type { Btf, BtfType } from '../btf/types.ts'
import type { ElfFile, ElfSection } from '../elf/parse.ts'
import { STT_FUNC } from '../elf/structs.ts'
import { fail } from './error.ts'
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG, BPF_MAP_TYPE, ringbufSize, WITHOUT_BTF } from './map-type.ts'
import { globalsName, kernelName } from './names.ts'
import { TEXT } from './sections.ts'
import type { MapSpec } from './spec.ts'

/** A map of `.maps`, and where it lies there. */
export interface PlacedMap {
  readonly spec: MapSpec
  readonly off: number
  readonly end: number
  /** Byte from the start of the section where its slots begin; -1 without them. */
  readonly slotsAt: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
interface Draft extends Mutable<Omit<MapSpec, 'slots'>> {
  /** Bytes from the start of the struct where `values` begins; -1 without it. */
  slotsOff: number
}

const describe = (type: BtfType): string => `${type.kind}${nameOf(type) === '' ? '' : ` ${nameOf(type)}`}`

/** A number, as __uint() writes it: int (*name)[N]; or as __ulong() does: an enum of one value. */
function numberOf(btf: Btf, map: string, field: string, typeId: number): bigint {
  const wrong = (want: string, got: BtfType): never => fail('MAP_FIELD', { map, field, want, got: describe(got) })
  const type = bareType(btf, typeId)
  if ((type.kind === 'enum' || type.kind === 'enum64') && type.values[0]) return type.values[0].value
  if (type.kind !== 'ptr') return wrong('__uint()', type)
  const array = btf.types[skipModifiers(btf, type.type)]!
  return array.kind === 'array' ? BigInt(array.count) : wrong('__uint()', array)
}

/** Sizes that the definition of a map gives twice must be the same. */
function setSize(draft: Draft, field: 'keySize' | 'valueSize', name: string, size: number): void {
  if (draft[field] !== 0 && draft[field] !== size)
    fail('MAP_CONFLICT', { map: draft.name, field: name, first: draft[field], second: size })
  draft[field] = size
}

/** key, value: a pointer to the type. */
function setType(btf: Btf, draft: Draft, field: 'key' | 'value', typeId: number): void {
  const { name } = draft
  const type = bareType(btf, typeId)
  if (type.kind !== 'ptr') return fail('MAP_FIELD', { map: name, field, want: '__type()', got: describe(type) })
  const size = sizeOrNull(btf, type.type)
  if (size === null || size > 0xffff_ffff)
    return fail('MAP_FIELD', { map: name, field, want: 'a type with a size', got: describe(btf.types[type.type]!) })
  setSize(draft, field === 'key' ? 'keySize' : 'valueSize', field, size)
  if (field === 'key') draft.keyTypeId = type.type
  else draft.valueTypeId = type.type
}

const isMapInMap = (type: number): boolean => type === BPF_MAP_TYPE.ARRAY_OF_MAPS || type === BPF_MAP_TYPE.HASH_OF_MAPS

function setValues(btf: Btf, draft: Draft, member: { type: number; offBits: number }, isLast: boolean, inner: boolean): void {
  const map = draft.name
  const field = 'values'
  if (inner) fail('MAP_FIELD', { map, field, want: 'one level of inner maps', got: 'more' })
  if (!isLast) fail('MAP_FIELD', { map, field, want: 'it as the last field', got: 'fields behind it' })
  if (!isMapInMap(draft.type) && draft.type !== BPF_MAP_TYPE.PROG_ARRAY)
    fail('MAP_FIELD', { map, field, want: 'a map of maps or an array of programs', got: `type ${draft.type} before it` })
  if (draft.valueSize !== 0 && draft.valueSize !== 4)
    fail('MAP_CONFLICT', { map, field: 'value_size', first: draft.valueSize, second: 4 })
  draft.valueSize = 4
  const array = bareType(btf, member.type)
  if (array.kind !== 'array' || array.count !== 0)
    return fail('MAP_FIELD', { map, field, want: '__array()', got: describe(array) })
  const pointer = bareType(btf, array.type)
  const target = pointer.kind === 'ptr' ? bareType(btf, pointer.type) : pointer
  draft.slotsOff = Math.floor(member.offBits / 8)
  if (draft.type === BPF_MAP_TYPE.PROG_ARRAY) {
    if (pointer.kind !== 'ptr' || target.kind !== 'func_proto')
      fail('MAP_FIELD', { map, field, want: 'pointers to functions', got: describe(target) })
    return
  }
  if (pointer.kind !== 'ptr' || target.kind !== 'struct')
    return fail('MAP_FIELD', { map, field, want: 'pointers to a map definition', got: describe(target) })
  const { slotsOff: _, ...innerMap } = readDefinition(btf, `${map}.inner`, target, true)
  draft.inner = { ...innerMap, kernelName: kernelName(innerMap.name), slots: new Map() }
}

/** Fields of a definition, by name. */
function setField(btf: Btf, draft: Draft, name: string, typeId: number, inner: boolean): void {
  const number = (): number => Number(numberOf(btf, draft.name, name, typeId))
  switch (name) {
    case 'type':
      draft.type = number()
      return
    case 'max_entries':
      draft.maxEntries = number()
      return
    case 'map_flags':
      draft.flags = number()
      return
    case 'numa_node':
      draft.numaNode = number()
      return
    case 'key_size':
      return setSize(draft, 'keySize', name, number())
    case 'value_size':
      return setSize(draft, 'valueSize', name, number())
    case 'key':
    case 'value':
      return setType(btf, draft, name, typeId)
    case 'map_extra':
      draft.mapExtra = BigInt.asUintN(64, numberOf(btf, draft.name, name, typeId))
      return
    case 'pinning': {
      if (inner) fail('MAP_FIELD', { map: draft.name, field: name, want: 'none in an inner map', got: 'one' })
      const pinning = number()
      if (pinning > 1) fail('MAP_FIELD', { map: draft.name, field: name, want: '0 or LIBBPF_PIN_BY_NAME', got: `${pinning}` })
      draft.pinByName = pinning === 1
      return
    }
    default:
      fail('MAP_UNKNOWN', { map: draft.name, field: name })
  }
}

/** Fields of a map's struct; libbpf knows 11. */
const MAX_FIELDS = 64

function readDefinition(btf: Btf, name: string, type: Extract<BtfType, { kind: 'struct' | 'union' }>, inner: boolean): Draft {
  const draft: Draft = {
    name,
    kernelName: kernelName(name),
    type: 0,
    keySize: 0,
    valueSize: 0,
    maxEntries: 0,
    flags: 0,
    numaNode: 0,
    mapExtra: 0n,
    keyTypeId: 0,
    valueTypeId: 0,
    pinByName: false,
    inner: null,
    initial: null,
    readonly: false,
    slotsOff: -1,
  }
  if (type.members.length > MAX_FIELDS)
    fail('MAP_FIELD', { map: name, field: 'its struct', want: `${MAX_FIELDS} fields or less`, got: `${type.members.length}` })
  for (const [i, member] of type.members.entries()) {
    if (member.name === 'values') setValues(btf, draft, member, i === type.members.length - 1, inner)
    else setField(btf, draft, member.name, member.type, inner)
  }
  if (draft.type === 0) fail('MAP_NO_TYPE', { map: name })
  if (draft.type === BPF_MAP_TYPE.RINGBUF || draft.type === BPF_MAP_TYPE.USER_RINGBUF)
    draft.maxEntries = ringbufSize(draft.maxEntries)
  if (WITHOUT_BTF.has(draft.type)) {
    draft.keyTypeId = 0
    draft.valueTypeId = 0
  }
  return draft
}

/** The maps of `.maps`, ascending, without their slots; `datasecId` is the DATASEC of that name in the BTF, 0 for none. */
export function readMaps(btf: Btf, section: ElfSection, datasecId: number): PlacedMap[] {
  const datasec = btf.types[datasecId]
  if (datasec?.kind !== 'datasec') return fail('MAPS_DATASEC', { section: section.index })
  const names = new Set<string>()
  return datasec.vars.map(({ type, off, size }): PlacedMap => {
    const variable = btf.types[type]!
    const map = nameOf(variable)
    const wrong = (why: string): never => fail('MAP_VAR', { map, why })
    if (variable.kind !== 'var' || map === '') return wrong('want a variable with a name')
    if (names.has(map)) wrong('defined twice')
    names.add(map)
    if (off + size > section.size) wrong(`${size} bytes at ${off} do not lie in the ${section.size} bytes of .maps`)
    if (variable.linkage !== 1) wrong(`want a global variable, it is ${variable.linkage === 0 ? 'static' : 'extern'}`)
    const definition = bareType(btf, variable.type)
    if (definition.kind !== 'struct') return wrong(`want a struct, it is a ${describe(definition)}`)
    if (definition.size > size) wrong(`its struct has ${definition.size} bytes, the variable ${size}`)
    const { slotsOff, ...spec } = readDefinition(btf, map, definition, false)
    return {
      spec: { ...spec, slots: new Map() },
      off,
      end: off + size,
      slotsAt: slotsOff < 0 ? -1 : off + slotsOff,
    }
  })
}

/** The maps with their initial slots, which relocations of `.maps` give (bpf_object__collect_map_relos). */
export function fillSlots(elf: ElfFile, section: ElfSection, placed: readonly PlacedMap[]): MapSpec[] {
  const slots = placed.map(() => new Map<number, string>())
  const byName = new Map(placed.map(({ spec }) => [spec.name, spec]))
  for (const { off, symbol } of elf.relocs(section)) {
    const index = lastAt(placed, off)
    const map = placed[index]
    if (!map || off >= map.end) return fail('MAP_SLOT', { map: '', off, why: 'no map lies there' })
    const wrong = (why: string): never => fail('MAP_SLOT', { map: map.spec.name, off, why })
    if (map.slotsAt < 0 || off < map.slotsAt) wrong('it is not one of values')
    if ((off - map.slotsAt) % 8 !== 0) wrong('want a multiple of 8 from the start of values')
    const slot = (off - map.slotsAt) / 8
    if (map.spec.type === BPF_MAP_TYPE.PROG_ARRAY) {
      const target = elf.sections[symbol.section]
      if (symbol.type !== STT_FUNC || !target || target.name === TEXT) wrong(`${symbol.name || 'it'} is not a program`)
    } else if (elf.sections[symbol.section]?.index !== section.index || !byName.has(symbol.name))
      wrong(`${symbol.name || 'it'} is not a map`)
    slots[index]!.set(slot, symbol.name)
  }
  return placed.map(({ spec }, i) => ({ ...spec, slots: slots[i]! }))
}

/** Index of the last of `placed`, which ascend, that begins at `off` or before; -1 when there is none. */
export function lastAt(placed: readonly { readonly off: number }[], off: number): number {
  let low = 0
  let high = placed.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (placed[middle]!.off <= off) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The map of the variables of a section (bpf_object__init_internal_map). */
export function globalsMap(
  object: string,
  section: string,
  initial: Uint8Array,
  readonly: boolean,
  btf: Btf | null,
  valueTypeId: number,
): MapSpec {
  const mapped = btf !== null && hasGlobal(btf, valueTypeId)
  return {
    name: section,
    kernelName: globalsName(object, section),
    type: BPF_MAP_TYPE.ARRAY,
    keySize: 4,
    valueSize: initial.length,
    maxEntries: 1,
    flags: (readonly ? BPF_F_RDONLY_PROG : 0) | (mapped ? BPF_F_MMAPABLE : 0),
    numaNode: 0,
    mapExtra: 0n,
    keyTypeId: 0,
    valueTypeId,
    pinByName: false,
    inner: null,
    slots: new Map(),
    initial,
    readonly,
  }
}

/** map_is_mmapable(): a variable that is not static is among them. */
function hasGlobal(btf: Btf, datasecId: number): boolean {
  const type = btf.types[datasecId]
  return (
    type?.kind === 'datasec' &&
    type.vars.some(item => {
      const variable = btf.types[item.type]!
      return variable.kind === 'var' && variable.linkage !== 0
    })
  )
}
