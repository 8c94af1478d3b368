// The types of BTF as data (Documentation: BTF type format of the kernel). Ids are indexes into Btf.types; id 0 is void.
import type { BtfStrings } from './strings.ts'

/** Encoding bits of an int. */
export const BTF_INT_SIGNED = 1
export const BTF_INT_CHAR = 2
export const BTF_INT_BOOL = 4

export interface BtfMember {
  readonly name: string
  readonly type: number
  /** From the start of the struct, in bits. */
  readonly offBits: number
  /** Width of a bitfield, 0 for a plain member. */
  readonly bits: number
}

export interface BtfParam {
  readonly name: string
  readonly type: number
}

export interface BtfEnumerator {
  readonly name: string
  /** Sign or zero extended as the enum says. */
  readonly value: bigint
}

export interface BtfSecinfo {
  readonly type: number
  /** Bytes from the start of the section. */
  readonly off: number
  readonly size: number
}

/** One type. Sizes in bytes. */
export type BtfType =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'int'
      readonly name: string
      readonly size: number
      readonly encoding: number
      readonly offBits: number
      readonly bits: number
    }
  | { readonly kind: 'ptr'; readonly type: number }
  | { readonly kind: 'array'; readonly type: number; readonly indexType: number; readonly count: number }
  | {
      readonly kind: 'struct' | 'union'
      readonly name: string
      readonly size: number
      readonly members: readonly BtfMember[]
      /** kind_flag: members carry bitfield widths. Kept, so that encoding gives the same bytes. */
      readonly bitfields: boolean
    }
  | {
      readonly kind: 'enum' | 'enum64'
      readonly name: string
      readonly size: number
      readonly signed: boolean
      readonly values: readonly BtfEnumerator[]
    }
  /** `union` when kind_flag is set. */
  | { readonly kind: 'fwd'; readonly name: string; readonly union: boolean }
  | { readonly kind: 'typedef'; readonly name: string; readonly type: number }
  | { readonly kind: 'const' | 'volatile' | 'restrict'; readonly type: number }
  /** `linkage`: 0 static, 1 global, 2 extern. `type` is a func_proto. */
  | { readonly kind: 'func'; readonly name: string; readonly type: number; readonly linkage: number }
  | { readonly kind: 'func_proto'; readonly type: number; readonly params: readonly BtfParam[] }
  /** `linkage`: 0 static, 1 global allocated, 2 global extern. */
  | { readonly kind: 'var'; readonly name: string; readonly type: number; readonly linkage: number }
  | { readonly kind: 'datasec'; readonly name: string; readonly size: number; readonly vars: readonly BtfSecinfo[] }
  | { readonly kind: 'float'; readonly name: string; readonly size: number }
  /** `component`: member or parameter index, -1 for the type itself. `attr`: kind_flag of newer BTF. */
  | {
      readonly kind: 'decl_tag'
      readonly name: string
      readonly type: number
      readonly component: number
      readonly attr: boolean
    }
  | { readonly kind: 'type_tag'; readonly name: string; readonly type: number; readonly attr: boolean }

export type BtfKind = BtfType['kind']

/** A whole BTF: what parseBtf() gives and encodeBtf() takes. */
export interface Btf {
  /** By id; [0] is void. */
  readonly types: readonly BtfType[]
  /** What was parsed; `.BTF.ext` refers to its strings, and encodeBtf() gives the same bytes again. */
  readonly source?: BtfSource
}

export interface BtfSource {
  /** The string section. */
  readonly strings: BtfStrings
  /** Offsets of the names in the order of the encoding: of each type from 1 on, followed by those of its members. */
  readonly names: Uint32Array
}
