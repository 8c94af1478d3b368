// A whole BTF as one C header, as `bpftool btf dump format c` writes it: each type behind those that it needs, forward declarations where
// types point to each other, and no name twice.
import { Declarer, type Names } from './declare.ts'
import { fail } from './error.ts'
import { nameOf, typeOf } from './query.ts'
import type { Btf, BtfType } from './types.ts'

const HEAD = `#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

`
const TAIL = `#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif /* __VMLINUX_H__ */
`

/** Base types that compilers know by themselves and other targets do not (ARM NEON). */
const ALIASES: Readonly<Record<string, string>> = {
  __Poly8_t: 'unsigned char',
  __Poly16_t: 'unsigned short',
  __Poly64_t: 'unsigned long long',
  __Poly128_t: 'unsigned __int128',
}

/**
 * The C header, in the text of bpftool 7.1, which clang takes as vmlinux.h.
 * @throws BpfError for types that C cannot express (an anonymous struct that points to itself), or that are nested too deep
 */
export function formatC(btf: Btf): string {
  const dump = new Dump(btf)
  for (let id = 1; id < btf.types.length; id++) dump.add(id)
  return `${HEAD}${dump.text.join('')}${TAIL}`
}

/** How deep one type may lead to others. Each level is some frames of the machine's stack. */
const MAX_LEVELS = 1000
/** Most steps from type to type; vmlinux needs 200,000. */
const MAX_STEPS = 10_000_000

const NOT_YET = 0
const NOW = 1
const DONE = 2

class Dump {
  readonly text: string[] = []
  readonly #btf: Btf
  readonly #declarer: Declarer
  /** Types that another one refers to. */
  readonly #referenced: Uint8Array
  /** NOT_YET, NOW while what it needs is put in order, DONE. */
  readonly #ordered: Uint8Array
  readonly #emitted: Uint8Array
  /** A forward declaration, or for a typedef the typedef itself, is written. */
  readonly #forward: Uint8Array
  /** Anonymous structs: the definition, plus 1, in which they were met last. */
  readonly #walked: Uint32Array
  #queue: number[] = []
  #level = 0
  #steps = 0

  constructor(btf: Btf) {
    this.#btf = btf
    this.#declarer = new Declarer(btf, uniqueNames(btf))
    this.#referenced = markReferenced(btf)
    this.#ordered = new Uint8Array(btf.types.length)
    this.#emitted = new Uint8Array(btf.types.length)
    this.#forward = new Uint8Array(btf.types.length)
    this.#walked = new Uint32Array(btf.types.length)
    this.#ordered[0] = DONE
    this.#emitted[0] = DONE
  }

  /** Writes a type that nothing written so far needed, with what it needs. */
  add(id: number): void {
    this.#queue = []
    this.#order(id, false)
    for (const queued of this.#queue) this.#emit(queued, 0)
  }

  #deeper<T>(id: number, step: () => T): T {
    if (++this.#level > MAX_LEVELS || ++this.#steps > MAX_STEPS)
      fail('depth', { id, kind: typeOf(this.#btf, id).kind, limit: MAX_LEVELS })
    const result = step()
    this.#level--
    return result
  }

  /**
   * Queues a type behind those whose definition it needs. True when its own definition is needed where it is used: a struct behind a
   * pointer need only be declared.
   */
  #order(id: number, throughPointer: boolean): boolean {
    if (this.#ordered[id] === DONE) return true
    return this.#deeper(id, () => this.#orderNew(id, throughPointer))
  }

  #orderNew(id: number, throughPointer: boolean): boolean {
    const type = typeOf(this.#btf, id)
    if (this.#ordered[id] === NOW) {
      if ((type.kind === 'struct' || type.kind === 'union') && throughPointer && type.name !== '') return false
      return fail('cycle', { id, kind: type.kind })
    }
    switch (type.kind) {
      case 'ptr': {
        const strong = this.#order(type.type, true)
        this.#ordered[id] = DONE
        return strong
      }
      case 'array':
        return this.#order(type.type, false)
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        return this.#order(type.type, throughPointer)
      case 'struct':
      case 'union':
        if (throughPointer && type.name !== '') return false
        this.#ordered[id] = NOW
        for (const member of type.members) this.#order(member.type, false)
        if (type.name !== '') this.#queue.push(id)
        this.#ordered[id] = DONE
        return true
      case 'enum':
      case 'enum64':
      case 'fwd':
        // An anonymous enum is written where it is used, if it is.
        if (type.name !== '' || this.#referenced[id] === 0) this.#queue.push(id)
        this.#ordered[id] = DONE
        return true
      case 'typedef': {
        const strong = this.#order(type.type, throughPointer)
        if (throughPointer && !strong) return false
        this.#queue.push(id)
        this.#ordered[id] = DONE
        return true
      }
      case 'func_proto': {
        let strong = this.#order(type.type, throughPointer)
        for (const param of type.params) strong = this.#order(param.type, throughPointer) || strong
        return strong
      }
      default:
        this.#ordered[id] = DONE
        return false
    }
  }

  #write(text: string): void {
    this.text.push(text, ';\n\n')
  }

  /** Writes a type of the queue (`within` 0), or what is needed of a type that lies in the definition of `within`. */
  #emit(id: number, within: number): void {
    if (this.#emitted[id] === DONE) return
    this.#deeper(id, () => this.#emitNew(id, within))
  }

  #emitNew(id: number, within: number): void {
    const type = typeOf(this.#btf, id)
    if (this.#emitted[id] === NOW) return this.#emitForward(id, type, within)
    switch (type.kind) {
      case 'int':
        if (Object.hasOwn(ALIASES, type.name)) this.#write(`typedef ${ALIASES[type.name]} ${type.name}`)
        break
      case 'enum':
      case 'enum64':
        if (within === 0) this.#write(this.#declarer.enumeration(id))
        break
      case 'fwd':
        this.#write(this.#declarer.tag(id))
        break
      case 'ptr':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
      case 'array':
        return this.#emit(type.type, within)
      case 'func_proto':
        this.#emit(type.type, within)
        for (const param of type.params) this.#emit(param.type, within)
        return
      case 'typedef':
        this.#emitted[id] = NOW
        this.#emit(type.type, id)
        if (this.#forward[id] === 0) this.#typedef(id, type)
        break
      case 'struct':
      case 'union':
        return this.#emitComposite(id, type, within)
      default:
        return
    }
    this.#emitted[id] = DONE
  }

  #emitComposite(id: number, type: Extract<BtfType, { kind: 'struct' | 'union' }>, within: number): void {
    // A second walk in the same definition would find everything done.
    if (type.name === '' && this.#walked[id] === within + 1) return
    this.#walked[id] = within + 1
    this.#emitted[id] = NOW
    if (within === 0 || type.name === '') {
      for (const member of type.members) this.#emit(member.type, type.name === '' ? within : id)
    } else if (this.#forward[id] === 0 && id !== within) {
      this.#write(this.#declarer.tag(id))
      this.#forward[id] = 1
    }
    if (within === 0) this.#write(this.#declarer.composite(id))
    this.#emitted[id] = within === 0 ? DONE : NOT_YET
  }

  /** What a type that is being written needs of itself, or of one that it lies in. */
  #emitForward(id: number, type: BtfType, within: number): void {
    if (this.#forward[id] !== 0) return
    if (type.kind === 'typedef') {
      this.#typedef(id, type)
      this.#forward[id] = 1
    } else if ((type.kind === 'struct' || type.kind === 'union') && id !== within && type.name !== '') {
      this.#write(this.#declarer.tag(id))
      this.#forward[id] = 1
    }
  }

  #typedef(id: number, type: Extract<BtfType, { kind: 'typedef' }>): void {
    if (type.name === '__builtin_va_list') return
    // Old compilers make it a typedef of void.
    if (type.type === 0 && type.name === '__gnuc_va_list') this.#write('typedef __builtin_va_list __gnuc_va_list')
    else this.#write(`typedef ${this.#declarer.typedef(id)}`)
  }
}

/** Types that are named for the second time get `___2` behind their name, and so on. Tags are one name space, the other names another. */
function uniqueNames(btf: Btf): Names {
  const tags = new Map<string, number>()
  const identifiers = new Map<string, number>()
  const known = new Map<number, string>()
  const count = (names: Map<string, number>, name: string): string => {
    const n = (names.get(name) ?? 0) + 1
    names.set(name, n)
    return n > 1 ? `${name}___${n}` : name
  }
  const once = (id: number, names: Map<string, number>): string => {
    let unique = known.get(id)
    if (unique === undefined) {
      const type = typeOf(btf, id)
      const name = nameOf(type)
      const isDeclaration = type.kind === 'fwd' || ((type.kind === 'enum' || type.kind === 'enum64') && type.values.length === 0)
      unique = name === '' || isDeclaration ? name : count(names, name)
      known.set(id, unique)
    }
    return unique
  }
  return {
    tag: id => once(id, tags),
    typedef: id => once(id, identifiers),
    enumerator: name => count(identifiers, name),
  }
}

function markReferenced(btf: Btf): Uint8Array {
  const marks = new Uint8Array(btf.types.length)
  for (const type of btf.types) {
    if ('type' in type && type.kind !== 'func_proto') marks[type.type] = 1
    if (type.kind === 'array') marks[type.indexType] = 1
    if (type.kind === 'struct' || type.kind === 'union') for (const member of type.members) marks[member.type] = 1
    if (type.kind === 'func_proto') for (const param of type.params) marks[param.type] = 1
    if (type.kind === 'datasec') for (const { type: variable } of type.vars) marks[variable] = 1
  }
  return marks
}
