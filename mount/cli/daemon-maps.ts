// The maps of all iterfs mounts, as the verbs of `iterfs map` ask for them: bpf(2)'s commands over .iterfs/ctl.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import {
  type MapInfo as BpfMapInfo,
  EINVAL,
  ENOENT,
  EOPNOTSUPP,
  ErrnoError,
  EXDEV,
  nodePlatform,
  parseBtf,
  strerror,
} from '../../src/index.ts'
import { Client, listMounts, mountOf, splitPath } from './client.ts'
import { CliError, cliError } from './error.ts'
import { fail, parseMap, type Words } from './map-args.ts'
import type { MapClient, MapInfo, MapRef, MapTypes, NewMap, ProgRef } from './map-client.ts'

/** A map as map_list has it. */
interface ListedMap {
  readonly info: BpfMapInfo
  readonly pinned: readonly string[]
}

/** Answer of map_elem. */
interface ElemAnswer {
  readonly errno: number
  readonly value?: string
  readonly key?: string
  readonly elements?: readonly (readonly [key: string, value: string | number])[]
}

/** Elements asked for at a time. */
const BATCH = 4096

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

export class DaemonMaps implements MapClient {
  readonly cpus = nodePlatform().cpus
  readonly #clients = new Map<string, Client>()
  readonly #homes = new WeakMap<MapInfo, Client>()

  list(): MapInfo[] {
    return listMounts().flatMap(({ dir }) => {
      try {
        return this.#list(this.client(dir), {})
      } catch (err) {
        process.stderr.write(`Warning: ${cliError('', err).message}\n`)
        return []
      }
    })
  }

  find(ref: MapRef): MapInfo[] {
    if ('pinned' in ref) {
      try {
        const client = this.client(mountOf(splitPath(ref.pinned).dir).dir)
        return this.#list(client, { ino: statSync(ref.pinned).ino })
      } catch (err) {
        throw new CliError(cliError(`bpf obj get (${ref.pinned})`, err).message)
      }
    }
    return choose(this.list(), ref)
  }

  /** Programs of an object reach program arrays through the object only. */
  prog(_ref: ProgRef): number {
    throw new ErrnoError(EOPNOTSUPP, `a program array of iterfs is filled by its object: ${strerror(EOPNOTSUPP)}`)
  }

  types(map: MapInfo): MapTypes | null {
    if (map.btfId === 0) return null
    const answer = this.#home(map).request<{ btf: string; key_type_id: number; value_type_id: number }>('map_types', {
      map_id: map.id,
    })
    return { btf: parseBtf(fromBase64(answer.btf)), keyTypeId: answer.key_type_id, valueTypeId: answer.value_type_id }
  }

  lookup(map: MapInfo, key: Uint8Array): Uint8Array {
    return fromBase64(this.#elem(map, 'lookup', { key: toBase64(key) }).value!)
  }

  lookupAndDelete(map: MapInfo, key: Uint8Array): Uint8Array {
    return fromBase64(this.#elem(map, 'lookupDelete', { key: toBase64(key) }).value!)
  }

  update(map: MapInfo, key: Uint8Array, value: Uint8Array, flags: number): void {
    this.#elem(map, 'update', { key: toBase64(key), value: toBase64(value), flags })
  }

  delete(map: MapInfo, key: Uint8Array): void {
    this.#elem(map, 'delete', { key: toBase64(key) })
  }

  nextKey(map: MapInfo, key: Uint8Array | null): Uint8Array {
    return fromBase64(this.#elem(map, 'nextKey', { key: key && toBase64(key) }).key!)
  }

  dump(map: MapInfo, each: (key: Uint8Array, value: Uint8Array | number) => void): number {
    let left = map.maxEntries
    for (let after: string | null = null; ; ) {
      const { errno, elements = [] } = this.#answer(map, 'elements', { key: after, count: BATCH })
      if (errno < 0) return -errno
      for (const [key, value] of elements) each(fromBase64(key), typeof value === 'number' ? -value : fromBase64(value))
      left -= elements.length
      // A program that writes over a key makes the walk begin anew.
      if (elements.length < BATCH || left <= 0) return 0
      after = elements.at(-1)![0]
    }
  }

  freeze(map: MapInfo): void {
    this.#elem(map, 'freeze', {})
  }

  create(map: NewMap, path: string): void {
    const client = this.client(mountOf(splitPath(path).dir).dir)
    const { map_id } = client.request<{ map_id: number }>('map_create', {
      ...{ type: map.type, name: map.name, flags: map.flags, inner_map_id: map.innerId },
      ...{ key_size: map.keySize, value_size: map.valueSize, max_entries: map.maxEntries },
    })
    this.#pin(client, map_id, path)
  }

  pin(map: MapInfo, path: string): void {
    const home = this.#home(map)
    const { dir } = mountOf(splitPath(path).dir)
    if (dir !== home.mount.dir)
      fail(`can't pin the object (${path}): want a path in ${home.mount.dir}, where map ${map.id} is`, EXDEV)
    this.#pin(home, map.id, path)
  }

  /** The one map that MAP names; its id in the mount `dir`, whose maps alone are looked at. @throws CliError for one in another mount */
  idIn(dir: string, words: Words): number {
    const map = parseMap(words, {
      find: ref => ('pinned' in ref ? this.find(ref) : choose(this.#list(this.client(dir), {}), ref)),
    })
    if (this.#homes.get(map) !== this.client(dir)) fail(`map ${map.id} is not in the mount ${dir}`, EINVAL)
    return map.id
  }

  /** The connection to the daemon of the mount `dir`. */
  client(dir: string): Client {
    let client = this.#clients.get(dir)
    if (!client) {
      client = new Client(listMounts().find(mount => mount.dir === dir) ?? fail(`${dir} is not an iterfs mount any more`))
      this.#clients.set(dir, client)
    }
    return client
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
  }

  #list(client: Client, fields: Record<string, unknown>): MapInfo[] {
    return client.request<{ maps: ListedMap[] }>('map_list', fields).maps.map(({ info, pinned }) => {
      const { id, type, name, flags, memlock, frozen } = info
      const map: MapInfo = {
        ...{
          id,
          type,
          name,
          flags,
          memlock,
          frozen,
          btfId: info.btf_id,
          pinned: pinned.map(path => join(client.mount.dir, path)),
        },
        ...{ keySize: info.key_size, valueSize: info.value_size, maxEntries: info.max_entries },
      }
      this.#homes.set(map, client)
      return map
    })
  }

  #pin(client: Client, map_id: number, path: string): void {
    try {
      client.pin({ map_id }, path)
    } catch (err) {
      throw cliError(`can't pin the object (${path})`, err)
    }
  }

  #home(map: MapInfo): Client {
    return this.#homes.get(map)!
  }

  #answer(map: MapInfo, op: string, fields: Record<string, unknown>): ElemAnswer {
    return this.#home(map).request<ElemAnswer>('map_elem', { map_id: map.id, op, ...fields })
  }

  #elem(map: MapInfo, op: string, fields: Record<string, unknown>): ElemAnswer {
    const answer = this.#answer(map, op, fields)
    if (answer.errno < 0) throw new ErrnoError(-answer.errno)
    return answer
  }
}

/** The maps with a name, or with an id. @throws CliError when no map has the id */
function choose(maps: MapInfo[], ref: { id: number } | { name: string }): MapInfo[] {
  if ('name' in ref) return maps.filter(map => map.name === ref.name)
  const found = maps.filter(map => map.id === ref.id)
  return found.length > 0 ? found : fail(`get map by id (${ref.id}): ${strerror(ENOENT)}`)
}

/** Runs `body` with the maps of all mounts; closes the connections that it took. */
export function withMaps<T>(body: (maps: DaemonMaps) => T): T {
  const maps = new DaemonMaps()
  try {
    return body(maps)
  } finally {
    maps.close()
  }
}
