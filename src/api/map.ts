// Maps of an object: what user space does with them through bpf(2), with keys and values by their BTF types, or as bytes.

import { sizeOrNull } from '../btf/query.ts'
import { encodeValue, placeAt, readValue } from '../btf/value.ts'
import { BPF_ANY, BPF_EXIST, BPF_NOEXIST, roundUp8 } from '../maps/flags.ts'
import { mapType } from '../maps/types.ts'
import type { MapSpec } from '../object/spec.ts'
import { ENOENT } from '../util/errno.ts'
import { CORE, type ObjectCore } from './core.ts'
import { fail, SyscallError } from './error.ts'
import type { Input } from './types.ts'

/** What update() may find: anything, no element yet, or an element. */
export type UpdateFlag = keyof typeof FLAGS
const FLAGS = { any: BPF_ANY, noexist: BPF_NOEXIST, exist: BPF_EXIST } as const

/** Types that have one value for each CPU. */
export const PERCPU: ReadonlySet<string> = new Set(['percpu_hash', 'percpu_array', 'lru_percpu_hash'])

/** A map by bytes: keys of keySize bytes; values of valueSize bytes, per-CPU ones of each CPU one after the other, each rounded up to 8. */
export class RawMap {
  readonly #core: ObjectCore
  readonly #index: number

  /** @internal */
  constructor(core: ObjectCore, index: number) {
    this.#core = core
    this.#index = index
  }

  /** BPF_MAP_LOOKUP_ELEM; undefined when there is none. @throws SyscallError */
  lookup(key: Uint8Array): Uint8Array | undefined {
    const found = this.#map('lookup').userLookup(key)
    return typeof found === 'number' ? this.#missing('lookup', found) : found
  }

  /** BPF_MAP_UPDATE_ELEM @throws SyscallError */
  update(key: Uint8Array, value: Uint8Array, flag: UpdateFlag = 'any'): void {
    const { name } = this.#core.spec.maps[this.#index]!
    const flags = Object.hasOwn(FLAGS, flag) ? FLAGS[flag] : fail('API_FLAG', { map: name, got: String(flag) })
    const errno = this.#map('update').userUpdate(key, value, flags)
    if (errno < 0) throw this.#failed('update', errno)
  }

  /** BPF_MAP_DELETE_ELEM; false when there was none. @throws SyscallError */
  delete(key: Uint8Array): boolean {
    const errno = this.#map('delete').userDelete(key)
    if (errno === -ENOENT) return false
    if (errno < 0) throw this.#failed('delete', errno)
    return true
  }

  /** BPF_MAP_LOOKUP_AND_DELETE_ELEM; undefined when there is none. @throws SyscallError */
  take(key: Uint8Array): Uint8Array | undefined {
    const found = this.#map('lookup').userLookupAndDelete(key)
    return typeof found === 'number' ? this.#missing('lookup', found) : found
  }

  /** The keys that are there now (BPF_MAP_GET_NEXT_KEY). @throws SyscallError */
  *keys(): Generator<Uint8Array> {
    const map = this.#map('keys')
    let key = map.userNextKey(null)
    if (mapType(map.attr.type)?.name.endsWith('array')) {
      // Indexes stay, however many there are: no list of them is needed.
      for (; typeof key !== 'number'; key = map.userNextKey(key)) yield key
      return
    }
    const keys: Uint8Array[] = []
    for (; typeof key !== 'number' && keys.length < map.attr.maxEntries; key = map.userNextKey(key)) keys.push(key)
    if (typeof key === 'number' && key !== -ENOENT) throw this.#failed('keys', key)
    yield* keys
  }

  /** The elements that are there now; those deleted meanwhile are left out. @throws SyscallError */
  *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    for (const key of this.keys()) {
      const value = this.lookup(key)
      if (value) yield [key, value]
    }
  }

  [Symbol.iterator](): Generator<[key: Uint8Array, value: Uint8Array]> {
    return this.entries()
  }

  #map(what: string): ReturnType<ObjectCore['map']> {
    return this.#core.map(this.#index, `${what} in map ${this.#core.spec.maps[this.#index]!.name}`)
  }

  #missing(syscall: string, errno: number): undefined {
    if (errno !== -ENOENT) throw this.#failed(syscall, errno)
  }

  #failed(syscall: string, errno: number): SyscallError {
    const err = new SyscallError(syscall, -errno)
    err.message = `${syscall} in map ${this.#core.spec.maps[this.#index]!.name}: ${err.message}`
    return err
  }
}

/**
 * A map. K and V are the types of keys and values as JavaScript has them (src/btf/value.ts); a per-CPU map's V is an array with one value
 * for each CPU. Where the object says only sizes, and for maps of maps, queues, stacks and sockets, they are bytes.
 */
export class ObjectMap<K = unknown, V = unknown> {
  /** Name of the variable in C. */
  readonly name: string
  /** As bpftool prints it: `hash`, `percpu_array` ... */
  readonly type: string
  /** Bytes. */
  readonly keySize: number
  /** Bytes of one value. */
  readonly valueSize: number
  /** The same map by bytes. */
  readonly raw: RawMap
  /** @internal */
  readonly [CORE]: ObjectCore
  readonly #index: number
  readonly #key: Codec
  readonly #value: Codec

  /** @internal */
  constructor(core: ObjectCore, index: number) {
    const spec = core.spec.maps[index]!
    this[CORE] = core
    this.#index = index
    this.name = spec.name
    this.type = mapType(spec.type)?.name ?? `type ${spec.type}`
    this.keySize = spec.keySize
    this.valueSize = spec.valueSize
    this.raw = new RawMap(core, index)
    this.#key = codec(core, spec, 'key')
    const value = codec(core, spec, 'value')
    this.#value = PERCPU.has(this.type) ? perCpu(value, spec, () => core.map(index, spec.name).userValueSize) : value
  }

  /** Its number: what bpf_map iterators print. @throws BpfError before load */
  get id(): number {
    return this[CORE].map(this.#index, `id of map ${this.name}`).id
  }

  /** Elements that it may hold; may be set before load (bpf_map__set_max_entries). */
  get maxEntries(): number {
    return this[CORE].maxEntries(this.#index)
  }
  set maxEntries(value: number) {
    this[CORE].setMaxEntries(this.#index, value)
  }

  /** The value, undefined when there is none. @throws SyscallError; BpfError for a key that does not fit */
  lookup(key: Input<K>): V | undefined {
    return this.#valueOf(this.raw.lookup(this.#key.encode(key)))
  }

  /** Adds or changes an element. @throws SyscallError E2BIG, EEXIST, ENOENT ...; BpfError for what does not fit, naming the member */
  update(key: Input<K>, value: Input<V>, flag: UpdateFlag = 'any'): void {
    this.raw.update(this.#key.encode(key), this.#value.encode(value), flag)
  }

  /** Takes an element out; false when there was none. @throws SyscallError */
  delete(key: Input<K>): boolean {
    return this.raw.delete(this.#key.encode(key))
  }

  /** Looks up and deletes, in one. @throws SyscallError */
  take(key: Input<K>): V | undefined {
    return this.#valueOf(this.raw.take(this.#key.encode(key)))
  }

  /** Adds to a queue, a stack or a bloom filter. @throws SyscallError E2BIG when it is full */
  push(value: Input<V>): void {
    this.raw.update(NO_KEY, this.#value.encode(value))
  }

  /** Takes the next value from a queue or a stack; undefined when it is empty. @throws SyscallError */
  pop(): V | undefined {
    return this.#valueOf(this.raw.take(NO_KEY))
  }

  /** The next value of a queue or a stack. @throws SyscallError */
  peek(): V | undefined {
    return this.#valueOf(this.raw.lookup(NO_KEY))
  }

  /** The keys that are there now. @throws SyscallError */
  *keys(): Generator<K> {
    for (const key of this.raw.keys()) yield this.#key.decode(key) as K
  }

  /** The elements that are there now; those deleted meanwhile are left out. @throws SyscallError */
  *entries(): Generator<[key: K, value: V]> {
    for (const [key, value] of this.raw.entries()) yield [this.#key.decode(key) as K, this.#value.decode(value) as V]
  }

  /** The values that are there now. @throws SyscallError */
  *values(): Generator<V> {
    for (const [, value] of this.raw.entries()) yield this.#value.decode(value) as V
  }

  [Symbol.iterator](): Generator<[key: K, value: V]> {
    return this.entries()
  }

  #valueOf(bytes: Uint8Array | undefined): V | undefined {
    return bytes && (this.#value.decode(bytes) as V)
  }
}

const NO_KEY = new Uint8Array()

interface Codec {
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/** Whether keys or values are of a BTF type; they are bytes otherwise. */
export function isTyped({ btf }: ObjectCore['spec'], map: MapSpec, part: 'key' | 'value'): boolean {
  const [id, size] = part === 'key' ? [map.keyTypeId, map.keySize] : [map.valueTypeId, map.valueSize]
  return btf !== null && id !== 0 && sizeOrNull(btf, id) === size
}

function codec({ spec }: ObjectCore, map: MapSpec, part: 'key' | 'value'): Codec {
  const [id, size] = part === 'key' ? [map.keyTypeId, map.keySize] : [map.valueTypeId, map.valueSize]
  const path = `${part} of map ${map.name}`
  const { btf } = spec
  if (!btf || !isTyped(spec, map, part)) return bytesCodec(path, size)
  return {
    encode: value => encodeValue(btf, id, value, path),
    decode: bytes => readValue(btf, viewOf(bytes), placeAt(id, 0)),
  }
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView => new DataView(buffer, byteOffset, byteLength)

function bytesCodec(what: string, want: number): Codec {
  const encode = (value: unknown): Uint8Array => {
    if (value instanceof Uint8Array && value.length === want) return value
    return fail('API_BYTES', { what, want, got: value instanceof Uint8Array ? `${value.length}` : typeof value })
  }
  return { encode, decode: bytes => bytes }
}

/** One value for each CPU, at multiples of 8. `total`: bytes of all. */
function perCpu(one: Codec, { name, valueSize }: MapSpec, total: () => number): Codec {
  const step = roundUp8(valueSize)
  return {
    encode: values => {
      const bytes = new Uint8Array(total())
      const cpus = bytes.length / step
      if (!Array.isArray(values) || values.length > cpus)
        return fail('API_CPUS', { map: name, want: cpus, got: Array.isArray(values) ? `${values.length}` : typeof values })
      for (const [cpu, value] of values.entries()) bytes.set(one.encode(value), cpu * step)
      return bytes
    },
    decode: bytes =>
      Array.from({ length: bytes.length / step }, (_, cpu) => one.decode(bytes.subarray(cpu * step, cpu * step + valueSize))),
  }
}
