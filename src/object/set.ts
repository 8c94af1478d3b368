// Variables set before load (`--set NAME=VALUE`), by their types in the object's BTF: what a skeleton does with obj->rodata->x = ... in C.
import { bareType, nameOf, sizeOf, sizeOrNull, skipModifiers } from '../btf/query.ts'
import type { Btf, BtfType } from '../btf/types.ts'
import { isChar, membersOf, type Place } from '../btf/value.ts'
import { typeText } from '../core-relo/name.ts'
import { rangeOf, writeBits } from '../util/bits.ts'
import { encodeText } from '../util/bytes.ts'
import { fail } from './error.ts'
import { KCONFIG } from './sections.ts'
import type { MapSpec, ObjectSpec } from './spec.ts'

/** A global variable of an object. */
export interface GlobalVar {
  readonly name: string
  /** Index of its map in ObjectSpec.maps, and the bytes it takes there. */
  readonly map: number
  readonly off: number
  readonly size: number
  /** Its type in the object's BTF. */
  readonly typeId: number
}

/** The variables of `.data*`, `.rodata*` and `.bss*`, static ones included, by place. */
export const globalsOf = (spec: Pick<ObjectSpec, 'maps' | 'btf'>): GlobalVar[] =>
  spec.maps.flatMap(({ name }, map) => (name === KCONFIG ? [] : variablesOf(spec, map)))

/** The variables that a map holds; none for maps that are not for variables. */
export function variablesOf({ maps, btf }: Pick<ObjectSpec, 'maps' | 'btf'>, map: number): GlobalVar[] {
  const { initial, valueTypeId } = maps[map]!
  const datasec = btf?.types[valueTypeId]
  if (!btf || !initial || datasec?.kind !== 'datasec') return []
  return datasec.vars.flatMap(({ type, off, size }): GlobalVar[] => {
    const variable = btf.types[type]!
    if (variable.kind !== 'var' || off + size > initial.length || sizeOrNull(btf, variable.type) !== size) return []
    return [{ name: variable.name, map, off, size, typeId: variable.type }]
  })
}

/**
 * The object with some variables set: `x`, `cfg.limit`, `ports[2]` to a number (decimal, hex, 'c'), a bool, the name of an enumerator, a
 * string for arrays of char, `1,2,3` for arrays of numbers.
 * @throws BpfError for names that there are not (listing those that there are), and for values that do not fit
 */
export function setGlobals(spec: ObjectSpec, values: Readonly<Record<string, string>>): ObjectSpec {
  const { btf } = spec
  const globals = globalsOf(spec)
  const changed = new Map<number, Uint8Array>()
  for (const [path, text] of Object.entries(values)) {
    const global = findGlobal(path, globals)
    const { map, off, typeId } = global
    const bytes = changed.get(map) ?? new Uint8Array(spec.maps[map]!.initial!)
    changed.set(map, bytes)
    const place = walk(btf!, { typeId, off, bits: 0, bitOff: 0 }, path, global.name.length)
    if (place.off + sizeOf(btf!, place.typeId) > off + global.size)
      fail('SET_PATH', { name: path, why: 'it does not lie in its variable', there: [] })
    put(btf!, bytes, place, path, text)
  }
  const maps = spec.maps.map((map, i): MapSpec => {
    const initial = changed.get(i)
    return initial ? { ...map, initial } : map
  })
  return { ...spec, maps }
}

/** The variable that a path begins with; names of static ones may have dots. */
function findGlobal(path: string, globals: readonly GlobalVar[]): GlobalVar {
  const found = globals.filter(({ name }) => path.startsWith(name) && /^([.[]|$)/.test(path.slice(name.length)))
  const longest = Math.max(...found.map(({ name }) => name.length))
  const [global, other] = found.filter(({ name }) => name.length === longest)
  const there = [...new Set(globals.map(({ name }) => name))].sort()
  if (!global) return fail('SET_UNKNOWN', { name: path, there })
  return other ? fail('SET_PATH', { name: path, why: 'there are several variables of this name', there: [] }) : global
}

/** Follows `.member` and `[index]` from `from` of the path on. */
function walk(btf: Btf, place: Place, path: string, from: number): Place {
  while (from < path.length) {
    const name = path.slice(0, from)
    const [part, index, member] = /^(?:\[(\d{1,9})\]|\.([^.[\]]+))/.exec(path.slice(from)) ?? [
      fail('SET_PATH', { name: path, why: `want .member or [index] behind ${name}`, there: [] }),
    ]
    const type = bareType(btf, place.typeId)
    if (index !== undefined) {
      if (type.kind !== 'array')
        return fail('SET_PATH', { name, why: `it is ${typeText(btf, place.typeId)}, no array`, there: [] })
      if (Number(index) >= type.count)
        fail('SET_PATH', { name: path, why: `${name} has ${type.count} elements, from [0] on`, there: [] })
      place = { typeId: type.type, off: place.off + Number(index) * sizeOf(btf, type.type), bits: 0, bitOff: 0 }
    } else {
      const found = memberAt(btf, place, member!)
      if (!found) return fail('SET_PATH', { name: path, why: `${name} has no ${member}`, there: memberNames(btf, place.typeId) })
      place = found
    }
    from += part.length
  }
  return place
}

/** The member of a struct or union by name, through unnamed ones. */
function memberAt(btf: Btf, { typeId, off }: Place, name: string): Place | null {
  const found = membersOf(btf, typeId).get(name)
  return found ? { ...found, off: off + found.off } : null
}

const memberNames = (btf: Btf, typeId: number): string[] => [...membersOf(btf, typeId).keys()]

function put(btf: Btf, bytes: Uint8Array, place: Place, path: string, text: string): void {
  const id = skipModifiers(btf, place.typeId)
  const type = btf.types[id]!
  if (type.kind !== 'array') {
    putScalar(btf, bytes, place, type, path, text)
    return
  }
  const element = bareType(btf, type.type)
  const size = sizeOf(btf, type.type)
  const end = place.off + type.count * size
  if (isChar(element)) {
    const chars = encodeText(unquote(text, path))
    if (chars.length >= type.count)
      fail('SET_VALUE', { name: path, want: `${type.count - 1} bytes or less`, got: `${chars.length}` })
    bytes.fill(0, place.off, end)
    bytes.set(chars, place.off)
    return
  }
  const items = text.trim() === '' ? [] : text.split(',')
  if (items.length > type.count) fail('SET_VALUE', { name: path, want: `${type.count} values or less`, got: `${items.length}` })
  if (element.kind === 'array' || element.kind === 'struct' || element.kind === 'union')
    fail('SET_PATH', { name: path, why: 'set its elements one by one', there: [`${path}[0]`] })
  bytes.fill(0, place.off, end)
  for (const [i, item] of items.entries()) {
    const at = { typeId: type.type, off: place.off + i * size, bits: 0, bitOff: 0 }
    putScalar(btf, bytes, at, element, `${path}[${i}]`, item.trim())
  }
}

function putScalar(btf: Btf, bytes: Uint8Array, place: Place, type: BtfType, path: string, text: string): void {
  switch (type.kind) {
    case 'int': {
      if ((type.encoding & 4) !== 0) return putBits(bytes, place, type.size, truth(path, text))
      const number = integer(text) ?? (isChar(type) ? charOf(text) : null)
      return putNumber(btf, bytes, place, type, (type.encoding & 1) !== 0, path, text, number)
    }
    case 'enum':
    case 'enum64': {
      const value = type.values.find(({ name }) => name === text)?.value ?? integer(text)
      if (value === null && !/^[-+0-9]/.test(text))
        fail('SET_PATH', { name: path, why: `no enumerator ${text}`, there: type.values.map(({ name }) => name) })
      return putNumber(btf, bytes, place, type, type.signed, path, text, value)
    }
    case 'struct':
    case 'union':
      return fail('SET_PATH', { name: path, why: 'set its members one by one', there: memberNames(btf, place.typeId) })
    default:
      fail('SET_PATH', { name: path, why: `it is ${describe(btf, place.typeId, type)}, which cannot be set`, there: [] })
  }
}

const describe = (btf: Btf, typeId: number, type: BtfType): string =>
  type.kind === 'float' ? `a floating-point number (${nameOf(type)})` : `of type ${typeText(btf, typeId)}`

function putNumber(
  btf: Btf,
  bytes: Uint8Array,
  place: Place,
  type: { readonly size: number },
  signed: boolean,
  path: string,
  text: string,
  value: bigint | null,
): void {
  const [low, high] = rangeOf(signed, place.bits || type.size * 8)
  if (value === null || value < low || value > high)
    return fail('SET_VALUE', {
      name: path,
      want: `${typeText(btf, place.typeId)} from ${low} to ${high}`,
      got: text || 'nothing',
    })
  putBits(bytes, place, type.size, value)
}

/** Writes the number's low bits; of a bitfield only its own. */
function putBits(
  { buffer, byteOffset, byteLength }: Uint8Array,
  { off, bits, bitOff }: Place,
  size: number,
  value: bigint,
): void {
  writeBits(new DataView(buffer, byteOffset, byteLength), off, bits === 0 ? 0 : bitOff, bits || size * 8, value)
}

/** Decimal or hexadecimal, or a character between single quotes; null for anything else. */
function integer(text: string): bigint | null {
  const [, sign, digits] = /^([-+]?)(0[xX][0-9a-fA-F]+|0|[1-9][0-9]*)$/.exec(text) ?? []
  if (digits !== undefined && digits.length <= 80) return sign === '-' ? -BigInt(digits) : BigInt(digits)
  return text.length > 2 && text.startsWith("'") && text.endsWith("'") ? charOf(text.slice(1, -1)) : null
}

/** The code of one character. */
function charOf(text: string): bigint | null {
  const bytes = encodeText(ESCAPES[text] ?? text)
  return bytes.length === 1 ? BigInt(bytes[0]!) : null
}

const ESCAPES: Readonly<Record<string, string>> = { '\\n': '\n', '\\t': '\t', '\\0': '\0', '\\\\': '\\', "\\'": "'", '\\"': '"' }

/** A string, with or without double quotes; escapes count between them. */
function unquote(text: string, path: string): string {
  if (!text.startsWith('"')) return text
  if (text.length < 2 || !text.endsWith('"')) fail('SET_VALUE', { name: path, want: 'a quotation mark at the end', got: text })
  return text.slice(1, -1).replace(/\\./g, text => ESCAPES[text] ?? text)
}

function truth(path: string, text: string): bigint {
  if (text === 'true' || text === '1') return 1n
  return text === 'false' || text === '0' ? 0n : fail('SET_VALUE', { name: path, want: 'true or false', got: text || 'nothing' })
}
