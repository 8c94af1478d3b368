// The kinds of CO-RE relocations (enum bpf_core_relo_kind), as rows.

/** What a relocation is about. */
export type CoreBase = 'field' | 'type' | 'enumval'

export const CORE_KINDS = {
  field_byte_offset: { number: 0, about: 'field' },
  field_byte_size: { number: 1, about: 'field' },
  field_exists: { number: 2, about: 'field' },
  field_signed: { number: 3, about: 'field' },
  field_lshift_u64: { number: 4, about: 'field' },
  field_rshift_u64: { number: 5, about: 'field' },
  type_id_local: { number: 6, about: 'type' },
  type_id_target: { number: 7, about: 'type' },
  type_exists: { number: 8, about: 'type' },
  type_size: { number: 9, about: 'type' },
  enumval_exists: { number: 10, about: 'enumval' },
  enumval_value: { number: 11, about: 'enumval' },
  type_matches: { number: 12, about: 'type' },
} as const satisfies Record<string, { number: number; about: CoreBase }>

export type CoreKind = keyof typeof CORE_KINDS

/** Names by number. */
export const CORE_KIND_NAMES: ReadonlyMap<number, CoreKind> = new Map(
  Object.entries(CORE_KINDS).map(([name, row]) => [row.number, name as CoreKind]),
)

/** One CO-RE relocation record of `.BTF.ext`. */
export interface CoreRelo {
  /** Type in the object's BTF. */
  readonly typeId: number
  /** Access string: `0:2:1`, or the number of an enumerator, or `0`. */
  readonly access: string
  /** Number of its kind. */
  readonly kind: number
}
