// Values of BTF types as JavaScript has them: integers of up to 32 bits are numbers, longer ones and pointers bigint, bool is boolean, an
// enum is its number, an array of char a string, other arrays are arrays, structs and unions objects with their members by name. Members
// of unnamed structs and unions count as those of the one around. The type of a bitfield decides, not its width.
import { rangeOf, readBits, writeBits } from '../util/bits.ts'
import { decodeText, encodeText } from '../util/bytes.ts'
import { fail } from './error.ts'
import { bareType, nameOf, sizeOf, skipModifiers, typeAs } from './query.ts'
import { BTF_INT_BOOL, BTF_INT_SIGNED, type Btf, type BtfType } from './types.ts'

/** A value; see the head of this file. Bytes stand for arrays of 8-bit integers when a value is written. */
export type BtfValue = number | bigint | boolean | string | Uint8Array | BtfValue[] | { [member: string]: BtfValue }

/** A part of a value. Bitfields: `bits` wide from `bitOff` of the byte at `off` on; 0 for others. */
export interface Place {
  readonly typeId: number
  readonly off: number
  readonly bits: number
  readonly bitOff: number
}

/** The place of a whole value. */
export const placeAt = (typeId: number, off: number): Place => ({ typeId, off, bits: 0, bitOff: 0 })

type Of<K extends BtfType['kind']> = Extract<BtfType, { kind: K }>

/** `char`; integers of other names are numbers. */
export const isChar = (type: BtfType): boolean => type.kind === 'int' && type.size === 1 && type.name === 'char'

/** Whether a value of this type is a string. */
export const isText = (btf: Btf, type: BtfType): boolean => type.kind === 'array' && isChar(bareType(btf, type.type))

/** Values that one value may be made of: so many for each byte, since unions show a byte several times, and some for those that have none. */
const PARTS_PER_BYTE = 64
const MORE_PARTS = 65536

const members = new WeakMap<Btf, Map<number, ReadonlyMap<string, Place>>>()

/**
 * Members of a struct or union by name, from its start, through unnamed ones; of several with one name the first. None for other types.
 */
export function membersOf(btf: Btf, structId: number): ReadonlyMap<string, Place> {
  let known = members.get(btf)
  if (!known) {
    known = new Map()
    members.set(btf, known)
  }
  const id = skipModifiers(btf, structId)
  let places = known.get(id)
  if (!places) {
    const found = new Map<string, Place>()
    collect(btf, id, 0, found, new Set())
    known.set(id, found)
    places = found
  }
  return places
}

function collect(btf: Btf, structId: number, baseBits: number, found: Map<string, Place>, seen: Set<number>): void {
  const id = skipModifiers(btf, structId)
  const struct = typeAs(btf, id, 'struct', 'union')
  if (!struct || seen.has(id)) return
  seen.add(id)
  for (const { name, type, offBits, bits } of struct.members) {
    const at = baseBits + offBits
    if (name === '') collect(btf, type, at, found, seen)
    else if (!found.has(name)) found.set(name, { typeId: type, off: Math.floor(at / 8), bits, bitOff: at % 8 })
  }
}

/** The value at a place as plain data. @throws BpfError for one that lies outside the view, or of too many parts */
export function readValue(btf: Btf, view: DataView, place: Place): BtfValue {
  const limit = PARTS_PER_BYTE * sizeOf(btf, place.typeId) + MORE_PARTS
  let left = limit
  const read = (place: Place): BtfValue => {
    if (--left < 0) fail('parts', { limit })
    const type = bareType(btf, place.typeId)
    checkInside(btf, view, place)
    if (type.kind === 'struct' || type.kind === 'union') {
      const at = (member: Place): Place => ({ ...member, off: place.off + member.off })
      return Object.fromEntries([...membersOf(btf, place.typeId)].map(([name, member]) => [name, read(at(member))]))
    }
    if (type.kind !== 'array' || isText(btf, type)) return readLeaf(btf, view, place)
    const size = sizeOf(btf, type.type)
    const count = size === 0 ? 0 : type.count
    return Array.from({ length: count }, (_, i) => read(placeAt(type.type, place.off + i * size)))
  }
  return read(place)
}

/** A value that has no parts: a number, a bool, a string. @throws BpfError for one that lies outside the view */
export function readLeaf(btf: Btf, view: DataView, place: Place): number | bigint | boolean | string {
  const type = bareType(btf, place.typeId)
  checkInside(btf, view, place)
  switch (type.kind) {
    case 'int':
      return intOf(type, readBits(view, place.off, shift(place), place.bits || type.size * 8), place.bits)
    case 'enum':
    case 'enum64': {
      const signed = { size: type.size, encoding: type.signed ? BTF_INT_SIGNED : 0 }
      return intOf(signed, readBits(view, place.off, shift(place), place.bits || type.size * 8), place.bits)
    }
    case 'ptr':
      return view.getBigUint64(place.off, true)
    case 'float':
      return type.size === 4 ? view.getFloat32(place.off, true) : type.size === 8 ? view.getFloat64(place.off, true) : Number.NaN
    case 'array':
      return textAt(view, place.off, type.count)
    default:
      return fail('value', { path: nameOf(type), want: 'a type that has values', got: type.kind })
  }
}

const shift = ({ bits, bitOff }: Place): number => (bits === 0 ? 0 : bitOff)

/** @throws BpfError for a place outside the view; a bitfield lies in the bytes of its bits */
export function checkInside(btf: Btf, view: DataView, { typeId, off, bits, bitOff }: Place): void {
  const end = off + (bits === 0 ? sizeOf(btf, typeId) : Math.ceil((bitOff + bits) / 8))
  if (end > view.byteLength) fail('outside', { off, end, size: view.byteLength })
}

function intOf({ size, encoding }: { size: number; encoding: number }, raw: bigint, bits: number): number | bigint | boolean {
  if ((encoding & BTF_INT_BOOL) !== 0) return raw !== 0n
  const value = (encoding & BTF_INT_SIGNED) !== 0 ? BigInt.asIntN(bits || size * 8, raw) : raw
  return size <= 4 ? Number(value) : value
}

/** The text up to its NUL, or all of it. */
function textAt({ buffer, byteOffset }: DataView, off: number, count: number): string {
  const bytes = new Uint8Array(buffer, byteOffset + off, count)
  const end = bytes.indexOf(0)
  return decodeText(bytes, 0, end < 0 ? count : end)
}

/**
 * Writes a value at a place, or nothing when it does not fit. Elements and members that it does not give become zero; of a union
 * give one member. `path` names the place in errors.
 * @throws BpfError naming the place, what is wanted there, and what came
 */
export function writeValue(btf: Btf, view: DataView, place: Place, value: unknown, path: string): void {
  const size = sizeOf(btf, place.typeId)
  checkInside(btf, view, place)
  if (place.bits !== 0) return writeLeaf(btf, view, place, value, path)
  const bytes = encodeValue(btf, place.typeId, value, path)
  new Uint8Array(view.buffer, view.byteOffset + place.off, size).set(bytes)
}

/** The bytes of a value. @throws BpfError as writeValue() */
export function encodeValue(btf: Btf, typeId: number, value: unknown, path: string): Uint8Array {
  const bytes = new Uint8Array(sizeOf(btf, typeId))
  write(btf, new DataView(bytes.buffer), placeAt(typeId, 0), value, path)
  return bytes
}

function write(btf: Btf, view: DataView, place: Place, value: unknown, path: string): void {
  const type = bareType(btf, place.typeId)
  switch (type.kind) {
    case 'struct':
    case 'union':
      return writeStruct(btf, view, place, type, value, path)
    case 'array':
      if (!isText(btf, type)) return writeArray(btf, view, place, type, value, path)
  }
  writeLeaf(btf, view, place, value, path)
}

function writeStruct(btf: Btf, view: DataView, place: Place, type: Of<'struct' | 'union'>, value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value))
    return fail('value', {
      path,
      want: `an object with the members of ${type.kind} ${type.name || '(unnamed)'}`,
      got: show(value),
    })
  const places = membersOf(btf, place.typeId)
  for (const [name, part] of Object.entries(value)) {
    const member = places.get(name) ?? fail('member', { path, name, there: [...places.keys()] })
    write(btf, view, { ...member, off: place.off + member.off }, part, `${path}.${name}`)
  }
}

function writeArray(btf: Btf, view: DataView, place: Place, type: Of<'array'>, value: unknown, path: string): void {
  const { count, type: elementId } = type
  if (!Array.isArray(value) && !(value instanceof Uint8Array))
    return fail('value', { path, want: `an array of ${count} or less`, got: show(value) })
  if (value.length > count) fail('value', { path, want: `an array of ${count} or less`, got: `one of ${value.length}` })
  const size = sizeOf(btf, elementId)
  for (const [i, part] of value.entries()) write(btf, view, placeAt(elementId, place.off + i * size), part, `${path}[${i}]`)
}

function writeLeaf(btf: Btf, view: DataView, place: Place, value: unknown, path: string): void {
  const type = bareType(btf, place.typeId)
  checkInside(btf, view, place)
  switch (type.kind) {
    case 'int':
      if ((type.encoding & BTF_INT_BOOL) === 0)
        return writeInt(view, place, type.size, type.name, (type.encoding & BTF_INT_SIGNED) !== 0, value, path)
      if (typeof value !== 'boolean') return fail('value', { path, want: 'true or false', got: show(value) })
      return writeBits(view, place.off, shift(place), place.bits || type.size * 8, value ? 1n : 0n)
    case 'enum':
    case 'enum64':
      return writeInt(view, place, type.size, `enum ${type.name}`, type.signed, value, path)
    case 'ptr':
      return writeInt(view, place, 8, 'an address', false, value, path)
    case 'float':
      if (typeof value !== 'number' || (type.size !== 4 && type.size !== 8))
        return fail('value', { path, want: `a number (${type.name})`, got: show(value) })
      return type.size === 4 ? view.setFloat32(place.off, value, true) : view.setFloat64(place.off, value, true)
    case 'array': {
      const want = `a string of ${Math.max(type.count - 1, 0)} bytes or less`
      if (typeof value !== 'string') return fail('value', { path, want, got: show(value) })
      const chars = encodeText(value)
      if (chars.length >= type.count || chars.includes(0))
        return fail('value', { path, want, got: chars.includes(0) ? 'one with a NUL' : `one of ${chars.length}` })
      const bytes = new Uint8Array(view.buffer, view.byteOffset + place.off, type.count)
      bytes.fill(0)
      return bytes.set(chars)
    }
    default:
      return fail('value', { path, want: 'a type that has values', got: type.kind })
  }
}

function writeInt(view: DataView, place: Place, size: number, name: string, signed: boolean, value: unknown, path: string): void {
  const bits = place.bits || size * 8
  const [low, high] = rangeOf(signed, bits)
  const number = typeof value === 'bigint' ? value : Number.isSafeInteger(value) ? BigInt(value as number) : null
  if (number === null || number < low || number > high)
    return fail('value', { path, want: `${name} from ${low} to ${high}`, got: show(value) })
  writeBits(view, place.off, shift(place), bits, number)
}

/** What came, for messages. */
function show(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return `${value}n`
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? `an array of ${value.length}` : 'an object'
    case 'function':
      return 'a function'
    default:
      return String(value)
  }
}
