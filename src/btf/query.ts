// Questions about types: by name, through modifiers, sizes, alignments, members.
import { fail } from './error.ts'
import type { Btf, BtfKind, BtfMember, BtfType } from './types.ts'

/** Bytes of a pointer of BPF programs. */
export const POINTER_SIZE = 8

/** The type with this id; void for an id that there is not. */
export const typeOf = (btf: Btf, id: number): BtfType => btf.types[id] ?? VOID
const VOID: BtfType = { kind: 'void' }

/** The types that may be of kind K. */
export type OfKind<K extends BtfKind, T extends BtfType = BtfType> = T extends BtfType
  ? [Extract<T['kind'], K>] extends [never]
    ? never
    : T
  : never

/** The type with this id when it is of one of these kinds, else null. */
export function typeAs<K extends BtfKind>(btf: Btf, id: number, ...kinds: readonly K[]): OfKind<K> | null {
  const type = typeOf(btf, id)
  return (kinds as readonly BtfKind[]).includes(type.kind) ? (type as OfKind<K>) : null
}

/** Name of a type, '' for one that has none. */
export const nameOf = (type: BtfType): string => ('name' in type ? type.name : '')

/** Types by kind and name. */
export interface BtfIndex {
  /** Lowest id of that kind and name, 0 when there is none. */
  find(kind: BtfKind, name: string): number
  /** Ids of all kinds with that name, ascending. */
  named(name: string): readonly number[]
  /** All names, in the order of their first id. */
  names(): Iterable<string>
}

/** The index of a BTF, made once for each. */
export function indexBtf(btf: Btf): BtfIndex {
  let index = indexes.get(btf)
  if (index === undefined) {
    index = makeIndex(btf)
    indexes.set(btf, index)
  }
  return index
}
const indexes = new WeakMap<Btf, BtfIndex>()

function makeIndex(btf: Btf): BtfIndex {
  const ids = new Map<string, number[]>()
  btf.types.forEach((type, id) => {
    const name = nameOf(type)
    if (name === '') return
    const list = ids.get(name)
    if (list) list.push(id)
    else ids.set(name, [id])
  })
  const named = (name: string): readonly number[] => ids.get(name) ?? []
  return {
    find: (kind, name) => named(name).find(id => typeOf(btf, id).kind === kind) ?? 0,
    named,
    names: () => ids.keys(),
  }
}

/** The id behind const, volatile, restrict and type tags. */
export function skipQualifiers(btf: Btf, id: number): number {
  for (;;) {
    const type = typeOf(btf, id)
    if (type.kind !== 'const' && type.kind !== 'volatile' && type.kind !== 'restrict' && type.kind !== 'type_tag') return id
    id = type.type
  }
}

/** The id behind qualifiers and typedefs (btf_type_skip_modifiers). */
export function skipModifiers(btf: Btf, id: number): number {
  for (;;) {
    const at = skipQualifiers(btf, id)
    const type = typeOf(btf, at)
    if (type.kind !== 'typedef') return at
    id = type.type
  }
}

/** The type behind qualifiers and typedefs. */
export const bareType = (btf: Btf, id: number): BtfType => typeOf(btf, skipModifiers(btf, id))

/** Bytes of a type; null for void, functions and types that are only declared. */
export function sizeOrNull(btf: Btf, id: number): number | null {
  let factor = 1
  for (;;) {
    const type = typeOf(btf, id)
    switch (type.kind) {
      case 'int':
      case 'struct':
      case 'union':
      case 'enum':
      case 'enum64':
      case 'float':
      case 'datasec':
        return factor * type.size
      case 'ptr':
        return factor * POINTER_SIZE
      case 'array':
        factor *= type.count
        id = type.type
        break
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
      case 'var':
      case 'decl_tag':
        id = type.type
        break
      default:
        return null
    }
  }
}

/** Bytes of a type. @throws BpfError for one that has no size */
export const sizeOf = (btf: Btf, id: number): number => sizeOrNull(btf, id) ?? fail('unsized', { id, kind: typeOf(btf, id).kind })

/** Alignment of a type in bytes (btf__align_of): that of a struct is the largest of its members', 1 where a member lies uneven. */
export function alignOf(btf: Btf, id: number): number {
  const type = typeOf(btf, id)
  switch (type.kind) {
    case 'int':
    case 'enum':
    case 'enum64':
    case 'float':
      return Math.min(POINTER_SIZE, type.size)
    case 'ptr':
      return POINTER_SIZE
    case 'typedef':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'type_tag':
    case 'array':
    case 'var':
      return alignOf(btf, type.type)
    case 'struct':
    case 'union':
      return alignOfComposite(btf, id, type)
    default:
      return 1
  }
}

/** Alignments that are known: a struct that holds others twice at each level would be walked without end. */
const alignments = new WeakMap<Btf, Map<number, number>>()

function alignOfComposite(btf: Btf, id: number, { members, size }: Extract<BtfType, { kind: 'struct' | 'union' }>): number {
  let known = alignments.get(btf)
  if (known === undefined) {
    known = new Map()
    alignments.set(btf, known)
  }
  const before = known.get(id)
  if (before !== undefined) return before
  let most = 1
  let uneven = false
  for (const { type, offBits, bits } of members) {
    const align = alignOf(btf, type)
    most = Math.max(most, align)
    uneven ||= bits === 0 && offBits % (8 * align) !== 0
  }
  const align = uneven || size % most !== 0 ? 1 : most
  known.set(id, align)
  return align
}

/** A member as C finds it, from the start of the outermost struct. */
export interface FoundMember {
  readonly member: BtfMember
  /** The struct or union that has it. */
  readonly owner: number
  readonly offBits: number
  /** Members passed through, from the outermost on: indexes, as in CO-RE access strings. */
  readonly path: readonly number[]
}

/** The member of a struct or union by name, also through anonymous members; null when there is none. */
export function memberOf(btf: Btf, structId: number, name: string): FoundMember | null {
  return findMember(btf, structId, name, new Set())
}

function findMember(btf: Btf, structId: number, name: string, seen: Set<number>): FoundMember | null {
  const owner = skipModifiers(btf, structId)
  const type = typeAs(btf, owner, 'struct', 'union')
  if (!type || seen.has(owner)) return null
  seen.add(owner)
  for (const [index, member] of type.members.entries()) {
    if (member.name === name) return { member, owner, offBits: member.offBits, path: [index] }
    if (member.name !== '') continue
    const inner = findMember(btf, member.type, name, seen)
    if (inner) return { ...inner, offBits: member.offBits + inner.offBits, path: [index, ...inner.path] }
  }
  return null
}
