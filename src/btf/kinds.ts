// The wire format of BTF (include/uapi/linux/btf.h): what each kind looks like behind the 12 bytes that all types begin with.
import type { BtfKind } from './types.ts'

export const BTF_MAGIC = 0xeb9f
export const BTF_VERSION = 1
/** Bytes of struct btf_header. */
export const BTF_HEADER_SIZE = 24
/** Bytes of struct btf_type: name_off, info, size or type. */
export const BTF_TYPE_SIZE = 12
/** Most types of one BTF, and most members of one type (BTF_MAX_TYPE, BTF_MAX_VLEN). */
export const BTF_MAX_TYPE = 0xfffff
export const BTF_MAX_VLEN = 0xffff

export interface KindRow {
  readonly kind: BtfKind
  /** Spelling of bpftool's raw dump. */
  readonly title: string
  /** Bytes behind struct btf_type, and bytes for each of vlen items. */
  readonly extra: number
  readonly each: number
  /** The type itself may have a name. */
  readonly named: boolean
  /** What the third word of struct btf_type is: an id, a size, or 0. */
  readonly word: 'type' | 'size' | 'none'
  /** Items have a name in their first word. */
  readonly itemNames?: true
  /** Place of an item's type id. */
  readonly itemType?: number
  /** kind_flag has a meaning. */
  readonly flag?: true
  /** vlen is a linkage and no number of items. */
  readonly linkage?: true
}

/** By BTF_KIND_* number. */
export const KINDS: readonly KindRow[] = [
  { kind: 'void', title: 'UNKNOWN', extra: 0, each: 0, named: false, word: 'none' },
  { kind: 'int', title: 'INT', extra: 4, each: 0, named: true, word: 'size' },
  { kind: 'ptr', title: 'PTR', extra: 0, each: 0, named: false, word: 'type' },
  { kind: 'array', title: 'ARRAY', extra: 12, each: 0, named: false, word: 'none' },
  { kind: 'struct', title: 'STRUCT', extra: 0, each: 12, named: true, word: 'size', itemNames: true, itemType: 4, flag: true },
  { kind: 'union', title: 'UNION', extra: 0, each: 12, named: true, word: 'size', itemNames: true, itemType: 4, flag: true },
  { kind: 'enum', title: 'ENUM', extra: 0, each: 8, named: true, word: 'size', itemNames: true, flag: true },
  { kind: 'fwd', title: 'FWD', extra: 0, each: 0, named: true, word: 'none', flag: true },
  { kind: 'typedef', title: 'TYPEDEF', extra: 0, each: 0, named: true, word: 'type' },
  { kind: 'volatile', title: 'VOLATILE', extra: 0, each: 0, named: false, word: 'type' },
  { kind: 'const', title: 'CONST', extra: 0, each: 0, named: false, word: 'type' },
  { kind: 'restrict', title: 'RESTRICT', extra: 0, each: 0, named: false, word: 'type' },
  { kind: 'func', title: 'FUNC', extra: 0, each: 0, named: true, word: 'type', linkage: true },
  { kind: 'func_proto', title: 'FUNC_PROTO', extra: 0, each: 8, named: false, word: 'type', itemNames: true, itemType: 4 },
  { kind: 'var', title: 'VAR', extra: 4, each: 0, named: true, word: 'type' },
  { kind: 'datasec', title: 'DATASEC', extra: 0, each: 12, named: true, word: 'size', itemType: 0 },
  { kind: 'float', title: 'FLOAT', extra: 0, each: 0, named: true, word: 'size' },
  { kind: 'decl_tag', title: 'DECL_TAG', extra: 4, each: 0, named: true, word: 'type', flag: true },
  { kind: 'type_tag', title: 'TYPE_TAG', extra: 0, each: 0, named: true, word: 'type', flag: true },
  { kind: 'enum64', title: 'ENUM64', extra: 0, each: 12, named: true, word: 'size', itemNames: true, flag: true },
]

/** Number of a kind. */
export const KIND_NUMBER: ReadonlyMap<BtfKind, number> = new Map(KINDS.map(({ kind }, number) => [kind, number]))
