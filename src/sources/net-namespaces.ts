// The network namespaces that this process can see: those of tasks, and those that are mounted.
import type { Dir, Platform } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import { ErrnoError } from '../util/errno.ts'
import { isDenied, type SourceHooks } from './session.ts'

export interface NetNamespace {
  readonly id: string
  /** Inode number. */
  readonly inum: number
  /** Processes with a thread in it. */
  processes: number
  /** The smallest of them; 0 for none. */
  pid: number
  /** A place where it is mounted (ip netns); null for none. */
  path: string | null
}

class Search {
  readonly found = new Map<number, NetNamespace>()
  readonly #mountNamespaces = new Set<string>()
  readonly #platform: Platform
  denied = 0

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** A process: the namespaces of its threads, and what is mounted in its mount namespace. */
  process(name: string): void {
    let dir: Dir | undefined
    try {
      dir = this.#platform.openDir(`/proc/${name}`)
      const mine = new Set<number>()
      const threads = this.#platform.stat(`/proc/${name}/task`).nlink > 3 ? dir.list('task') : []
      for (const place of ['', ...threads.map(tid => `task/${tid}/`)]) this.#add(mine, dir, place)
      for (const inum of mine) {
        const namespace = this.#get(inum)
        namespace.processes++
        namespace.pid ||= Number(name)
      }
      this.#mounts(dir)
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err // else it is gone
      if (isDenied(err)) this.denied++
    } finally {
      dir?.close()
    }
  }

  #add(mine: Set<number>, dir: Dir, place: string): void {
    const inum = Number(/^net:\[(\d+)\]$/.exec(dir.readlink(`${place}ns/net`))?.[1] ?? 0)
    if (inum !== 0) mine.add(inum)
  }

  /** Once for each mount namespace. */
  #mounts(dir: Dir): void {
    const namespace = dir.readlink('ns/mnt')
    if (this.#mountNamespaces.has(namespace)) return
    this.#mountNamespaces.add(namespace)
    for (const [, inum, path] of decodeText(dir.read('mountinfo')).matchAll(/^\d+ \d+ \S+ net:\[(\d+)\] (\S+) .* - nsfs /gm)) {
      this.#get(Number(inum)).path ??= path!
    }
  }

  #get(inum: number): NetNamespace {
    let namespace = this.found.get(inum)
    if (!namespace) {
      namespace = { id: `${inum}`, inum, processes: 0, pid: 0, path: null }
      this.found.set(inum, namespace)
    }
    return namespace
  }
}

/** All of them, ascending by number. @throws ErrnoError when /proc is not there */
export function netNamespaces(platform: Platform, hooks: SourceHooks): NetNamespace[] {
  const search = new Search(platform)
  const pids = platform.list('/proc').filter(name => /^\d+$/.test(name))
  for (const name of pids.sort((a, b) => Number(a) - Number(b))) search.process(name)
  if (search.denied > 0) hooks.denied('network namespace', search.denied)
  return [...search.found.values()].sort((a, b) => a.inum - b.inum)
}
