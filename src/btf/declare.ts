// C text of types: declarations such as `const struct file *(*open)(int)`, and the bodies of anonymous structs inside of them.
import { fail } from './error.ts'
import { layoutOf, paddings } from './padding.ts'
import { nameOf, sizeOrNull, typeOf } from './query.ts'
import type { Btf, BtfEnumerator, BtfType } from './types.ts'

/** How names are written: a BTF may have several types of one name, a C file may not. */
export interface Names {
  /** Of struct, union, enum. */
  tag(id: number): string
  /** Of a typedef. */
  typedef(id: number): string
  /** Of an enumerator: called once for each that is written. */
  enumerator(name: string): string
}

/** Names as they are in the BTF. */
export const plainNames = (btf: Btf): Names => ({
  tag: id => nameOf(typeOf(btf, id)),
  typedef: id => nameOf(typeOf(btf, id)),
  enumerator: name => name,
})

const indent = (level: number): string => '\t'.repeat(level)
const isQualifier = (type: BtfType): boolean => type.kind === 'const' || type.kind === 'volatile' || type.kind === 'restrict'

/** Characters of one BTF as C text: types that hold others twice at each level would be written without end. */
const MAX_TEXT = 64 * 1024 * 1024

/** Writes declarations of one BTF. What it gives is put together by the caller. */
export class Declarer {
  readonly #btf: Btf
  readonly #names: Names
  /** Write anonymous structs, unions and enums with their bodies. */
  readonly #bodies: boolean
  #written = 0
  constructor(btf: Btf, names: Names, bodies = true) {
    this.#btf = btf
    this.#names = names
    this.#bodies = bodies
  }

  /** `name` declared as of type `id`; the type alone with ''. `level` is the depth of indentation. */
  declaration(id: number, name: string, level = 0): string {
    const chain: number[] = []
    for (let at = id; ; ) {
      chain.push(at)
      const type = typeOf(this.#btf, at)
      if (isLink(type)) at = type.type
      else break
    }
    return this.#limit(this.#chain(chain, name, level))
  }

  #limit(text: string): string {
    this.#written += text.length
    return this.#written > MAX_TEXT ? fail('text', { limit: MAX_TEXT }) : text
  }

  /** Takes ids from the end of the chain: the innermost type first. */
  #chain(chain: number[], name: string, level: number): string {
    let text = ''
    // A pointer is set off from a type by a space, and from another pointer by none.
    let afterPointer = true
    const withName = (): string => `${text}${name !== '' && !afterPointer ? ' ' : ''}${name}`
    while (chain.length > 0) {
      const id = chain.pop()!
      const type = typeOf(this.#btf, id)
      switch (type.kind) {
        case 'ptr':
          text += afterPointer ? '*' : ' *'
          break
        case 'const':
        case 'volatile':
        case 'restrict':
          text += ` ${type.kind}`
          break
        case 'type_tag':
          text += `${this.#qualifiers(chain)} __attribute__((btf_type_tag("${type.name}")))`
          break
        case 'array': {
          this.#dropQualifiers(chain)
          if (chain.length === 0) return `${withName()}[${type.count}]`
          const nested = typeOf(this.#btf, chain[chain.length - 1]!).kind === 'array'
          if (name !== '' && !afterPointer) text += ' '
          const rest = this.#chain(chain, name, level)
          return `${text}${nested ? rest : `(${rest})`}[${type.count}]`
        }
        case 'func_proto': {
          this.#dropQualifiers(chain)
          text = chain.length > 0 ? `${text} (${this.#chain(chain, name, level)})` : withName()
          return `${text}(${this.#params(type, level)})`
        }
        default:
          text += this.#qualifiers(chain) + this.#base(id, type, level)
      }
      afterPointer = type.kind === 'ptr'
    }
    return withName()
  }

  /** Qualifiers of the type itself stand before it. */
  #qualifiers(chain: number[]): string {
    let text = ''
    while (chain.length > 0) {
      const type = typeOf(this.#btf, chain[chain.length - 1]!)
      if (!isQualifier(type)) break
      text += `${type.kind} `
      chain.pop()
    }
    return text
  }

  /** Compilers put qualifiers of elements and of functions that do not return on the array and the function too. */
  #dropQualifiers(chain: number[]): void {
    while (chain.length > 0) {
      const type = typeOf(this.#btf, chain[chain.length - 1]!)
      if (!isQualifier(type) && type.kind !== 'type_tag') break
      chain.pop()
    }
  }

  #params({ params }: Extract<BtfType, { kind: 'func_proto' }>, level: number): string {
    if (params.length === 0 || (params.length === 1 && params[0]!.type === 0)) return 'void'
    return params
      .map(({ name, type }, i) => (type === 0 && i === params.length - 1 ? '...' : this.declaration(type, name, level)))
      .join(', ')
  }

  #base(id: number, type: BtfType, level: number): string {
    switch (type.kind) {
      case 'void':
        return 'void'
      case 'int':
      case 'float':
        return type.name
      case 'typedef':
        return this.#names.typedef(id)
      case 'struct':
      case 'union':
        return type.name === '' && this.#bodies ? this.composite(id, level) : this.tag(id)
      case 'enum':
      case 'enum64':
        return type.name === '' && this.#bodies ? this.enumeration(id, level) : this.tag(id)
      case 'fwd':
        return this.tag(id)
      default:
        return ''
    }
  }

  /** `NAME` declared as what the typedef stands for, without the word typedef. */
  typedef(id: number): string {
    const type = typeOf(this.#btf, id)
    return type.kind === 'typedef' ? this.declaration(type.type, this.#names.typedef(id)) : ''
  }

  /** `struct NAME`, `union NAME` or `enum NAME`. */
  tag(id: number): string {
    const type = typeOf(this.#btf, id)
    const word = type.kind === 'fwd' ? (type.union ? 'union' : 'struct') : type.kind === 'enum64' ? 'enum' : type.kind
    const name = this.#names.tag(id)
    return type.kind === 'fwd' || name !== '' ? `${word} ${name}` : word
  }

  /** A struct or union with its body, in which clang puts every member where it is here. */
  composite(id: number, level = 0): string {
    const type = typeOf(this.#btf, id)
    if (type.kind !== 'struct' && type.kind !== 'union') return ''
    let text = `${this.tag(id)} {`
    const { align, packed } = layoutOf(this.#btf, id, type)
    const pad = (from: number, to: number, toAlign: number, inBitfield: boolean): string =>
      this.#limit(
        paddings(from, to, toAlign, inBitfield)
          .map(line => `\n${indent(level + 1)}${line};`)
          .join(''),
      )
    let end = 0
    let afterBitfield = false
    for (const { name, type: member, offBits, bits } of type.members) {
      text += pad(end, offBits, packed ? 1 : layoutOf(this.#btf, member).align, afterBitfield && bits > 0)
      text += `\n${indent(level + 1)}${this.declaration(member, name, level + 1)}${bits > 0 ? `: ${bits}` : ''};`
      end = offBits + (bits > 0 ? bits : 8 * (sizeOrNull(this.#btf, member) ?? 0))
      afterBitfield = bits > 0
    }
    if (type.kind === 'struct') text += pad(end, 8 * type.size, align, false)
    text += type.members.length > 0 || type.size > 0 ? `\n${indent(level)}}` : '}'
    return this.#limit(packed ? `${text} __attribute__((packed))` : text)
  }

  /** An enum with its values. */
  enumeration(id: number, level = 0): string {
    const type = typeOf(this.#btf, id)
    if (type.kind !== 'enum' && type.kind !== 'enum64') return ''
    const head = this.tag(id)
    if (type.values.length === 0) return head
    const suffix = type.kind === 'enum' ? '' : type.signed ? 'LL' : 'ULL'
    const line = ({ name, value }: BtfEnumerator): string =>
      `\n${indent(level + 1)}${this.#names.enumerator(name)} = ${value}${suffix},`
    return this.#limit(`${head} {${type.values.map(line).join('')}\n${indent(level)}}${modeOf(type)}`)
  }
}

/** Enums that are not as wide as clang makes them for their values. With `mode` they are signed, with `packed` as narrow as can be. */
function modeOf({ size, values }: { readonly size: number; readonly values: readonly BtfEnumerator[] }): string {
  if (size === 8) return values.every(({ value }) => value >> 32n === 0n) ? ' __attribute__((mode(word)))' : ''
  if (size >= 4) return ''
  const fits = values.every(({ value }) => BigInt.asIntN(8 * size, value) === value)
  return ` __attribute__((${fits ? (size === 1 ? 'mode(byte)' : 'mode(HI)') : 'packed'}))`
}

const isLink = (type: BtfType): type is Extract<BtfType, { type: number }> =>
  type.kind === 'ptr' || type.kind === 'array' || type.kind === 'func_proto' || type.kind === 'type_tag' || isQualifier(type)

/** A type as C text: `const char *`, `struct foo[3]`, `struct {...}` without its body. */
export const typeText = (btf: Btf, id: number): string => new Declarer(btf, plainNames(btf), false).declaration(id, '')
