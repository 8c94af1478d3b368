// iterfs link show | update and iterfs prog show, with bpftool's output.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Prog } from '../../../src/index.ts'
import { type Client, listMounts, type MountPoint, mountOf, splitPath, withClient } from '../client.ts'
import { CliError, cliError, wholeNumber } from '../error.ts'
import { type ListedLink, linkJson, linkText, progJson, progText } from '../link-text.ts'
import type { ProgOptions } from '../params.ts'
import { loadProg } from './pin.ts'

interface ShowOptions {
  json?: boolean
  bpffs?: boolean
  fdinfo?: boolean
}

export function linkShow(path: string | undefined, id: string | undefined, options: ShowOptions): void {
  const links = selectLinks(path, id)
  const shown = options.bpffs ? links : links.map(link => ({ ...link, pinned: [] }))
  if (options.json) process.stdout.write(`${JSON.stringify(path === undefined ? shown.map(linkJson) : linkJson(shown[0]!))}\n`)
  else if (options.fdinfo) process.stdout.write(shown.map(link => link.fdinfo).join('\n'))
  else for (const link of shown) process.stdout.write(`${linkText(link)}\n`)
}

function selectLinks(path: string | undefined, id: string | undefined): ListedLink[] {
  if (path === undefined) return onEachMount(mount => list(mount, {}))
  if (path === 'id' && id !== undefined) {
    const link_id = wholeNumber('id', id)
    const found = onEachMount(mount => list(mount, {})).find(link => link.info.id === link_id)
    if (found) return [found]
    throw new CliError(`get link by id (${link_id}): No such file or directory`, 2)
  }
  return list(mountOf(splitPath(path).dir), { ino: inodeOf(path) })
}

/** What all mounts answer together; one that does not (its daemon died, or it is somebody else's) is named and passed over. */
function onEachMount<T>(ask: (mount: MountPoint) => T[]): T[] {
  return listMounts().flatMap(mount => {
    try {
      return ask(mount)
    } catch (err) {
      process.stderr.write(`Warning: ${cliError('', err).message}\n`)
      return []
    }
  })
}

function list(mount: MountPoint, which: Record<string, unknown>): ListedLink[] {
  return withClient(mount, client => {
    const { links } = client.request<{ links: ListedLink[] }>('link_list', { ...which, cgroup: ownCgroups() })
    return links.map(link => ({ ...link, pinned: link.pinned.map(pin => join(mount.dir, pin)) }))
  })
}

/** What the paths of cgroups are compared with, which are those of this process's cgroup namespace. */
function ownCgroups(): string | undefined {
  try {
    return readFileSync('/proc/self/cgroup', 'utf8')
  } catch {
    return undefined // a kernel without cgroups
  }
}

function inodeOf(path: string): number {
  try {
    return statSync(path).ino
  } catch (err) {
    throw cliError(`bpf obj get (${path})`, err)
  }
}

export function linkUpdate(path: string, program: string, options: ProgOptions): void {
  withClient(mountOf(splitPath(path).dir), (client: Client) => {
    const ino = inodeOf(path)
    const prog = loadProg(client, program, options)
    try {
      client.request('link_update', { ino, prog_id: prog.id })
    } catch (err) {
      throw cliError(`failed link update of ${path}`, err)
    }
  })
}

export function progShow(what: string | undefined, id: string | undefined, options: ShowOptions): void {
  if (what !== undefined && (what !== 'id' || id === undefined))
    throw new CliError(`prog show: want nothing or "id N", got "${what}"`, 22)
  const wanted = id === undefined ? undefined : wholeNumber('id', id)
  const progs = onEachMount(mount => withClient(mount, client => client.request<{ progs: Prog[] }>('prog_list').progs))
  const shown = progs.filter(prog => wanted === undefined || prog.id === wanted)
  if (wanted !== undefined && shown.length === 0) throw new CliError(`get prog by id (${wanted}): No such file or directory`, 2)
  if (options.json) process.stdout.write(`${JSON.stringify(shown.map(progJson))}\n`)
  else for (const prog of shown) process.stdout.write(`${progText(prog)}\n`)
}
