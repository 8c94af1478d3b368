// Variables as objects whose properties are the memory itself: each look reads it, each assignment writes it. Sections, structs and
// arrays are such objects; numbers, strings and their kin are plain values.
import { bareType, sizeOf } from '../btf/query.ts'
import type { Btf } from '../btf/types.ts'
import { checkInside, isText, membersOf, type Place, placeAt, readLeaf, readValue, writeValue } from '../btf/value.ts'
import { fail } from './error.ts'

/** Where a section's variables are at the moment. */
export interface Memory {
  /** The bytes of the section. @throws BpfError for a section that cannot be read now; `path` names what is looked at */
  view(path: string): DataView
  /** @throws BpfError when `path` may not be written now */
  checkWrite(path: string): void
}

/** What a live object is made of. */
interface Parts {
  readonly btf: Btf
  readonly memory: Memory
  /** Name in messages: `.bss`, `point`, `points[2]`. */
  readonly path: string
  /** Names of the parts. */
  names(): string[]
  /** Null when there is no such part. */
  place(name: string): Place | null
  pathOf(name: string): string
  unknown(name: string): never
}

/** The variables of one section. */
export function liveSection(btf: Btf, memory: Memory, section: string, variables: ReadonlyMap<string, Place>): object {
  const names = (): string[] => [...variables.keys()]
  return live(
    {},
    {
      ...{ btf, memory, path: section, names },
      place: name => variables.get(name) ?? null,
      pathOf: name => name,
      unknown: name => fail('API_NO_VARIABLE', { name, section, there: names() }),
    },
  )
}

/** The value at a place: live for structs, unions and arrays. */
function liveValue(btf: Btf, memory: Memory, place: Place, path: string): unknown {
  const type = bareType(btf, place.typeId)
  checkInside(btf, memory.view(path), place)
  if (type.kind === 'struct' || type.kind === 'union') {
    const places = membersOf(btf, place.typeId)
    const names = (): string[] => [...places.keys()]
    return live(
      {},
      {
        ...{ btf, memory, path, names },
        place: name => {
          const member = places.get(name)
          return member ? { ...member, off: place.off + member.off } : null
        },
        pathOf: name => `${path}.${name}`,
        unknown: name => fail('API_NO_MEMBER', { path, name, there: names() }),
      },
    )
  }
  if (type.kind !== 'array' || isText(btf, type)) return readLeaf(btf, memory.view(path), place)
  const size = sizeOf(btf, type.type)
  const count = size === 0 ? 0 : type.count
  return live(new Array(count), {
    ...{ btf, memory, path },
    names: () => Array.from({ length: count }, (_, i) => `${i}`),
    place: name =>
      /^(0|[1-9]\d*)$/.test(name) && Number(name) < count ? placeAt(type.type, place.off + Number(name) * size) : null,
    pathOf: name => `${path}[${name}]`,
    unknown: name => fail('API_NO_MEMBER', { path, name: `[${name}]`, there: count === 0 ? [] : [`[0] to [${count - 1}]`] }),
  })
}

/** How node:util prints an object. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** `target` gives the live object its prototype and, to an array, its length. */
function live(target: object, parts: Parts): object {
  const { btf, memory } = parts
  const kept = new Map<string, object>()
  const get = (name: string, place: Place): unknown => {
    const known = kept.get(name)
    if (known) return known
    const value = liveValue(btf, memory, place, parts.pathOf(name))
    if (typeof value === 'object' && value !== null) kept.set(name, value)
    return value
  }
  const plain = (name: string): unknown => {
    try {
      return readValue(btf, memory.view(parts.pathOf(name)), parts.place(name)!)
    } catch (err) {
      return err // printing shall not throw
    }
  }
  const write = (name: string, place: Place, value: unknown): void => {
    const path = parts.pathOf(name)
    memory.checkWrite(path)
    writeValue(btf, memory.view(path), place, value, path)
  }
  const print = (): unknown =>
    Array.isArray(target) ? parts.names().map(plain) : Object.fromEntries(parts.names().map(name => [name, plain(name)]))
  Object.defineProperty(target, INSPECT, { value: print })
  return new Proxy(target, {
    get(target, key, receiver) {
      const place = typeof key === 'string' ? parts.place(key) : null
      return place ? get(key as string, place) : Reflect.get(target, key, receiver)
    },
    set(_target, key, value) {
      const name = String(key)
      write(name, (typeof key === 'string' && parts.place(name)) || parts.unknown(name), value)
      return true
    },
    has: (target, key) => (typeof key === 'string' && parts.place(key) !== null) || Reflect.has(target, key),
    ownKeys: target => [...parts.names(), ...Reflect.ownKeys(target)],
    getOwnPropertyDescriptor(target, key) {
      const place = typeof key === 'string' ? parts.place(key) : null
      if (!place) return Reflect.getOwnPropertyDescriptor(target, key)
      // Accessors, so that who asks for names only reads nothing.
      const set = (value: unknown): void => void write(key as string, place, value)
      return { get: () => get(key as string, place), set, enumerable: true, configurable: true }
    },
    defineProperty: (_target, key) => parts.unknown(String(key)),
    deleteProperty: (_target, key) => parts.unknown(String(key)),
  })
}
