// What all objects of a process share: the registered targets, ids, and the list of objects that bpf_prog and its kin iterate.

import type { Engine } from '../engine.ts'
import { findTarget } from '../iter/reg.ts'
import type { LinkSource, MapSource, ProgSource } from '../kernel/rows/bpf.ts'
import type { MapInfo } from '../maps/map.ts'
import { nodePlatform } from '../platform/node.ts'
import type { Platform } from '../platform/platform.ts'
import { pidOfPidfd } from '../sources/descriptor.ts'
import type { Objects } from '../targets/objects.ts'
import { registerTargets } from '../targets/register.ts'

/** Hears what may not be read; see LoadOptions.denied. */
export type Denied = (what: string, times: number) => void

class Runtime {
  readonly #engines = new Map<number, Engine>()
  readonly #progs = new Map<number, ProgSource>()
  readonly #maps = new Map<number, MapSource>()
  readonly #links = new Map<number, LinkSource>()
  #platform: Platform | undefined
  /** Null when other code has registered the targets. */
  #objects: Objects | null = null
  #denied: Denied = () => {}
  #last = 0

  get platform(): Platform {
    this.#platform ??= nodePlatform()
    return this.#platform
  }

  /** Whether the targets know the maps of this API. */
  get ownsTargets(): boolean {
    return this.#objects !== null
  }

  /** A number that nothing in this process has yet: ids of objects, handles of files, sessions. */
  next(): number {
    return ++this.#last
  }

  /** Registers the targets, unless that was done. */
  start(): void {
    if (findTarget('task')) return
    this.#objects = registerTargets(this.platform, {
      denied: (what, times) => this.#denied(what, times),
      attacher: () => 'self',
      map: id => this.#engines.get(id)?.bpf.map(id),
      sockets: id => this.#engines.get(id)?.bpf.sockets,
      pidOfPidfd: fd => pidOfPidfd(this.platform, 'self', fd),
    })
  }

  /** Calls into the engine, in which `denied` hears what may not be read. */
  during<T>(denied: Denied, call: () => T): T {
    const before = this.#denied
    this.#denied = denied
    try {
      return call()
    } finally {
      this.#denied = before
    }
  }

  addProg(prog: ProgSource): void {
    this.#progs.set(prog.id, prog)
    this.#update()
  }

  addMap(map: MapInfo, engine: Engine): void {
    this.#maps.set(map.id, map)
    this.#engines.set(map.id, engine)
    this.#update()
  }

  addLink(link: LinkSource): void {
    this.#links.set(link.id, link)
    this.#update()
  }

  /** The program, map or link is gone. */
  remove(id: number): void {
    for (const objects of [this.#progs, this.#maps, this.#links, this.#engines]) objects.delete(id)
    this.#update()
  }

  #update(): void {
    this.#objects?.update({
      progs: [...this.#progs.values()],
      maps: [...this.#maps.values()],
      links: [...this.#links.values()],
    })
  }
}

/** The one of this process, or of this worker thread. */
export const runtime = new Runtime()
