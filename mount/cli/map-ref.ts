// How a map is named on the command line: MAP := id N | pinned FILE | name NAME, as bpftool takes it.
import { statSync } from 'node:fs'
import { EINVAL, type MapInfo } from '../../src/index.ts'
import type { Client } from './client.ts'
import { CliError, cliError, wholeNumber } from './error.ts'

export type MapRef =
  | { readonly by: 'id'; readonly id: number }
  | { readonly by: 'pinned'; readonly path: string }
  | { readonly by: 'name'; readonly name: string }

/** A map as .iterfs/ctl lists it. */
export interface ListedMap {
  readonly info: MapInfo
  /** Paths in the mount. */
  readonly pinned: readonly string[]
}

/** The map that two words name. @throws CliError with bpftool's texts */
export function parseMapRef(words: readonly string[]): MapRef {
  const [by, what] = words
  if (by === undefined || what === undefined) throw new CliError(`'map' needs at least 2 arguments, ${words.length} found`)
  switch (by) {
    case 'id':
      return { by, id: wholeNumber('map id', what) }
    case 'pinned':
      return { by, path: what }
    case 'name':
      return { by, name: what }
    default:
      throw new CliError(`expected 'id', 'pinned' or 'name', got: '${by}'?`)
  }
}

/** `map MAP` behind the path of `iterfs pin`; undefined without. @throws CliError */
export function mapOperand(words: readonly string[]): MapRef | undefined {
  if (words.length === 0) return undefined
  if (words[0] !== 'map' || words.length > 3)
    throw new CliError(`expected no more arguments or 'map MAP', got: '${words.join(' ')}'?`)
  return parseMapRef(words.slice(1))
}

/** The maps that a ref names: one, or all of a name. @throws CliError when there is none */
export function findMaps(client: Client, ref: MapRef): ListedMap[] {
  const list = (fields: Record<string, unknown>): ListedMap[] => client.request<{ maps: ListedMap[] }>('map_list', fields).maps
  switch (ref.by) {
    case 'id':
      try {
        return list({ map_id: ref.id })
      } catch (err) {
        throw cliError(`get map by id (${ref.id})`, err)
      }
    case 'pinned':
      try {
        return list({ ino: statSync(ref.path).ino })
      } catch (err) {
        throw cliError(`bpf obj get (${ref.path})`, err)
      }
    case 'name': {
      const found = list({}).filter(map => map.info.name === ref.name)
      return found.length > 0 ? found : fail(`can't parse name ${ref.name}`)
    }
  }
}

const fail = (message: string): never => {
  throw new CliError(message, EINVAL)
}

/** Id of the one map that a ref names. @throws CliError for none, or several of a name */
export function findMap(client: Client, ref: MapRef): number {
  const found = findMaps(client, ref)
  if (found.length > 1)
    throw new CliError(`several maps match this handle: want one, got ids ${found.map(map => map.info.id).join(', ')}`)
  return found[0]!.info.id
}
