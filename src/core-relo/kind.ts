import type { CoreReloKind } from '../btf/ext.ts'

/** What a CO-RE relocation is about, by its kind. */
export const ABOUT: Readonly<Record<CoreReloKind, 'field' | 'type' | 'enumval'>> = {
  field_byte_offset: 'field',
  field_byte_size: 'field',
  field_exists: 'field',
  field_signed: 'field',
  field_lshift_u64: 'field',
  field_rshift_u64: 'field',
  type_id_local: 'type',
  type_id_target: 'type',
  type_exists: 'type',
  type_size: 'type',
  enumval_exists: 'enumval',
  enumval_value: 'enumval',
  type_matches: 'type',
}
