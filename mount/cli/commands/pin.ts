// iterfs pin: what `bpftool iter pin` does.
import { resolve } from 'node:path'
import type { IterLinkInfo } from '../../../src/index.ts'
import { type Client, mountOf, splitPath, withClient } from '../client.ts'
import { cliError } from '../error.ts'
import { chooseProg, type ProgOptions, remoteLinkInfo } from '../params.ts'

interface LoadedProg {
  id: number
  name: string
  target: string
}

/** Loads a program's file through `client`, beside the map it shall iterate, and chooses the program. @throws CliError */
export function loadProg(client: Client, program: string, options: ProgOptions, map_id?: number): LoadedProg {
  const path = resolve(program)
  try {
    const { progs } = client.request<{ progs: LoadedProg[] }>('prog_load', { path, set: options.set, map_id })
    return chooseProg(progs, options.prog)
  } catch (err) {
    throw cliError(`can't load ${program}`, err)
  }
}

export async function pinCommand(program: string, path: string, rest: string[], options: ProgOptions): Promise<void> {
  const mount = mountOf(splitPath(path).dir)
  const map_id = rest.length === 0 ? undefined : await mapOperand(mount.dir, rest)
  const info = map_id === undefined ? await remoteLinkInfo(options) : { map: { map_fd: map_id } }
  withClient(mount, client => pinIterator(client, program, path, options, map_id, info))
}

/** Id of the map of the mount `dir` that `map MAP` names. @throws CliError */
async function mapOperand(dir: string, rest: readonly string[]): Promise<number> {
  const [{ withMaps }, { fail, Words }] = await Promise.all([import('../daemon-maps.ts'), import('../map-args.ts')])
  const words = new Words(rest)
  const word = words.take()
  if (word !== 'map') fail(`expected no more arguments or 'map', got: '${word}'?`)
  return withMaps(maps => maps.idIn(dir, words))
}

/** Loads a program and pins its iterator. @throws CliError */
export function pinIterator(
  client: Client,
  program: string,
  path: string,
  options: ProgOptions,
  map_id: number | undefined,
  info: IterLinkInfo | undefined,
): void {
  const prog = loadProg(client, program, options, map_id)
  let link_id = 0
  try {
    link_id = client.request<{ link_id: number }>('link_create', { prog_id: prog.id, info }).link_id
  } catch (err) {
    throw cliError(`attach_iter failed for program ${prog.name}`, err)
  }
  try {
    client.pin({ link_id }, path)
  } catch (err) {
    throw cliError(`pin_iter failed for program ${prog.name} to path ${path}`, err)
  }
}
