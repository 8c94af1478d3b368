// What a poisoned instruction asked for and the target does not have.
import type { CoreReloKind } from '../btf/ext.ts'
import { nameOf, skipModifiers } from '../btf/query.ts'
import type { Btf } from '../btf/types.ts'
import { Work } from './compat.ts'
import { fail, type Where } from './error.ts'
import { ABOUT } from './kind.ts'
import { matchSpec } from './match.ts'
import { essentialName, typeText } from './name.ts'
import type { AccessSpec } from './spec.ts'

/** Throws the error about it, for an instruction that the program can come to. */
export type Missing = (where: Where) => never

/** Why none of the candidates has what `spec` names. */
export function whatIsMissing(spec: AccessSpec, target: Btf, candidates: readonly number[], kind: CoreReloKind): Missing {
  const { btf, rootId, steps } = spec
  const root = candidates[0]
  const type = typeText(btf, rootId).replace(nameOf(btf.types[rootId]!), essentialName)
  if (root === undefined) return where => fail('CORE_NO_TYPE', { ...where, type })
  if (ABOUT[kind] === 'enumval')
    return where => fail('CORE_NO_ENUMERATOR', { ...where, type, name: essentialName(steps[0]!.name!) })

  const refuse = (): never => {
    throw new RangeError()
  }
  const work = new Work(1_000_000, refuse)
  const upTo = (count: number): AccessSpec | null => {
    try {
      return matchSpec({ ...spec, steps: steps.slice(0, count) }, target, root, { kind, work, refuse })
    } catch {
      return null
    }
  }
  let known = 0
  while (known < steps.length && upTo(known + 1)) known++
  const step = steps[Math.min(known, steps.length - 1)]!
  const holder = known === 0 ? root : typeBehind(upTo(known), root)
  const struct = typeText(target, skipModifiers(target, holder))
  const field = step.name
  if (field === null) return where => fail('CORE_NO_ELEMENT', { ...where, array: struct, index: step.index })
  const other = memberNamed(target, holder, field)
  if (other !== null) {
    const owner = btf.types[step.typeId]!
    const want = owner.kind === 'struct' || owner.kind === 'union' ? typeText(btf, owner.members[step.index]!.type) : ''
    return where => fail('CORE_OTHER_TYPE', { ...where, struct, field, want, got: typeText(target, other) })
  }
  return where => fail('CORE_NO_FIELD', { ...where, struct, field, serves: memberNames(target, holder) })
}

/** The type of what a path ends at. */
function typeBehind(spec: AccessSpec | null, root: number): number {
  const step = spec?.steps.at(-1)
  if (!spec || !step) return root
  if (step.name === null) return step.typeId
  const owner = spec.btf.types[step.typeId]!
  return owner.kind === 'struct' || owner.kind === 'union' ? owner.members[step.index]!.type : root
}

function* membersOf(btf: Btf, id: number): Generator<{ name: string; type: number }> {
  const type = btf.types[skipModifiers(btf, id)]!
  if (type.kind !== 'struct' && type.kind !== 'union') return
  for (const member of type.members)
    if (member.name !== '') yield member
    else yield* membersOf(btf, member.type)
}

const memberNames = (btf: Btf, id: number): string[] => [...membersOf(btf, id)].map(({ name }) => name)

function memberNamed(btf: Btf, id: number, name: string): number | null {
  for (const member of membersOf(btf, id)) if (member.name === name) return member.type
  return null
}
