// Fields of map values that only the kernel writes: locks, timers, lists and kernel pointers, found through the value's BTF (btf_parse_fields).
import { bareType, sizeOrNull, skipModifiers, typeAs, typeOf } from '../btf/query.ts'
import type { Btf, BtfType } from '../btf/types.ts'
import type { MapAttr } from './map.ts'

/** What a special field is. */
export type FieldKind = 'spin_lock' | 'timer' | 'kptr' | 'list' | 'refcount'

/** A special field: its place in the value, in bytes. */
export interface ValueField {
  readonly kind: FieldKind
  readonly off: number
  readonly size: number
}

/** Structs that are special wherever they stand in a value. */
const STRUCTS: Readonly<Record<string, FieldKind>> = {
  bpf_spin_lock: 'spin_lock',
  bpf_res_spin_lock: 'spin_lock',
  bpf_timer: 'timer',
  bpf_wq: 'timer',
  bpf_task_work: 'timer',
  bpf_list_head: 'list',
  bpf_list_node: 'list',
  bpf_rb_root: 'list',
  bpf_rb_node: 'list',
  bpf_refcount: 'refcount',
}

const POINTER_TAGS = ['kptr', 'kptr_untrusted', 'percpu_kptr', 'uptr']

/** Deepest nesting that is looked at, and most fields (BTF_FIELDS_MAX). */
const MAX_DEPTH = 8
const MAX_FIELDS = 32

/** The special fields of values of type `id` and `size` bytes, ascending by offset. */
export function valueFields(btf: Btf, id: number, size: number): readonly ValueField[] {
  const found: ValueField[] = []
  collect(btf, id, 0, 0, found)
  found.sort((a, b) => a.off - b.off)
  let end = 0
  return found.filter(field => {
    if (field.off < end || field.off + field.size > size) return false
    end = field.off + field.size
    return true
  })
}

function collect(btf: Btf, id: number, at: number, depth: number, found: ValueField[]): void {
  const type = strip(btf, id)
  if (depth > MAX_DEPTH || found.length >= MAX_FIELDS) return
  if (type.kind === 'array') {
    const size = sizeOrNull(btf, type.type) ?? 0
    for (let i = 0; i < type.count && found.length < MAX_FIELDS; i++) {
      const before = found.length
      collect(btf, type.type, at + i * size, depth + 1, found)
      if (found.length === before) return
    }
  } else if (type.kind === 'ptr') {
    if (pointerTag(btf, type.type)) found.push({ kind: 'kptr', off: at, size: 8 })
  } else if (type.kind === 'struct') {
    const kind = STRUCTS[type.name]
    if (kind) found.push({ kind, off: at, size: type.size })
    else for (const member of type.members) collect(btf, member.type, at + (member.offBits >>> 3), depth + 1, found)
  } else if (type.kind === 'datasec') {
    for (const { type: member, off } of type.vars) collect(btf, member, at + off, depth + 1, found)
  }
}

/** The type behind typedefs, qualifiers and a variable. */
function strip(btf: Btf, id: number): BtfType {
  const type = typeOf(btf, skipModifiers(btf, id))
  return type.kind === 'var' ? typeOf(btf, skipModifiers(btf, type.type)) : type
}

function pointerTag(btf: Btf, id: number): boolean {
  let type = btf.types[id]
  for (let i = 0; i < 64 && type; i++) {
    if (type.kind === 'type_tag' && POINTER_TAGS.includes(type.name)) return true
    if (type.kind !== 'type_tag' && type.kind !== 'const' && type.kind !== 'volatile') return false
    type = btf.types[type.type]
  }
  return false
}

/** What the type of keys must be, beside having their size: an int of 32 bits (btf_type_is_i32), or a struct. */
export type BtfKey = 'i32' | 'struct'

/**
 * map_check_btf(): whether sizes of key and value are those of their types, and the key's type is what the type of map wants. Sections of globals have
 * a size only when they are linked; their maps have no type of key.
 */
export function btfFits(
  { keySize, valueSize }: MapAttr,
  { btf, keyTypeId, valueTypeId }: NonNullable<MapAttr['btf']>,
  want?: BtfKey,
): boolean {
  const isSection = typeAs(btf, skipModifiers(btf, valueTypeId), 'datasec') !== null
  if (valueTypeId === 0 || (!isSection && sizeOrNull(btf, valueTypeId) !== valueSize)) return false
  if (keyTypeId === 0) return keySize === 0 || isSection
  const key = bareType(btf, keyTypeId)
  if (sizeOrNull(btf, keyTypeId) !== keySize) return false
  return (
    want === undefined || (want === 'struct' ? key.kind === 'struct' : key.kind === 'int' && key.bits === 32 && key.offBits === 0)
  )
}
