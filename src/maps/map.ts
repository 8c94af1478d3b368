// What all map types have in common. A map's elements lie in the address space of the programs that use it, so that programs
// work on them in place; the operations are those of struct bpf_map_ops, with the kernel's errno as negative numbers.
import type { Btf } from '../btf/types.ts'
import type { AddressSpace } from '../vm/memory.ts'

/** Attributes of BPF_MAP_CREATE. */
export interface MapAttr {
  readonly name: string
  /** BPF_MAP_TYPE_* */
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
  readonly mapExtra: bigint
  /** Maps of maps: the template that inner maps must be like. */
  readonly inner?: MapAttr
  /** Types of key and value, when known: for bpf_spin_lock and its kin, and for printing. */
  readonly btf?: { readonly btf: Btf; readonly keyTypeId: number; readonly valueTypeId: number }
}

/** bpf_map_info as far as iterfs has it. */
export interface MapInfo {
  readonly id: number
  /** BPF_MAP_TYPE_* */
  readonly type: number
  readonly name: string
  readonly flags: number
  readonly key_size: number
  readonly value_size: number
  readonly max_entries: number
  readonly map_extra: bigint
  /** Bytes. */
  readonly memlock: number
  readonly frozen: boolean
  /** Number of the BTF that has its key and value types, 0 for none. */
  readonly btf_id: number
}

/**
 * A map. Keys are offsets in the address space. Operations that the type does not have return -EOPNOTSUPP (or -EINVAL, as the kernel's do).
 */
export interface BpfMap {
  readonly id: number
  readonly attr: MapAttr
  readonly space: AddressSpace
  /** BPF_MAP_FREEZE was done: writes through update() of the control plane give -EPERM. */
  frozen: boolean
  /** Bytes of one element for the control plane and map_elem iterators: value size, per-CPU maps: round_up(size, 8) x CPUs. */
  readonly userValueSize: number
  /** bpf_map_sum_elem_count(): elements of a hash of any kind; 0 for types that the kernel does not count. */
  readonly elemCount: number
  /** bpf_map_memory_usage() */
  readonly memlock: number
  /** map_lookup_elem of programs: offset of the value, 0 when there is none. Per-CPU maps: this CPU's. */
  lookup(key: number): number
  /** map_lookup_percpu_elem: offset of that CPU's value or 0. */
  lookupPercpu(key: number, cpu: number): number
  /** map_update_elem of programs: 0 or a negative errno. */
  update(key: number, value: number, flags: number): number
  /** map_delete_elem: 0 or a negative errno. */
  delete(key: number): number
  push(value: number, flags: number): number
  pop(value: number): number
  peek(value: number): number
  /** The key after `key` (null: the first) in bpf(BPF_MAP_GET_NEXT_KEY) order, as bytes; null at the end. */
  nextKey(key: Uint8Array | null): Uint8Array | null
  /** bpf(BPF_MAP_LOOKUP_ELEM): userValueSize bytes, or a negative errno. */
  userLookup(key: Uint8Array): Uint8Array | number
  /** bpf(BPF_MAP_UPDATE_ELEM): 0 or a negative errno. */
  userUpdate(key: Uint8Array, value: Uint8Array, flags: number): number
  /** bpf(BPF_MAP_DELETE_ELEM) */
  userDelete(key: Uint8Array): number
  /** bpf(BPF_MAP_LOOKUP_AND_DELETE_ELEM): the value that is gone now, or a negative errno. */
  userLookupAndDelete(key: Uint8Array): Uint8Array | number
  /** As nextKey(), with the negative errno: -ENOENT at the end, others for types without keys. */
  userNextKey(key: Uint8Array | null): Uint8Array | number
  /**
   * bpf_for_each_map_elem(): calls with offsets of key and value until one call returns non-zero; the number of calls, or a negative errno
   * for types without it. The key may lie in a scratch place.
   */
  forEach(call: (key: number, value: number) => number): number
  /** A walk for the target bpf_map_elem; null for types that it refuses. */
  elements(): MapWalk | null
  /** Last reference gone: gives the memory back. */
  destroy(): void
}

/** The position of a bpf_map_elem session (bpf_hash_map_seq_ops, bpf_array_map_seq_ops). */
export interface MapWalk {
  /** The element at the position (the first one at the beginning), without moving; false at the end. Sets key and value. */
  current(): boolean
  /** Moves behind the current element; as current(). */
  advance(): boolean
  /** Offset of the key, and of userValueSize bytes of value: in place, per-CPU maps: a copy. */
  key: number
  value: number
  close(): void
}
