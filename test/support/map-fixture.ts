// One map, or several, in a memory of their own, as programs and user space call them.
import type { BaseMap } from '../../src/maps/base.ts'
import { createMap } from '../../src/maps/create.ts'
import type { BpfMap, MapAttr } from '../../src/maps/map.ts'
import { EBADF, ENOENT } from '../../src/util/errno.ts'
import { AddressSpace } from '../../src/vm/memory.ts'
import { FakeSockets } from './fake-sockets.ts'

export const ZERO_SEED = 64
export const NO_PREALLOC = 1
export const ATTR = { name: 'm', type: 1, keySize: 4, valueSize: 8, maxEntries: 8, flags: ZERO_SEED, mapExtra: 0n }

export class Fixture {
  readonly space: AddressSpace
  cpu = 0
  readonly taken: number[] = []
  readonly byId = new Map<number, BpfMap>()
  readonly sockets = new FakeSockets()
  readonly key: number
  readonly value: number

  constructor(limit?: number) {
    this.space = new AddressSpace(limit)
    this.key = this.space.alloc(64)
    this.value = this.space.alloc(64)
  }

  map(attr: Partial<MapAttr>, id = 1): BaseMap {
    const maps = {
      get: (id: number) => {
        const map = this.byId.get(id) ?? null
        if (map) this.taken.push(id)
        return map
      },
      put: (id: number) => void this.taken.splice(this.taken.indexOf(id), 1),
      pointer: (map: BpfMap) => 0x1000 * map.id,
    }
    const progs = { get: (id: number) => (id < 10 ? this.taken.push(-id) : -ENOENT), put: (id: number) => maps.put(-id) }
    const { sockets } = this
    const owner = (_type: number, fd: number): string | number => (fd >= 0 ? `owner${fd}` : -EBADF)
    const map = createMap(
      { ...ATTR, ...attr },
      { id, space: this.space, cpus: 2, cpu: () => this.cpu, maps, progs, owner, sockets },
    )
    this.byId.set(id, map)
    return map
  }

  put(map: BpfMap, key: number, value: number, flags = 0): number {
    this.space.view.setUint32(this.key, key, true)
    this.space.view.setFloat64(this.value, value, true)
    return map.update(this.key, this.value, flags)
  }

  at(map: BpfMap, key: number): number {
    this.space.view.setUint32(this.key, key, true)
    return map.lookup(this.key)
  }

  get(map: BpfMap, key: number): number | null {
    const at = this.at(map, key)
    return at === 0 ? null : this.space.view.getFloat64(at, true)
  }

  remove(map: BpfMap, key: number): number {
    this.space.view.setUint32(this.key, key, true)
    return map.delete(this.key)
  }
}

export const u64 = (n: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(n)).buffer)
export const u32 = (n: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, n, true)
  return bytes
}

/** Keys of a walk; `visit` is called on each. */
export function walked(f: Fixture, map: BpfMap, visit: (key: number) => void = () => {}): number[] {
  const walk = map.elements()!
  const keys: number[] = []
  for (let more = walk.current(); more; more = walk.advance()) {
    const key = f.space.view.getUint32(walk.key, true)
    keys.push(key)
    visit(key)
  }
  walk.close()
  return keys
}

/** bpf_for_each_map_elem(): how many calls there were. */
export const calls = (map: BpfMap, call: (key: number, value: number) => number): number => map.forEach(call)

/** Keys in the order of BPF_MAP_GET_NEXT_KEY. */
export function keysOf(map: BaseMap): number[] {
  const keys: number[] = []
  for (let key = map.nextKey(null); key; key = map.nextKey(key)) keys.push(new DataView(key.buffer).getUint32(0, true))
  return keys
}
