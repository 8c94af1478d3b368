// iterfs pin: what `bpftool iter pin` does.
import { resolve } from 'node:path'
import type { IterLinkInfo } from '../../../src/index.ts'
import { type Client, mountOf, splitPath } from '../client.ts'
import { withMaps } from '../daemon-maps.ts'
import { cliError } from '../error.ts'
import { fail, Words } from '../map-args.ts'
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
    return chooseProg(program, progs, options.prog)
  } catch (err) {
    throw cliError(`can't load ${program}`, err)
  }
}

export function pinCommand(program: string, path: string, rest: string[], options: ProgOptions): void {
  const mount = mountOf(splitPath(path).dir)
  withMaps(maps => {
    const map_id = rest.length === 0 ? undefined : maps.idIn(mount.dir, mapWords(new Words(rest)))
    const info = map_id === undefined ? remoteLinkInfo(options) : { map: { map_fd: map_id } }
    pinIterator(maps.client(mount.dir), program, path, options, map_id, info)
  })
}

/** Takes the word `map`. @throws CliError for another */
function mapWords(words: Words): Words {
  const word = words.take()
  return word === 'map' ? words : fail(`expected no more arguments or 'map', got: '${word}'?`)
}

function pinIterator(
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
