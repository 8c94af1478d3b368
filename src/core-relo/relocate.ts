// CO-RE relocations of one object against one target: bpf_core_calc_relo_insn(). Candidates are the target's types of the same kind and
// essential name; all that fit must give the same answer.
import type { CoreRelo } from '../btf/ext.ts'
import { nameOf } from '../btf/query.ts'
import { BTF_INT_SIGNED, type Btf } from '../btf/types.ts'
import { Work } from './compat.ts'
import { type AtRelo, fail, type Where } from './error.ts'
import { matchSpec } from './match.ts'
import { essentialName, idsByEssentialName, kindsFit, typeText } from './name.ts'
import { type AccessSpec, parseAccess, type Refuse } from './spec.ts'
import { coreValue, type Value, type ValueErrors } from './value.ts'
import { type Missing, whatIsMissing } from './why.ts'

/** Comparisons of types that one relocation may take. */
const MAX_WORK = 2_000_000

/** A field of the target, named through the struct or union that has it; through unnamed ones as a path: `outer`, `inner.field`. */
export interface FieldUse {
  readonly struct: string
  readonly field: string
}

/** What to do to an instruction. */
export interface CoreResult {
  readonly relo: CoreRelo
  /** Value in the object's types; null when the instruction is poisoned. */
  readonly local: Value | null
  /** Value in the target's. */
  readonly target: Value | null
  /** Loads and stores cannot be changed to the width of the target's field without losing its sign. */
  readonly badWidth: boolean
  /** Why it is poisoned. */
  readonly missing: Missing | null
  /** Fields that loads and stores at this offset touch. */
  readonly fields: readonly FieldUse[]
  /** `struct task_struct, access 0:1`, for errors. */
  readonly what: string
}

/** Resolves the relocations of an object. Candidates that did not fit one relocation of a type are not asked again, as in libbpf. */
export class CoreResolver {
  readonly #local: Btf
  readonly #target: Btf
  readonly #candidates = new Map<number, readonly number[]>()
  readonly #known = new Map<string, CoreResult>()

  constructor(local: Btf, target: Btf) {
    this.#local = local
    this.#target = target
  }

  /** `relo` is number `index` of its section. @throws BpfError for one that is malformed or ambiguous */
  resolve(relo: CoreRelo, index: number, where: () => Where): CoreResult {
    const key = `${relo.kind} ${relo.typeId} ${relo.accessStr}`
    let result = this.#known.get(key)
    if (!result) {
      result = this.#resolve(relo, index, where)
      this.#known.set(key, result)
    }
    return result
  }

  #resolve(relo: CoreRelo, index: number, where: () => Where): CoreResult {
    const { kind, typeId, accessStr } = relo
    const local = this.#local
    const what = `${typeText(local, typeId)}, access ${accessStr}`
    const at = (): AtRelo => ({ ...where(), relo: index, what })
    const refuse: Refuse = why => fail('CORE_ACCESS', { ...at(), access: accessStr, why })
    const errors: ValueErrors = {
      size: why => fail('CORE_SIZE', { ...at(), why }),
      bitfield: () => fail('CORE_BITFIELD', at()),
      array: () => fail('CORE_ARRAY', at()),
    }
    const spec = parseAccess(local, typeId, accessStr, kind, refuse)
    const own = coreValue(kind, spec, errors)
    const base = { relo, local: own, badWidth: false, missing: null, fields: [], what }
    if (kind === 'type_id_local') return { ...base, target: own }
    const name = essentialName(nameOf(local.types[typeId]!))
    if (name === '') fail('CORE_ANONYMOUS', at())

    const work = new Work(MAX_WORK, limit => fail('CORE_WORK', { ...at(), limit }))
    const candidates = this.#candidatesOf(typeId, name)
    const fitting: { id: number; spec: AccessSpec; value: Value | null }[] = []
    for (const id of candidates) {
      const found = matchSpec(spec, this.#target, id, { kind, work, refuse })
      if (!found) continue
      const value = coreValue(kind, found, errors)
      const first = fitting[0]
      if (first && (first.spec.offBits !== found.offBits || first.value?.value !== value?.value))
        fail('CORE_AMBIGUOUS', { ...at(), first: this.#describe(first.id), second: this.#describe(id) })
      fitting.push({ id, spec: found, value })
    }
    const first = fitting[0]
    if (!first) {
      const target = coreValue(kind, null, errors)
      const missing = target ? null : whatIsMissing(spec, this.#target, candidates, kind)
      return { ...base, target, missing }
    }
    this.#candidates.set(
      typeId,
      fitting.map(({ id }) => id),
    )
    const fields = kind === 'field_byte_offset' ? fieldsOf(first.spec) : []
    return { ...base, target: first.value, badWidth: this.#badWidth(own, first.value), fields }
  }

  #candidatesOf(typeId: number, name: string): readonly number[] {
    const known = this.#candidates.get(typeId)
    if (known) return known
    const type = this.#local.types[typeId]!
    const ids = idsByEssentialName(this.#target, name).filter(id => kindsFit(this.#target.types[id]!, type))
    this.#candidates.set(typeId, ids)
    return ids
  }

  #describe(id: number): string {
    return `type ${id} (${typeText(this.#target, id)})`
  }

  /** Only pointers and unsigned ints may change their width: others would need their sign extended. */
  #badWidth(own: Value | null, there: Value | null): boolean {
    if (!own || !there || own.bytes === there.bytes) return false
    const a = this.#local.types[own.typeId]!
    const b = this.#target.types[there.typeId]!
    if (a.kind === 'ptr' && b.kind === 'ptr') return false
    return !(a.kind === 'int' && b.kind === 'int' && a.encoding !== BTF_INT_SIGNED && b.encoding !== BTF_INT_SIGNED)
  }
}

/** The named members on a path. Those of unnamed types are named with the way from the nearest type that has a name. */
export function fieldsOf({ btf, steps }: AccessSpec): FieldUse[] {
  const uses: FieldUse[] = []
  let path: FieldUse = { struct: '', field: '' }
  let named = ''
  for (const { typeId, name } of steps) {
    const owner = nameOf(btf.types[typeId]!)
    if (name === null) {
      // The root, or an element of an array: an unnamed one goes on with the path so far.
      if (owner !== '') named = owner
      continue
    }
    if (owner !== '') path = { struct: owner, field: name }
    else path = { struct: path.struct || named, field: path.field === '' ? name : `${path.field}.${name}` }
    uses.push(path)
  }
  return uses
}
