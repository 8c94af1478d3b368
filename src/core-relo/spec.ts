// Access strings: what a field relocation says of the object's own types (`0:2:1`: element 0, member 2, member 1 of it), and the
// same path found in the target's types.
import type { CoreReloKind } from '../btf/ext.ts'
import { sizeOrNull, skipModifiers } from '../btf/query.ts'
import type { Btf, BtfType } from '../btf/types.ts'
import { ABOUT } from './kind.ts'

/** The longest path (BPF_CORE_SPEC_MAX_LEN). */
export const MAX_PATH = 64

/** One step: a named member (of the struct or union `typeId`), an array element (of type `typeId`), or an enumerator. */
export interface Accessor {
  readonly typeId: number
  readonly index: number
  /** Null for array elements. */
  readonly name: string | null
}

/** A path in one BTF. */
export interface AccessSpec {
  readonly btf: Btf
  readonly rootId: number
  readonly steps: Accessor[]
  /** From the start of the root type, in bits. */
  offBits: number
  /** Members and elements on the way, unnamed ones included. */
  length: number
}

/** Why an access string is refused. */
export type Refuse = (why: string) => never

/** is_flex_arr(): an array without a length that is the last member of a struct may be indexed freely. */
export function isFlexible(btf: Btf, step: Accessor | undefined, count: number): boolean {
  if (!step || step.name === null || count > 0) return false
  const type = btf.types[step.typeId]!
  return (type.kind === 'struct' || type.kind === 'union') && step.index === type.members.length - 1
}

/** bpf_core_parse_spec() */
export function parseAccess(btf: Btf, rootId: number, access: string, kind: CoreReloKind, refuse: Refuse): AccessSpec {
  const spec: AccessSpec = { btf, rootId, steps: [], offBits: 0, length: 0 }
  const about = ABOUT[kind]
  if (about === 'type') return access === '0' ? spec : refuse("want '0' for a type")
  if (!/^\d{1,10}(:\d{1,10})*$/.test(access)) return refuse('want numbers between colons')
  const path = access.split(':', MAX_PATH + 1).map(Number)
  if (path.length > MAX_PATH) return refuse(`want ${MAX_PATH} numbers or less`)

  let id = skipModifiers(btf, rootId)
  const first = path[0]!
  if (about === 'enumval') {
    const type = btf.types[id]!
    if (type.kind !== 'enum' && type.kind !== 'enum64') return refuse('want an enum')
    const value = type.values[first]
    if (path.length > 1 || !value) return refuse(`want one of ${type.values.length} enumerators`)
    spec.steps.push({ typeId: id, index: first, name: value.name })
    return spec
  }
  spec.length = path.length
  spec.steps.push({ typeId: id, index: first, name: null })
  spec.offBits = first * sizeOfType(btf, id, refuse) * 8
  for (const index of path.slice(1)) {
    id = skipModifiers(btf, id)
    id = step(spec, id, btf.types[id]!, index, refuse)
  }
  if (spec.offBits > 0xffff_ffff) refuse('it leads out of 512 MiB')
  return spec
}

/** Goes one step down from the type `id`; the id of what is there. */
function step(spec: AccessSpec, id: number, type: BtfType, index: number, refuse: Refuse): number {
  const { btf } = spec
  if (type.kind === 'struct' || type.kind === 'union') {
    const member = type.members[index]
    if (!member) return refuse(`${type.kind} ${type.name} has ${type.members.length} members, want number ${index}`)
    spec.offBits += member.offBits
    if (member.name !== '') spec.steps.push({ typeId: id, index, name: member.name })
    return member.type
  }
  if (type.kind !== 'array') return refuse(`a ${type.kind} has no member ${index}`)
  if (!isFlexible(btf, spec.steps.at(-1), type.count) && index >= type.count)
    return refuse(`the array has ${type.count} elements, want number ${index}`)
  const element = skipModifiers(btf, type.type)
  spec.steps.push({ typeId: element, index, name: null })
  spec.offBits += index * sizeOfType(btf, element, refuse) * 8
  return element
}

/** Bytes of a type; refuses those without a size, and those too large for any program. */
export function sizeOfType(btf: Btf, id: number, refuse: Refuse): number {
  const size = sizeOrNull(btf, id)
  return size === null || size > 0xffff_ffff ? refuse(`type ${id} (${btf.types[id]!.kind}) has no size`) : size
}
