// Makes a BTF from C declarations: names are resolved, structs laid out as the C ABI of x86-64 does, equal pointers, arrays and
// qualifiers made once.
import { type CDeclaration, type CField, type CParam, type CType, parseDeclarations, parseType } from './c-parse.ts'
import { alignOf, sizeOf } from './query.ts'
import type { Btf, BtfMember, BtfParam, BtfType } from './types.ts'
import { BTF_INT_BOOL, BTF_INT_SIGNED } from './types.ts'

/** Base types of C by the name that BTF gives them: bytes, and the encoding. */
const BASE: Readonly<Record<string, readonly [size: number, encoding: number]>> = {
  char: [1, BTF_INT_SIGNED],
  'signed char': [1, BTF_INT_SIGNED],
  'unsigned char': [1, 0],
  'short int': [2, BTF_INT_SIGNED],
  'short unsigned int': [2, 0],
  int: [4, BTF_INT_SIGNED],
  'unsigned int': [4, 0],
  'long int': [8, BTF_INT_SIGNED],
  'long unsigned int': [8, 0],
  'long long int': [8, BTF_INT_SIGNED],
  'long long unsigned int': [8, 0],
  __int128: [16, BTF_INT_SIGNED],
  '__int128 unsigned': [16, 0],
  _Bool: [1, BTF_INT_BOOL],
}

/** A field of a struct that is declared by the names and types of its fields. */
export interface FieldSpec {
  readonly name: string
  /** C text, as parseType() takes it. */
  readonly type: string
  /** Width of a bitfield; without a name its padding. */
  readonly bits?: number
}

/** Collects declarations, then makes the BTF. Names may be used before they are declared, as long as they are at build(). */
export class BtfBuilder {
  readonly #types: BtfType[] = [{ kind: 'void' }]
  /** What is declared, by `struct NAME`, `typedef NAME` and so on, in order. */
  readonly #declared = new Map<string, CType>()
  /** Ids by declared name or by what a derived type is made of. */
  readonly #ids = new Map<string, number>()
  /** Structs that have an id already, and no members yet. */
  readonly #open = new Map<number, Extract<CType, { kind: 'body' }>>()
  readonly #anonymous: CType[] = []
  readonly #forwards: CType[] = []
  readonly #funcs: { readonly name: string; readonly type: CType; readonly tag: string | undefined }[] = []

  /** Adds C declarations. @throws SyntaxError also for a name that is declared twice */
  declare(text: string): this {
    for (const declaration of parseDeclarations(text)) this.#add(declaration, undefined)
    return this
  }

  /** Adds `struct NAME` with these fields; with `typedef` an anonymous struct that NAME stands for. */
  struct(name: string, fields: readonly FieldSpec[], form: 'struct' | 'typedef' = 'struct'): this {
    const type: CType = {
      kind: 'body',
      tag: 'struct',
      name: form === 'struct' ? name : '',
      fields: fields.map(({ type, ...field }) => ({ ...field, type: parseType(type) })),
    }
    return this.type(form === 'struct' ? { kind: 'type', type } : { kind: 'typedef', name, type })
  }

  /** Adds one declaration. */
  type(declaration: CDeclaration): this {
    this.#add(declaration, undefined)
    return this
  }

  /** Adds a function by its C prototype; `tag` is a decl_tag on it, such as `bpf_kfunc`. */
  func(prototype: string, tag?: string): this {
    for (const declaration of parseDeclarations(prototype.endsWith(';') ? prototype : `${prototype};`))
      this.#add(declaration, tag)
    return this
  }

  #add(declaration: CDeclaration, tag: string | undefined): void {
    const { type } = declaration
    if (declaration.kind === 'func') this.#funcs.push({ name: declaration.name, type, tag })
    else if (declaration.kind === 'typedef') this.#define(`typedef ${declaration.name}`, type)
    else if (type.kind === 'body' || type.kind === 'enum') {
      if (type.name === '') this.#anonymous.push(type)
      else this.#define(`${type.kind === 'enum' ? 'enum' : type.tag} ${type.name}`, type)
    } else if (type.kind === 'tag' && type.tag !== 'enum') this.#forwards.push(type)
    else throw new SyntaxError('want a declaration that declares something')
  }

  #define(key: string, type: CType): void {
    if (this.#declared.has(key)) throw new SyntaxError(`${key} is declared twice`)
    this.#declared.set(key, type)
  }

  /** Makes the BTF: what was declared, in order, each type before the first that needs its size. */
  build(): Btf {
    for (const key of this.#declared.keys()) {
      this.#named(key)
      this.#close()
    }
    for (const type of [...this.#forwards, ...this.#anonymous]) this.#make(type)
    for (const { name, type, tag } of this.#funcs) {
      const id = this.#push({ kind: 'func', name, type: this.#make(type), linkage: 0 })
      if (tag !== undefined) this.#push({ kind: 'decl_tag', name: tag, type: id, component: -1, attr: false })
      this.#close()
    }
    this.#close()
    return { types: this.#types }
  }

  get #btf(): Btf {
    return { types: this.#types }
  }

  #push(type: BtfType): number {
    return this.#types.push(type) - 1
  }

  #once(key: string, make: () => BtfType): number {
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#push(make())
      this.#ids.set(key, id)
    }
    return id
  }

  /** Gives members to all structs that were only pointed to so far. */
  #close(): void {
    for (const id of this.#open.keys()) this.#fill(id)
  }

  /** The id of a type of which only the name is needed. */
  #make(type: CType): number {
    switch (type.kind) {
      case 'name':
        return type.name === 'void'
          ? 0
          : Object.hasOwn(BASE, type.name)
            ? this.#base(type.name)
            : this.#named(`typedef ${type.name}`)
      case 'tag':
        return this.#named(`${type.tag} ${type.name}`)
      case 'ptr':
      case 'const':
      case 'volatile': {
        const to = this.#make(type.to)
        return this.#once(`${type.kind} ${to}`, () => ({ kind: type.kind, type: to }))
      }
      case 'array': {
        const of = this.#make(type.of)
        const indexType = this.#base('unsigned int')
        return this.#once(`array ${of} ${type.count}`, () => ({ kind: 'array', type: of, indexType, count: type.count }))
      }
      case 'proto': {
        const result = this.#make(type.result)
        const params = type.params.map(param => this.#param(param))
        const key = `proto ${result} ${params.map(({ name, type }) => `${name} ${type}`).join()}`
        return this.#once(key, () => ({ kind: 'func_proto', type: result, params }))
      }
      case 'body': {
        const id = this.#push({ kind: type.tag, name: type.name, size: 0, members: [], bitfields: false })
        this.#open.set(id, type)
        if (type.name === '') this.#fill(id)
        return id
      }
      case 'enum': {
        const wide = type.values.some(([, value]) => value > 0xffff_ffffn || value < -0x8000_0000n)
        const signed = type.values.some(([, value]) => value < 0n)
        const values = type.values.map(([name, value]) => ({ name, value }))
        return this.#push({ kind: wide ? 'enum64' : 'enum', name: type.name, size: wide ? 8 : 4, signed, values })
      }
    }
  }

  #param({ name, type }: CParam): BtfParam {
    return { name, type: this.#make(type) }
  }

  #base(name: string): number {
    const [size, encoding] = BASE[name]!
    return this.#once(`base ${name}`, () => ({ kind: 'int', name, size, encoding, offBits: 0, bits: size * 8 }))
  }

  #named(key: string): number {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const type = this.#declared.get(key)
    const [word, name] = key.split(' ') as [string, string]
    let id: number
    if (word === 'typedef') {
      if (type === undefined) throw new SyntaxError(`${name} is not declared`)
      id = this.#push({ kind: 'typedef', name, type: this.#make(type) })
    } else if (type !== undefined) id = this.#make(type)
    else if (word === 'enum') throw new SyntaxError(`${key} is not declared`)
    else id = this.#push({ kind: 'fwd', name, union: word === 'union' })
    this.#ids.set(key, id)
    return id
  }

  #fill(id: number): void {
    const body = this.#open.get(id)
    if (body === undefined) return
    this.#open.delete(id)
    const { members, size, bitfields } = this.#layOut(body.fields, body.tag === 'union')
    this.#types[id] = { kind: body.tag, name: body.name, size, members, bitfields }
  }

  /** A type whose size is needed now. */
  #makeWhole(type: CType): number {
    const id = this.#make(type)
    this.#whole(id)
    return id
  }

  #whole(id: number): void {
    const type = this.#types[id]!
    if (this.#open.has(id)) this.#fill(id)
    else if (type.kind === 'array' || type.kind === 'typedef' || type.kind === 'const' || type.kind === 'volatile')
      this.#whole(type.type)
  }

  #layOut(fields: readonly CField[], union: boolean): { members: BtfMember[]; size: number; bitfields: boolean } {
    const members: BtfMember[] = []
    let end = 0
    let most = 1
    let size = 0
    for (const { name, type: ctype, bits, align: least = 1 } of fields) {
      const type = this.#makeWhole(ctype)
      const unit = 8 * sizeOf(this.#btf, type)
      const align = Math.max(least, alignOf(this.#btf, type))
      if (union) end = 0
      // A bitfield may not lie across the borders of its type; one of no width ends at one.
      const fits = bits !== undefined && bits > 0 && Math.floor(end / unit) === Math.floor((end + bits - 1) / unit)
      if (!fits) end = Math.ceil(end / (8 * align)) * 8 * align
      const isPadding = bits !== undefined && name === ''
      if (!isPadding) {
        members.push({ name, type, offBits: end, bits: bits ?? 0 })
        most = Math.max(most, align)
      }
      end += bits ?? unit
      size = Math.max(size, end)
    }
    return {
      members,
      size: Math.ceil(size / (8 * most)) * most,
      bitfields: members.some(({ bits }) => bits > 0),
    }
  }
}
