// Maps and their elements as `bpftool map` prints them (7.1): for people, and as JSON.
import { ENOENT, mapType, strerror } from '../../src/index.ts'
import { dumpValue } from './btf-dumper.ts'
import type { JsonWriter } from './json-writer.ts'
import type { MapInfo, MapTypes } from './map-client.ts'

const PERCPU = ['percpu_hash', 'percpu_array', 'lru_percpu_hash']
const OF_MAPS = ['array_of_maps', 'hash_of_maps']

const typeName = ({ type }: MapInfo): string | undefined => mapType(type)?.name
export const isPercpu = (map: MapInfo): boolean => PERCPU.includes(typeName(map) ?? '')
export const isMapOfMaps = (map: MapInfo): boolean => OF_MAPS.includes(typeName(map) ?? '')
export const isMapOfProgs = (map: MapInfo): boolean => typeName(map) === 'prog_array'

/** Bytes of a value as bpf(2) has it. */
export const userValueSize = (map: MapInfo, cpus: number): number =>
  isPercpu(map) ? Math.ceil(map.valueSize / 8) * 8 * cpus : map.valueSize

/** `12: hash  name counts  flags 0x0` */
export const headerText = (map: MapInfo): string =>
  `${map.id}: ${typeName(map) ?? `type ${map.type}`}  ${map.name ? `name ${map.name}  ` : ''}flags 0x${map.flags.toString(16)}\n`

/** The lines of `map show` for one map; `pins`: with a line for each pin. */
export function mapText(map: MapInfo, pins: boolean): string {
  let text = `${headerText(map)}\tkey ${map.keySize}B  value ${map.valueSize}B  max_entries ${map.maxEntries}  memlock ${map.memlock}B`
  if (map.ownerProgType) text += `\n\towner_prog_type ${map.ownerProgType}  owner jited`
  if (pins) for (const path of map.pinned) text += `\n\tpinned ${path}`
  const last = [...(map.btfId ? [`btf_id ${map.btfId}`] : []), ...(map.frozen ? ['frozen'] : [])]
  return `${text}${last.length > 0 ? `\n\t${last.join('  ')}` : ''}\n`
}

/** Id, type, name and flags: the beginning of a map's JSON. */
export function headerJson(json: JsonWriter, map: MapInfo): void {
  json.field('id', map.id)
  json.field('type', typeName(map) ?? map.type)
  if (map.name) json.field('name', map.name)
  json.field('flags', map.flags | 0)
}

/** The object of `map show` for one map. */
export function mapJson(json: JsonWriter, map: MapInfo, pins: boolean): void {
  json.startObject()
  headerJson(json, map)
  json.field('bytes_key', map.keySize)
  json.field('bytes_value', map.valueSize)
  json.field('max_entries', map.maxEntries)
  json.field('bytes_memlock', map.memlock)
  if (map.ownerProgType) {
    json.field('owner_prog_type', map.ownerProgType)
    json.name('owner_jited')
    json.raw('true')
  }
  json.field('frozen', map.frozen ? 1 : 0)
  if (map.btfId) json.field('btf_id', map.btfId)
  if (pins) {
    json.name('pinned')
    json.startArray()
    for (const path of map.pinned) json.string(path)
    json.endArray()
  }
  json.endObject()
}

/** Bytes in hex, 16 a line, a gap after 8 (fprint_hex). */
export function hexText(bytes: Uint8Array): string {
  let text = ''
  bytes.forEach((byte, i) => {
    if (i > 0) text += i % 16 === 0 ? '\n' : i % 8 === 0 ? '  ' : ' '
    text += byte.toString(16).padStart(2, '0')
  })
  return text
}

const two = (n: number): string => String(n).padStart(2, '0')

/** The parts of a per-CPU value, without what each is rounded up by. */
function cpuValues(map: MapInfo, value: Uint8Array, cpus: number): Uint8Array[] {
  const step = Math.ceil(map.valueSize / 8) * 8
  return Array.from({ length: cpus }, (_, cpu) => value.subarray(cpu * step, cpu * step + map.valueSize))
}

/** An element of a map without BTF. */
export function entryText(map: MapInfo, key: Uint8Array, value: Uint8Array, cpus: number): string {
  if (!isPercpu(map)) return pairText(map.keySize, map.valueSize, hexText(key), hexText(value))
  let text = `key:\n${hexText(key)}\n`
  cpuValues(map, value, cpus).forEach((part, cpu) => {
    text += `value (CPU ${two(cpu)}):${map.valueSize > 16 ? '\n' : ' '}${hexText(part)}\n`
  })
  return text
}

/** Key and value on one line when they are short; sizes in bytes. */
function pairText(keySize: number, valueSize: number, key: string, value: string): string {
  const lines = keySize > 16 || valueSize > 16
  const gap = lines ? '\n' : ' '
  const between = keySize + valueSize <= 24 && !lines ? '  ' : '\n'
  return `${keySize > 0 ? `key:${gap}${key}${between}` : ''}${valueSize > 0 ? `value:${gap}${value}` : ''}\n`
}

/** An element whose value cannot be read: null for an empty slot, of which nothing is printed. */
export function entryErrorText(map: MapInfo, key: Uint8Array, errno: number): string | null {
  if (errno === ENOENT && (isMapOfMaps(map) || isMapOfProgs(map))) return null
  const text = errno === ENOENT ? '<no entry>' : strerror(errno)
  return pairText(map.keySize, text.length, hexText(key), text)
}

/** The same as JSON; false when nothing was written. */
export function entryErrorJson(json: JsonWriter, map: MapInfo, key: Uint8Array, errno: number): boolean {
  if (errno === ENOENT && (isMapOfMaps(map) || isMapOfProgs(map))) return false
  json.startObject()
  json.name('key')
  json.bytes(key)
  json.name('value')
  json.startObject()
  json.field('error', strerror(errno))
  json.endObject()
  json.endObject()
  return true
}

/** An element as JSON: bytes, and `formatted` when there is BTF. */
export function entryJson(
  json: JsonWriter,
  map: MapInfo,
  types: MapTypes | null,
  key: Uint8Array,
  value: Uint8Array,
  cpus: number,
): void {
  json.startObject()
  json.name('key')
  json.bytes(key)
  if (isPercpu(map)) writeValues(json, map, value, cpus, part => json.bytes(part))
  else {
    json.name('value')
    json.bytes(value)
  }
  if (types) {
    json.name('formatted')
    entryBtf(json, map, types, key, value, cpus, false)
  }
  json.endObject()
}

function writeValues(json: JsonWriter, map: MapInfo, value: Uint8Array, cpus: number, write: (part: Uint8Array) => void): void {
  json.name('values')
  json.startArray()
  cpuValues(map, value, cpus).forEach((part, cpu) => {
    json.startObject()
    json.field('cpu', cpu)
    json.name('value')
    write(part)
    json.endObject()
  })
  json.endArray()
}

/** An element through BTF; `plain`: for people. */
export function entryBtf(
  json: JsonWriter,
  map: MapInfo,
  { btf, keyTypeId, valueTypeId }: MapTypes,
  key: Uint8Array,
  value: Uint8Array,
  cpus: number,
  plain: boolean,
): void {
  const dumper = { json, btf, plain }
  json.startObject()
  if (keyTypeId !== 0) {
    json.name('key')
    dumpValue(dumper, keyTypeId, key)
  }
  if (isPercpu(map)) writeValues(json, map, value, cpus, part => dumpValue(dumper, valueTypeId, part))
  else {
    json.name('value')
    dumpValue(dumper, valueTypeId, value)
  }
  json.endObject()
}
