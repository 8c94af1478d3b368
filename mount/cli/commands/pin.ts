// iterfs pin: what `bpftool iter pin` does.
import { resolve } from 'node:path'
import { type Client, mountOf, splitPath, withClient } from '../client.ts'
import { cliError } from '../error.ts'
import { findMap, mapOperand } from '../map-ref.ts'
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
  const ref = mapOperand(rest)
  withClient(mountOf(splitPath(path).dir), client => {
    const map_id = ref && findMap(client, ref)
    const info = map_id === undefined ? remoteLinkInfo(options) : { map: { map_fd: map_id } }
    const prog = loadProg(client, program, options, map_id)
    let link = 0
    try {
      link = client.request<{ link_id: number }>('link_create', { prog_id: prog.id, info }).link_id
    } catch (err) {
      throw cliError(`attach_iter failed for program ${prog.name}`, err)
    }
    try {
      client.pin(link, path)
    } catch (err) {
      throw cliError(`pin_iter failed for program ${prog.name} to path ${path}`, err)
    }
  })
}
