// C declarations to data: enough of C to write down kernel types as C has them. A declaration that is wrong is a mistake in our own tables,
// or in an argument of the builder's caller, and throws a plain SyntaxError.

/** A type as C text says it; names are not resolved. */
export type CType =
  /** Base types by their words in the order of BTF (`long unsigned int`), and typedefs. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'tag'; readonly tag: CTag; readonly name: string }
  | { readonly kind: 'ptr' | 'const' | 'volatile'; readonly to: CType }
  | { readonly kind: 'array'; readonly of: CType; readonly count: number }
  | { readonly kind: 'proto'; readonly result: CType; readonly params: readonly CParam[] }
  /** A body: anonymous when the name is ''. */
  | { readonly kind: 'body'; readonly tag: 'struct' | 'union'; readonly name: string; readonly fields: readonly CField[] }
  | { readonly kind: 'enum'; readonly name: string; readonly values: readonly (readonly [name: string, value: bigint])[] }

export type CTag = 'struct' | 'union' | 'enum'

export interface CField {
  /** '' for an anonymous struct or union, and for the padding of bitfields. */
  readonly name: string
  readonly type: CType
  /** Width of a bitfield. */
  readonly bits?: number
  /** Least alignment in bytes: `__aligned(8)` behind the field. */
  readonly align?: number
}

export interface CParam {
  readonly name: string
  readonly type: CType
}

/** `typedef`s, bodies and function prototypes, in their order. */
export type CDeclaration =
  | { readonly kind: 'typedef'; readonly name: string; readonly type: CType }
  | { readonly kind: 'type'; readonly type: CType }
  | { readonly kind: 'func'; readonly name: string; readonly type: CType }

/** Parses declarations. Comments are those of C. @throws SyntaxError */
export function parseDeclarations(text: string): CDeclaration[] {
  const parser = new Parser(text)
  const all: CDeclaration[] = []
  while (!parser.atEnd()) all.push(parser.declaration())
  return all
}

/** Parses a type without a name: `const struct file_operations *`, `char[16]`. @throws SyntaxError */
export function parseType(text: string): CType {
  const parser = new Parser(text)
  const { name, type } = parser.declarator(parser.specifiers())
  if (name !== '' || !parser.atEnd()) throw new SyntaxError(`want a C type, got "${text}"`)
  return type
}

/** Words of base types, sorted, with the name that BTF gives them. */
const BASE = new Map(
  [
    ...['void', 'char', 'signed char', 'unsigned char', 'short int', 'short unsigned int', 'int', 'unsigned int', 'long int'],
    ...['long unsigned int', 'long long int', 'long long unsigned int', '__int128', '__int128 unsigned', '_Bool', 'float'],
    ...['double', 'long double'],
  ].map(name => [sorted(name.split(' ')), name]),
)
const SHORT_FORMS = { short: 'int', long: 'int', unsigned: 'int', signed: 'int' } as const
const WORDS = new Set(['void', 'char', 'short', 'int', 'long', 'unsigned', 'signed', '__int128', '_Bool', 'float', 'double'])

function sorted(words: readonly string[]): string {
  return [...words].sort().join(' ')
}

/** `unsigned long` as `long unsigned int`. */
function baseName(words: readonly string[]): string {
  const spelled = (list: readonly string[]): string | undefined => BASE.get(sorted(list))
  const plain = words.filter(word => word !== 'signed')
  const last = words.at(-1)! as keyof typeof SHORT_FORMS
  const name = spelled(words) ?? spelled([...words, SHORT_FORMS[last] ?? 'int']) ?? spelled(plain) ?? spelled([...plain, 'int'])
  if (name === undefined) throw new SyntaxError(`want a base type of C, got "${words.join(' ')}"`)
  return name
}

class Parser {
  readonly #tokens: readonly string[]
  #at = 0
  constructor(text: string) {
    this.#tokens = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ' ').match(/\w+|[^\s\w]/g) ?? []
  }

  atEnd(): boolean {
    return this.#at >= this.#tokens.length
  }
  #peek(): string {
    return this.#tokens[this.#at] ?? ''
  }
  #next(): string {
    this.#at++
    return this.#tokens[this.#at - 1] ?? ''
  }
  #take(token: string): boolean {
    if (this.#peek() !== token) return false
    this.#at++
    return true
  }
  #want(token: string): void {
    if (!this.#take(token))
      throw new SyntaxError(
        `want "${token}", got "${this.#peek()}" after "${this.#tokens.slice(Math.max(0, this.#at - 8), this.#at).join(' ')}"`,
      )
  }
  #name(): string {
    return /^[A-Za-z_]/.test(this.#peek()) ? this.#next() : ''
  }

  declaration(): CDeclaration {
    const isTypedef = this.#take('typedef')
    this.#take('extern')
    const base = this.specifiers()
    if (!isTypedef && this.#take(';')) return { kind: 'type', type: base }
    const { name, type } = this.declarator(base)
    this.#want(';')
    if (isTypedef) return { kind: 'typedef', name, type }
    if (type.kind !== 'proto') throw new SyntaxError(`${name}: want a typedef, a struct, union or enum, or a function`)
    return { kind: 'func', name, type }
  }

  /** What stands before the declarators. */
  specifiers(): CType {
    const words: string[] = []
    let type: CType | null = null
    let isConst = false
    let isVolatile = false
    for (;;) {
      const token = this.#peek()
      if (token === 'const' || token === 'volatile') {
        isConst ||= token === 'const'
        isVolatile ||= token === 'volatile'
        this.#at++
      } else if (WORDS.has(token)) words.push(this.#next())
      else if (type === null && words.length === 0 && /^[A-Za-z_]/.test(token)) type = this.#named()
      else break
    }
    if (words.length > 0) type = { kind: 'name', name: baseName(words) }
    if (type === null) throw new SyntaxError(`want a type, got "${this.#peek()}"`)
    if (isVolatile) type = { kind: 'volatile', to: type }
    return isConst ? { kind: 'const', to: type } : type
  }

  #named(): CType {
    const token = this.#next()
    if (token !== 'struct' && token !== 'union' && token !== 'enum') return { kind: 'name', name: token }
    const name = this.#name()
    if (!this.#take('{')) return { kind: 'tag', tag: token, name }
    return token === 'enum' ? this.#enumerators(name) : this.#fields(token, name)
  }

  #enumerators(name: string): CType {
    const values: (readonly [string, bigint])[] = []
    let next = 0n
    while (!this.#take('}')) {
      const key = this.#name()
      if (this.#take('=')) next = this.#number()
      values.push([key, next++])
      if (!this.#take(',')) {
        this.#want('}')
        break
      }
    }
    return { kind: 'enum', name, values }
  }

  #number(): bigint {
    const negative = this.#take('-')
    const value = BigInt(this.#next().replace(/[uUlL]+$/, ''))
    return negative ? -value : value
  }

  #fields(tag: 'struct' | 'union', name: string): CType {
    const fields: CField[] = []
    while (!this.#take('}')) {
      const base = this.specifiers()
      do {
        let field: CField = this.declarator(base)
        if (this.#take(':')) field = { ...field, bits: Number(this.#number()) }
        if (this.#take('__aligned')) field = { ...field, align: this.#aligned() }
        fields.push(field)
      } while (this.#take(','))
      this.#want(';')
    }
    return { kind: 'body', tag, name, fields }
  }

  #aligned(): number {
    this.#want('(')
    const bytes = Number(this.#number())
    this.#want(')')
    return bytes
  }

  /** A name with the pointers, arrays and parameters around it, applied to `base`. */
  declarator(base: CType): CParam {
    let type = base
    while (this.#take('*')) {
      type = { kind: 'ptr', to: type }
      while (this.#peek() === 'const' || this.#peek() === 'volatile')
        type = { kind: this.#next() as 'const' | 'volatile', to: type }
    }
    if (this.#peek() === '(' && this.#tokens[this.#at + 1] === '*') {
      this.#want('(')
      const start = this.#at
      // What is inside binds last: it is read again when what follows is known.
      for (let open = 1; open > 0; ) {
        const token = this.#next()
        if (token === '(') open++
        else if (token === ')') open--
        else if (token === '') this.#want(')')
      }
      const outer = this.#suffix(type)
      const end = this.#at
      this.#at = start
      const inner = this.declarator(outer)
      this.#at = end
      return inner
    }
    const name = this.#name()
    return { name, type: this.#suffix(type) }
  }

  #suffix(type: CType): CType {
    if (this.#take('(')) return { kind: 'proto', result: type, params: this.#params() }
    if (!this.#take('[')) return type
    const count = this.#peek() === ']' ? 0 : Number(this.#number())
    this.#want(']')
    return { kind: 'array', of: this.#suffix(type), count }
  }

  #params(): CParam[] {
    const params: CParam[] = []
    if (this.#take(')')) return params
    do {
      if (this.#take('.')) {
        this.#want('.')
        this.#want('.')
        params.push({ name: '', type: { kind: 'name', name: 'void' } })
      } else params.push(this.declarator(this.specifiers()))
    } while (this.#take(','))
    this.#want(')')
    const [only] = params
    const isVoid = params.length === 1 && only?.name === '' && only.type.kind === 'name' && only.type.name === 'void'
    return isVoid ? [] : params
  }
}
