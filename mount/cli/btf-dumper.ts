// Values printed through BTF as bpftool does (its btf_dumper.c). Three of its faults are not copied: a float is a number instead of
// `(unsupported-kind` and the end of the struct, a backslash in a string is a backslash instead of a newline, and a bool is one byte.
import { type Btf, type BtfType, sizeOrNull, skipQualifiers, typeOf } from '../../src/index.ts'
import { readBits } from '../../src/util/bits.ts'
import type { JsonWriter } from './json-writer.ts'

/** Deepest nesting, so that any BTF comes to an end. */
const MAX_DEPTH = 64
const BTF_INT_SIGNED = 1
const BTF_INT_CHAR = 2
const BTF_INT_BOOL = 4

/** What the printing of one value needs. `plain`: for people; pointers and bitfields are bare hex numbers then. */
export interface Dumper {
  readonly json: JsonWriter
  readonly btf: Btf
  readonly plain: boolean
}

/** Writes the value of type `id` that `bytes` begin with; what lies behind their end reads as zero. */
export function dumpValue(dumper: Dumper, id: number, bytes: Uint8Array): void {
  dump(dumper, id, padded(dumper.btf, id, bytes), 0, 0)
}

function padded(btf: Btf, id: number, bytes: Uint8Array): DataView {
  const size = Math.min(sizeOrNull(btf, id) ?? 0, 1 << 26)
  const copy = new Uint8Array(Math.max(size, bytes.length) + 16)
  copy.set(bytes)
  return new DataView(copy.buffer)
}

function dump(dumper: Dumper, id: number, view: DataView, at: number, depth: number): void {
  const { json, btf, plain } = dumper
  const type = typeOf(btf, id)
  if (depth > MAX_DEPTH || at + 16 > view.byteLength) return json.raw('null')
  switch (type.kind) {
    case 'int':
      return dumpInt(dumper, type, view, at)
    case 'struct':
    case 'union':
      return dumpStruct(dumper, type, view, at, depth)
    case 'array':
      return dumpArray(dumper, type, view, at, depth)
    case 'enum':
    case 'enum64':
      return dumpEnum(json, type, view, at)
    case 'ptr':
      return json.raw(pointer(view.getBigUint64(at, true), plain))
    case 'float':
      return dumpFloat(json, type.size, view, at)
    case 'var':
      json.startObject()
      json.name(type.name)
      dump(dumper, type.type, view, at, depth + 1)
      return json.endObject()
    case 'datasec':
      json.startObject()
      json.name(type.name)
      json.startArray()
      for (const { type: id, off } of type.vars) dump(dumper, id, view, at + off, depth + 1)
      json.endArray()
      return json.endObject()
    case 'typedef':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'type_tag':
      return dump(dumper, type.type, view, at, depth + 1)
    default:
      return json.raw('null')
  }
}

const pointer = (value: bigint, plain: boolean): string =>
  plain ? (value === 0n ? '(nil)' : `0x${value.toString(16)}`) : `${value}`

type Of<K extends BtfType['kind']> = Extract<BtfType, { kind: K }>

function dumpStruct(dumper: Dumper, type: Of<'struct' | 'union'>, view: DataView, at: number, depth: number): void {
  const { json } = dumper
  json.startObject()
  for (const member of type.members) {
    json.name(member.name)
    const place = at + (member.offBits >>> 3)
    if (member.bits > 0) dumpBits(dumper, member.bits, view, place, member.offBits & 7)
    else dump(dumper, member.type, view, place, depth + 1)
  }
  json.endObject()
}

function dumpArray(dumper: Dumper, type: Of<'array'>, view: DataView, at: number, depth: number): void {
  const { json, btf } = dumper
  const text = stringOf(btf, type, view, at)
  if (text !== null) return json.string(text)
  const size = sizeOrNull(btf, type.type) ?? 0
  json.startArray()
  if (size > 0) for (let i = 0; i < type.count; i++) dump(dumper, type.type, view, at + i * size, depth + 1)
  json.endArray()
}

/** The text of an array of char that holds printable characters and a NUL, else null. */
function stringOf(btf: Btf, { type: id, count }: Of<'array'>, view: DataView, at: number): string | null {
  const type = typeOf(btf, skipQualifiers(btf, id))
  if (type.kind !== 'int' || type.size !== 1 || (type.encoding !== BTF_INT_CHAR && type.name !== 'char')) return null
  let text = ''
  for (let i = 0; i < count; i++) {
    const byte = view.getUint8(at + i)
    if (byte === 0) return text
    if (byte <= 0x1f || byte >= 0x7f) return null
    text += String.fromCharCode(byte)
  }
  return null
}

function dumpEnum(json: JsonWriter, type: Of<'enum' | 'enum64'>, view: DataView, at: number): void {
  const bits = type.size * 8
  const value = BigInt.asIntN(bits, readBits(view, at, 0, bits))
  const found = type.values.find(one => BigInt.asIntN(bits, one.value) === value)
  if (found) json.string(found.name)
  else json.raw(`${value}`)
}

function dumpInt(dumper: Dumper, type: Of<'int'>, view: DataView, at: number): void {
  const { json, plain } = dumper
  if (type.offBits > 0 || type.bits % 8 !== 0)
    return dumpBits(dumper, type.bits, view, at + (type.offBits >>> 3), type.offBits & 7)
  if (type.bits === 128) return json.raw(hexNumber(readBits(view, at, 0, 128), plain))
  const value = readBits(view, at, 0, type.bits)
  switch (type.encoding) {
    case BTF_INT_SIGNED:
      return json.raw(`${BigInt.asIntN(type.bits, value)}`)
    case BTF_INT_CHAR:
      return json.raw(charOf(Number(value & 0xffn), plain))
    case BTF_INT_BOOL:
      return json.raw(value === 0n ? 'false' : 'true')
    default:
      return json.raw(`${value}`)
  }
}

function charOf(code: number, plain: boolean): string {
  if (code === 0x22 || code === 0x5c) return `"\\${String.fromCharCode(code)}"`
  if (code >= 0x20 && code < 0x7f) return `"${String.fromCharCode(code)}"`
  return plain ? `0x${code.toString(16)}` : `"\\u00${code.toString(16).padStart(2, '0')}"`
}

function dumpBits({ json, plain }: Dumper, bits: number, view: DataView, at: number, shift: number): void {
  json.raw(hexNumber(readBits(view, at, shift, Math.min(bits, 128 - shift)), plain))
}

const hexNumber = (value: bigint, plain: boolean): string => (plain ? `0x${value.toString(16)}` : `"0x${value.toString(16)}"`)

function dumpFloat(json: JsonWriter, size: number, view: DataView, at: number): void {
  const value = size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true)
  if ((size !== 4 && size !== 8) || !Number.isFinite(value)) return json.string(size === 4 || size === 8 ? `${value}` : 'float')
  // The shortest number that gives the same float.
  let text = `${value}`
  for (let digits = 1; size === 4 && digits < 10; digits++) {
    text = `${Number(value.toPrecision(digits))}`
    if (Math.fround(Number(text)) === value) break
  }
  json.raw(text)
}
