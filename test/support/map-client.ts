// A MapClient over maps of this process, as the daemon's would be.
import type { MapClient, MapInfo, MapRef, MapTypes, NewMap } from '../../mount/cli/map-client.ts'
import { EBADF, EEXIST, ENOENT, EPERM, ErrnoError } from '../../src/index.ts'
import type { BaseMap } from '../../src/maps/base.ts'
import { createMap } from '../../src/maps/create.ts'
import type { MapAttr } from '../../src/maps/map.ts'
import { AddressSpace } from '../../src/vm/memory.ts'

/** What a test says about a map that is not in its attributes. */
export interface Extra {
  readonly id?: number
  readonly btfId?: number
  readonly types?: MapTypes
}

export class InProcessMaps implements MapClient {
  readonly cpus: number
  readonly #space = new AddressSpace()
  readonly #maps = new Map<number, { map: BaseMap; extra: Extra }>()
  readonly #pins = new Map<string, number>()
  /** What the next map is given. */
  next: Extra = {}
  #lastId = 0

  constructor(cpus: number) {
    this.cpus = cpus
  }

  list(): MapInfo[] {
    return [...this.#maps.keys()].sort((a, b) => a - b).map(id => this.#info(id))
  }

  find(ref: MapRef): MapInfo[] {
    if ('name' in ref) return this.list().filter(map => map.name === ref.name)
    const id = 'id' in ref ? ref.id : this.#pins.get(ref.pinned)
    if (id !== undefined && this.#maps.has(id)) return [this.#info(id)]
    const what = 'id' in ref ? `get map by id (${ref.id})` : `bpf obj get (${ref.pinned})`
    // bpftool's functions that turn MAP into descriptors answer -1, whatever the errno.
    throw Object.assign(new ErrnoError(1, `${what}: No such file or directory`))
  }

  prog(): number {
    throw new ErrnoError(EBADF)
  }

  types(map: MapInfo): MapTypes | null {
    return this.#maps.get(map.id)!.extra.types ?? null
  }

  lookup(map: MapInfo, key: Uint8Array): Uint8Array {
    return bytes(this.#map(map).userLookup(key))
  }

  lookupAndDelete(map: MapInfo, key: Uint8Array): Uint8Array {
    return bytes(this.#map(map).userLookupAndDelete(key))
  }

  update(map: MapInfo, key: Uint8Array, value: Uint8Array, flags: number): void {
    done(this.#map(map).userUpdate(key, value, flags))
  }

  delete(map: MapInfo, key: Uint8Array): void {
    done(this.#map(map).userDelete(key))
  }

  nextKey(map: MapInfo, key: Uint8Array | null): Uint8Array {
    return bytes(this.#map(map).userNextKey(key))
  }

  dump(info: MapInfo, each: (key: Uint8Array, value: Uint8Array | number) => void): number {
    const map = this.#map(info)
    for (let key = map.userNextKey(null); ; key = map.userNextKey(key)) {
      if (typeof key === 'number') return key === -ENOENT ? 0 : -key
      const value = map.userLookup(key)
      each(key, typeof value === 'number' ? -value : value)
    }
  }

  freeze(info: MapInfo): void {
    const map = this.#map(info)
    if (map.frozen) throw new ErrnoError(EPERM)
    map.frozen = true
  }

  create({ innerId, ...rest }: NewMap, path: string): void {
    if (this.#pins.has(path)) throw new ErrnoError(EEXIST)
    const inner = innerId === undefined ? {} : { inner: this.#maps.get(innerId)!.map.attr }
    this.#pins.set(path, this.add({ ...rest, mapExtra: 0n, ...inner }))
  }

  /** Adds a map; its id. */
  add(attr: MapAttr): number {
    const extra = this.next
    this.next = {}
    const id = extra.id ?? ++this.#lastId
    const maps = { get: (id: number) => this.#maps.get(id)?.map ?? null, put: () => {}, pointer: () => 65536 }
    this.#maps.set(id, { map: createMap(attr, { id, space: this.#space, cpus: this.cpus, maps }), extra })
    return id
  }

  pin(map: MapInfo, path: string): void {
    if (this.#pins.has(path)) throw new ErrnoError(EEXIST)
    this.#pins.set(path, map.id)
  }

  #map(info: MapInfo): BaseMap {
    return this.#maps.get(info.id)!.map
  }

  #info(id: number): MapInfo {
    const { map, extra } = this.#maps.get(id)!
    const { name, type, flags, keySize, valueSize, maxEntries } = map.attr
    const pinned = [...this.#pins].filter(([, pinned]) => pinned === id).map(([path]) => path)
    return {
      ...{ id, type, name, flags, keySize, valueSize, maxEntries, pinned },
      ...{ memlock: map.memlock, frozen: map.frozen, btfId: extra.btfId ?? 0 },
    }
  }
}

function bytes(result: Uint8Array | number): Uint8Array {
  if (typeof result === 'number') throw new ErrnoError(-result)
  return result
}

function done(result: number): void {
  if (result < 0) throw new ErrnoError(-result)
}
