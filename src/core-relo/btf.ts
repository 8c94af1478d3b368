// The few questions about types that CO-RE asks.
import type { Btf } from '../btf/types.ts'
import type { Refuse } from './spec.ts'

/** skip_mods_and_typedefs() */
export function bareId(btf: Btf, id: number): number {
  for (;;) {
    const type = btf.types[id]!
    switch (type.kind) {
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        id = type.type
        continue
      default:
        return id
    }
  }
}

/** btf__resolve_size(): bytes; -1 for types without a size or behind 4 GiB. */
export function sizeOrNone(btf: Btf, id: number): number {
  let count = 1
  for (let depth = 0; depth < 32; depth++) {
    const type = btf.types[id]!
    switch (type.kind) {
      case 'int':
      case 'struct':
      case 'union':
      case 'enum':
      case 'enum64':
      case 'datasec':
      case 'float':
        return count * type.size > 0xffff_ffff ? -1 : count * type.size
      case 'ptr':
        return count * 8 > 0xffff_ffff ? -1 : count * 8
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
      case 'var':
      case 'decl_tag':
        id = type.type
        break
      case 'array':
        count *= type.count
        if (count > 0xffff_ffff) return -1
        id = type.type
        break
      default:
        return -1
    }
  }
  return -1
}

export function sizeOfType(btf: Btf, id: number, refuse: Refuse): number {
  const size = sizeOrNone(btf, id)
  return size < 0 ? refuse(`type ${id} (${btf.types[id]!.kind}) has no size`) : size
}
