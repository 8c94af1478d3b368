// Which types are taken for the same: the rules of bpf_core_fields_are_compat, bpf_core_types_are_compat and bpf_core_types_match.
import { bareType, nameOf, skipModifiers } from '../btf/query.ts'
import type { Btf, BtfType } from '../btf/types.ts'
import { essentialName, kindsFit } from './name.ts'

/** How far types are followed, and into how many parameters and members of each other. */
const MAX_DEPTH = 32

/** Counts the comparisons of one relocation, so that no object makes it take long. */
export class Work {
  #left: number
  readonly limit: number
  readonly #tooMuch: (limit: number) => never
  constructor(limit: number, tooMuch: (limit: number) => never) {
    this.limit = limit
    this.#left = limit
    this.#tooMuch = tooMuch
  }
  step(): void {
    if (--this.#left < 0) this.#tooMuch(this.limit)
  }
}

/** A type here and one there. */
interface Pair {
  readonly local: Btf
  readonly target: Btf
  readonly work: Work
}

/** bpf_core_fields_are_compat() of the types of two members. */
export function fieldsFit({ local, target, work }: Pair, localId: number, targetId: number): boolean {
  for (;;) {
    work.step()
    const here = bareType(local, localId)
    const there = bareType(target, targetId)
    if (isComposite(here) && isComposite(there)) return true
    if (!kindsFit(here, there)) return false
    switch (here.kind) {
      case 'ptr':
      case 'float':
        return true
      case 'fwd':
      case 'enum':
      case 'enum64': {
        const a = essentialName(here.name)
        const b = essentialName(nameOf(there))
        return a === '' || b === '' || a === b
      }
      case 'int':
        return noOffset(here, there)
      case 'array':
        localId = here.type
        targetId = (there as typeof here).type
        break
      default:
        return false
    }
  }
}

const isComposite = (type: BtfType): boolean => type.kind === 'struct' || type.kind === 'union'
/** Ints that do not begin at bit 0 are of a BTF of long ago. */
const noOffset = (a: BtfType, b: BtfType): boolean => a.kind === 'int' && b.kind === 'int' && a.offBits === 0 && b.offBits === 0

/** bpf_core_types_are_compat(): null when the types are nested too deep. */
export function typesFit(pair: Pair, localId: number, targetId: number, level = MAX_DEPTH): boolean | null {
  const { local, target, work } = pair
  if (!kindsFit(local.types[localId]!, target.types[targetId]!)) return false
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    work.step()
    const here = bareType(local, localId)
    const there = bareType(target, targetId)
    if (!kindsFit(here, there)) return false
    switch (here.kind) {
      case 'void':
      case 'struct':
      case 'union':
      case 'enum':
      case 'enum64':
      case 'fwd':
        return true
      case 'int':
        return noOffset(here, there)
      case 'ptr':
      case 'array':
        localId = here.type
        targetId = (there as typeof here).type
        break
      case 'func_proto': {
        const { params, type } = there as typeof here
        if (here.params.length !== params.length) return false
        for (const [i, param] of here.params.entries()) {
          if (level <= 0) return null
          const fits = typesFit(pair, skipModifiers(local, param.type), skipModifiers(target, params[i]!.type), level - 1)
          if (!fits) return fits
        }
        localId = skipModifiers(local, here.type)
        targetId = skipModifiers(target, type)
        break
      }
      default:
        return false
    }
  }
  return null
}

const namesMatch = (here: string, there: string): boolean =>
  there === '' ? here === '' : essentialName(here) === essentialName(there)

/** bpf_core_types_match(): null when the types are nested too deep. */
export function typesMatch(pair: Pair, localId: number, targetId: number, behindPtr = false, level = MAX_DEPTH): boolean | null {
  const { local, target, work } = pair
  if (level <= 0) return null
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    work.step()
    const here = bareType(local, localId)
    const there = bareType(target, targetId)
    if (!namesMatch(nameOf(here), nameOf(there))) return false
    switch (here.kind) {
      case 'void':
        return there.kind === 'void'
      case 'fwd':
        if (there.kind === 'fwd') return here.union === there.union
        return behindPtr && there.kind === (here.union ? 'union' : 'struct')
      case 'enum':
      case 'enum64':
        if (there.kind !== 'enum' && there.kind !== 'enum64') return false
        if (here.size !== there.size || here.values.length > there.values.length) return false
        return here.values.every(({ name }) =>
          there.values.some(value => {
            work.step()
            return namesMatch(name, value.name)
          }),
        )
      case 'struct':
      case 'union':
        if (!behindPtr) return there.kind === here.kind && membersMatch(pair, here, there as typeof here, level)
        return there.kind === here.kind || (there.kind === 'fwd' && there.union === (here.kind === 'union'))
      case 'int':
        return there.kind === 'int' && here.size === there.size && ((here.encoding ^ there.encoding) & 1) === 0
      case 'ptr':
        if (there.kind !== 'ptr') return false
        behindPtr = true
        localId = here.type
        targetId = there.type
        break
      case 'array':
        if (there.kind !== 'array' || here.count !== there.count) return false
        localId = here.type
        targetId = there.type
        break
      case 'func_proto': {
        if (there.kind !== 'func_proto' || here.params.length !== there.params.length) return false
        for (const [i, param] of here.params.entries()) {
          const matches = typesMatch(pair, param.type, there.params[i]!.type, behindPtr, level - 1)
          if (!matches) return matches
        }
        localId = here.type
        targetId = there.type
        break
      }
      default:
        return false
    }
  }
  return null
}

type Composite = Extract<BtfType, { kind: 'struct' | 'union' }>

/** bpf_core_composites_match(): each member here has one of its name and type there. */
function membersMatch(pair: Pair, here: Composite, there: Composite, level: number): boolean | null {
  if (here.members.length > there.members.length) return false
  for (const member of here.members) {
    let found = false
    for (const other of there.members) {
      pair.work.step()
      if (!namesMatch(member.name, other.name)) continue
      const matches = typesMatch(pair, member.type, other.type, false, level - 1)
      if (matches === null) return null
      if (matches) {
        found = true
        break
      }
    }
    if (!found) return false
  }
  return true
}
