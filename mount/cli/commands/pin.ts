// iterfs pin: what `bpftool iter pin` does.
import { resolve } from 'node:path'
import { type Client, mountOf, splitPath, withClient } from '../client.ts'
import { cliError } from '../error.ts'
import { chooseProg, type ProgOptions, remoteLinkInfo } from '../params.ts'

interface LoadedProg {
  id: number
  name: string
  target: string
}

/** Loads a program's file through `client` and chooses the program. @throws CliError */
export function loadProg(client: Client, program: string, options: ProgOptions): LoadedProg {
  const path = resolve(program)
  try {
    const { progs } = client.request<{ progs: LoadedProg[] }>('prog_load', { path, set: options.set })
    return chooseProg(program, progs, options.prog)
  } catch (err) {
    throw cliError(`can't load ${program}`, err)
  }
}

export function pinCommand(program: string, path: string, options: ProgOptions): void {
  const info = remoteLinkInfo(options)
  withClient(mountOf(splitPath(path).dir), client => {
    const prog = loadProg(client, program, options)
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
