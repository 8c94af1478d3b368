// Finding in the target what a relocation names: bpf_core_spec_match().
import type { CoreReloKind } from '../btf/ext.ts'
import { skipModifiers } from '../btf/query.ts'
import type { Btf } from '../btf/types.ts'
import { fieldsFit, typesFit, typesMatch, type Work } from './compat.ts'
import { ABOUT } from './kind.ts'
import { essentialName } from './name.ts'
import { type Accessor, type AccessSpec, isFlexible, MAX_PATH, type Refuse, sizeOfType } from './spec.ts'

/** What matching works with. */
export interface Matching {
  readonly kind: CoreReloKind
  readonly work: Work
  readonly refuse: Refuse
}

/** The path of `local` in the candidate type `rootId` of the target; null when it is not there. */
export function matchSpec(local: AccessSpec, target: Btf, rootId: number, matching: Matching): AccessSpec | null {
  const spec: AccessSpec = { btf: target, rootId, steps: [], offBits: 0, length: 0 }
  const { kind, work, refuse } = matching
  switch (ABOUT[kind]) {
    case 'type': {
      const rule = kind === 'type_matches' ? typesMatch : typesFit
      const fits = rule({ local: local.btf, target, work }, local.rootId, rootId)
      return fits === null ? refuse('the types are nested too deep') : fits ? spec : null
    }
    case 'enumval': {
      const id = skipModifiers(target, rootId)
      const type = target.types[id]!
      if (type.kind !== 'enum' && type.kind !== 'enum64') return null
      const name = essentialName(local.steps[0]!.name!)
      const index = type.values.findIndex(value => essentialName(value.name) === name)
      if (index < 0) return null
      spec.steps.push({ typeId: id, index, name: type.values[index]!.name })
      return spec
    }
    case 'field':
      return matchField(local, spec, matching)
  }
}

function matchField(local: AccessSpec, spec: AccessSpec, { work, refuse }: Matching): AccessSpec | null {
  const { btf } = spec
  let id = spec.rootId
  for (const [i, step] of local.steps.entries()) {
    id = skipModifiers(btf, id)
    if (step.name !== null) {
      const next = matchMember(local.btf, step, id, spec, work, refuse)
      if (next < 0) return null
      id = next
      continue
    }
    // The first step is an element of the root type itself.
    if (i > 0) {
      const type = btf.types[id]!
      if (type.kind !== 'array') return null
      if (!isFlexible(btf, spec.steps.at(-1), type.count) && step.index >= type.count) return null
      id = skipModifiers(btf, type.type)
    }
    if (spec.length++ >= MAX_PATH) refuse('it is nested too deep in the target')
    spec.steps.push({ typeId: id, index: step.index, name: null })
    spec.offBits += step.index * sizeOfType(btf, id, refuse) * 8
  }
  return spec
}

/** The type of the member with the name of `step` in the type `id`, or in a member without a name of it; -1 when it is not there. */
function matchMember(local: Btf, step: Accessor, id: number, spec: AccessSpec, work: Work, refuse: Refuse): number {
  const { btf } = spec
  id = skipModifiers(btf, id)
  const type = btf.types[id]!
  if (type.kind !== 'struct' && type.kind !== 'union') return -1
  const owner = local.types[step.typeId]!
  const member = owner.kind === 'struct' || owner.kind === 'union' ? owner.members[step.index]! : refuse('want a struct')
  for (const [index, other] of type.members.entries()) {
    work.step()
    if (other.name !== '' && other.name !== step.name) continue
    if (spec.length >= MAX_PATH) refuse('it is nested too deep in the target')
    spec.offBits += other.offBits
    spec.length++
    if (other.name === '') {
      const found = matchMember(local, step, other.type, spec, work, refuse)
      if (found >= 0) return found
    } else if (fieldsFit({ local, target: btf, work }, member.type, other.type)) {
      spec.steps.push({ typeId: id, index, name: other.name })
      return other.type
    }
    spec.offBits -= other.offBits
    spec.length--
    // One of the name but of another type: no other is looked for.
    if (other.name !== '') return -1
  }
  return -1
}
