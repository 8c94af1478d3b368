// Names of types as CO-RE compares them, and an index of a BTF by them.
import { indexBtf, nameOf } from '../btf/query.ts'
import type { Btf, BtfType } from '../btf/types.ts'

/** `task_struct___old` is a flavour of `task_struct`: the name up to the last `___` between other characters. */
export function essentialName(name: string): string {
  for (let i = name.length - 5; i >= 0; i--)
    if (name[i] !== '_' && name.startsWith('___', i + 1) && name[i + 4] !== '_') return name.slice(0, i + 1)
  return name
}

const indexes = new WeakMap<Btf, Map<string, number[]>>()

/** Ids of the types with this essential name, ascending. The index is made once for each BTF. */
export function idsByEssentialName(btf: Btf, name: string): readonly number[] {
  let index = indexes.get(btf)
  if (!index) {
    index = new Map()
    const names = indexBtf(btf)
    for (const full of names.names()) {
      const essential = essentialName(full)
      const ids = index.get(essential)
      if (ids) ids.push(...names.named(full))
      else index.set(essential, [...names.named(full)])
    }
    for (const ids of index.values()) ids.sort((a, b) => a - b)
    indexes.set(btf, index)
  }
  return index.get(name) ?? []
}

/** btf_kind_core_compat(): the same kind, or enum and enum64. */
export const kindsFit = (a: BtfType, b: BtfType): boolean =>
  a.kind === b.kind || ((a.kind === 'enum' || a.kind === 'enum64') && (b.kind === 'enum' || b.kind === 'enum64'))

/** How C would name a type: `struct task_struct`, `unsigned int`, `struct file *`. */
export function typeText(btf: Btf, id: number): string {
  const type = btf.types[id]!
  const name = nameOf(type)
  switch (type.kind) {
    case 'void':
      return 'void'
    case 'struct':
    case 'union':
      return `${type.kind} ${name || '{...}'}`
    case 'enum':
    case 'enum64':
      return `enum ${name || '{...}'}`
    case 'fwd':
      return `${type.union ? 'union' : 'struct'} ${name}`
    case 'ptr':
      return `${typeText(btf, type.type)} *`
    case 'array':
      return `${typeText(btf, type.type)}[${type.count}]`
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'type_tag':
      return typeText(btf, type.type)
    case 'func_proto':
      return 'function'
    default:
      return name
  }
}
