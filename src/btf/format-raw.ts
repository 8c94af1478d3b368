// The text of `bpftool btf dump`: one type a line, its items on lines of their own.
import { KIND_NUMBER, KINDS } from './kinds.ts'
import { nameOf, typeOf } from './query.ts'
import { BTF_INT_BOOL, BTF_INT_CHAR, BTF_INT_SIGNED, type Btf, type BtfEnumerator, type BtfType } from './types.ts'

const shown = (name: string): string => name || '(anon)'
const title = (type: BtfType): string => KINDS[KIND_NUMBER.get(type.kind)!]!.title

/** Linkage of functions and variables by number. */
const FUNC_LINKAGE = ['static', 'global', 'extern']
const VAR_LINKAGE = ['static', 'global', 'extern']
const ENCODING: Readonly<Record<number, string>> = {
  0: '(none)',
  [BTF_INT_SIGNED]: 'SIGNED',
  [BTF_INT_CHAR]: 'CHAR',
  [BTF_INT_BOOL]: 'BOOL',
}

/** All types, in the text of bpftool 7.1. */
export function formatRaw(btf: Btf): string {
  return btf.types
    .slice(1)
    .map((type, i) => `[${i + 1}] ${title(type)} '${shown(nameOf(type))}'${formatType(btf, type)}\n`)
    .join('')
}

function formatType(btf: Btf, type: BtfType): string {
  switch (type.kind) {
    case 'void':
      return ''
    case 'int':
      return ` size=${type.size} bits_offset=${type.offBits} nr_bits=${type.bits} encoding=${ENCODING[type.encoding] ?? 'UNKN'}`
    case 'ptr':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'typedef':
    case 'type_tag':
      return ` type_id=${type.type}`
    case 'array':
      return ` type_id=${type.type} index_type_id=${type.indexType} nr_elems=${type.count}`
    case 'struct':
    case 'union':
      return ` size=${type.size} vlen=${type.members.length}${type.members
        .map(
          ({ name, type: member, offBits, bits }) =>
            `\n\t'${shown(name)}' type_id=${member} bits_offset=${offBits}${bits > 0 ? ` bitfield_size=${bits}` : ''}`,
        )
        .join('')}`
    case 'enum':
    case 'enum64': {
      const suffix = type.kind === 'enum' ? '' : type.signed ? 'LL' : 'ULL'
      const value = ({ name, value }: BtfEnumerator): string => `\n\t'${shown(name)}' val=${value}${suffix}`
      const encoding = type.signed ? 'SIGNED' : 'UNSIGNED'
      return ` encoding=${encoding} size=${type.size} vlen=${type.values.length}${type.values.map(value).join('')}`
    }
    case 'fwd':
      return ` fwd_kind=${type.union ? 'union' : 'struct'}`
    case 'func':
      return ` type_id=${type.type} linkage=${FUNC_LINKAGE[type.linkage] ?? '(unknown)'}`
    case 'func_proto':
      return ` ret_type_id=${type.type} vlen=${type.params.length}${type.params
        .map(({ name, type: param }) => `\n\t'${shown(name)}' type_id=${param}`)
        .join('')}`
    case 'var':
      return ` type_id=${type.type}, linkage=${VAR_LINKAGE[type.linkage] ?? '(unknown)'}`
    case 'datasec':
      return ` size=${type.size} vlen=${type.vars.length}${type.vars
        .map(({ type: id, off, size }) => {
          const of = typeOf(btf, id)
          return `\n\ttype_id=${id} offset=${off} size=${size} (${title(of)} '${shown(nameOf(of))}')`
        })
        .join('')}`
    case 'float':
      return ` size=${type.size}`
    case 'decl_tag':
      return ` type_id=${type.type} component_idx=${type.component}`
  }
}
