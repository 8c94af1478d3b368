// Fields of map values that only the kernel writes: locks, timers, lists and kernel pointers, found through the value's BTF (btf_parse_fields).
import type { Btf, BtfType } from '../btf/types.ts'

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

/** The special fields of type `id`, ascending by offset. */
export function valueFields(btf: Btf, id: number): readonly ValueField[] {
  const found: ValueField[] = []
  collect(btf, id, 0, 0, found)
  return found.sort((a, b) => a.off - b.off)
}

function collect(btf: Btf, id: number, at: number, depth: number, found: ValueField[]): void {
  const type = strip(btf, id)
  if (!type || depth > MAX_DEPTH || found.length >= MAX_FIELDS) return
  if (type.kind === 'array') {
    const size = sizeOf(btf, type.type)
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

/** The type behind typedefs, qualifiers and variables. */
function strip(btf: Btf, id: number): BtfType | undefined {
  let type = btf.types[id]
  for (let i = 0; i < 64 && type; i++) {
    if (type.kind !== 'typedef' && type.kind !== 'const' && type.kind !== 'volatile' && type.kind !== 'var') return type
    type = btf.types[type.type]
  }
  return type
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

/** Size of a type in bytes, 0 when it has none (btf_type_id_size). */
export function sizeOf(btf: Btf, id: number, depth = 0): number {
  const type = strip(btf, id)
  if (!type || depth > 64) return 0
  if (type.kind === 'ptr') return 8
  if (type.kind === 'array') return type.count * sizeOf(btf, type.type, depth + 1)
  return 'size' in type ? type.size : 0
}
