// What the verbs of `iterfs map` need of whoever keeps the maps: bpf(2) as far as bpftool map uses it.
import type { Btf } from '../../src/index.ts'

/** bpf_map_info, with what bpftool reads from fdinfo. */
export interface MapInfo {
  readonly id: number
  /** BPF_MAP_TYPE_* */
  readonly type: number
  readonly name: string
  readonly flags: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  /** Bytes */
  readonly memlock: number
  readonly frozen: boolean
  /** 0: the map has no BTF. */
  readonly btfId: number
  /** Where it is pinned. */
  readonly pinned: readonly string[]
  /** Maps of programs: the type of those that may be put in, once there was one. */
  readonly ownerProgType?: string
}

/** `id N`, `pinned FILE` or `name NAME`. */
export type MapRef = { readonly id: number } | { readonly pinned: string } | { readonly name: string }

/** Programs, for values of maps of programs; `tag` 16 hex digits. */
export type ProgRef = MapRef | { readonly tag: string }

/** Types in `btf`; an id 0: none (globals have no key type). */
export interface MapTypes {
  readonly btf: Btf
  readonly keyTypeId: number
  readonly valueTypeId: number
}

/** What `iterfs map create` was given. */
export interface NewMap {
  readonly type: number
  readonly name: string
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags: number
  /** Id of the template of a map of maps. */
  readonly innerId?: number
}

/** All methods throw ErrnoError with what bpf(2) would give, and a message that ends in its text. */
export interface MapClient {
  /** Possible CPUs: per-CPU values have so many parts, each rounded up to 8 bytes. */
  readonly cpus: number
  /** All maps, ascending by id. */
  list(): MapInfo[]
  /** ENOENT for an id that there is not; several or none for a name. */
  find(ref: MapRef): MapInfo[]
  /** Id of a program. */
  prog(ref: ProgRef): number
  types(map: MapInfo): MapTypes | null
  lookup(map: MapInfo, key: Uint8Array): Uint8Array
  lookupAndDelete(map: MapInfo, key: Uint8Array): Uint8Array
  update(map: MapInfo, key: Uint8Array, value: Uint8Array, flags: number): void
  delete(map: MapInfo, key: Uint8Array): void
  /** ENOENT behind the last key. */
  nextKey(map: MapInfo, key: Uint8Array | null): Uint8Array
  /** All elements in the order of nextKey(): the value, or the errno of its lookup. Returns 0, or the errno that ended it early. */
  dump(map: MapInfo, each: (key: Uint8Array, value: Uint8Array | number) => void): number
  freeze(map: MapInfo): void
  /** Makes a map and pins it. */
  create(map: NewMap, path: string): void
  pin(map: MapInfo, path: string): void
}
