// Programs, maps and links with their ids, parameters and references: what BPF_PROG_LOAD, BPF_MAP_CREATE, BPF_LINK_CREATE and
// BPF_LINK_UPDATE keep in the kernel. Pure bookkeeping: nothing here runs a program or holds an element.
import type { IterAux, LinkInfo } from '../iter/link.ts'
import type { MapInfo } from '../maps/map.ts'
import { EBADF, EINVAL, ENOENT, EPERM, ErrnoError } from '../util/errno.ts'

/** A loaded program: bpf_prog_info as far as iterfs has it. */
export interface Prog {
  readonly id: number
  readonly name: string
  readonly target: string
  /** 16 hex digits (prog_tag): of the instructions, or of a module's text. */
  readonly tag: string
  readonly uid: number
  /** ns since the epoch */
  readonly loadedAt: bigint
  /** The module or object file it came from. */
  readonly path: string
  /** Engine worker that runs it, and its name there. */
  readonly worker: number
  readonly key: string
  /** Loaded from `iter.s/`: may only be linked to targets that yield. */
  readonly sleepable: boolean
  readonly gpl: boolean
  /** Maps it uses. */
  readonly mapIds: readonly number[]
  /** Bytes of BPF instructions; absent for TypeScript programs. */
  readonly sizes?: { readonly xlated: number }
}

/** A map, which lives in the engine worker that made it. */
export interface StoredMap {
  readonly id: number
  readonly worker: number
  info: MapInfo
}

/** An iterator link: bpf_link_info of type BPF_LINK_TYPE_ITER. */
export interface Link {
  readonly id: number
  readonly target: string
  prog: Prog
  readonly aux: IterAux
  /** What the target's fill_link_info and show_fdinfo said at creation. */
  readonly targetInfo: Partial<LinkInfo>
  readonly targetFdinfo: string
}

/** What can be pinned. */
export type Pinnable = 'link' | 'map'

/** One number for a link or a map, for the tree, which does not look into what is pinned. */
export const pinNumber = (kind: Pinnable, id: number): number => id * 2 + (kind === 'map' ? 1 : 0)

/** What a pinNumber() stands for. */
export const pinnedAs = (number: number): { kind: Pinnable; id: number } => ({
  kind: number % 2 === 1 ? 'map' : 'link',
  id: Math.floor(number / 2),
})

/** BPF_F_REPLACE of BPF_LINK_UPDATE. */
export const BPF_F_REPLACE = 4

/** Objects of one kind that are referred to. */
class Table<T extends { readonly id: number }> {
  readonly #held = new Map<number, { readonly object: T; refs: number }>()
  readonly #kind: string
  readonly #onFree: (object: T) => void

  constructor(kind: string, onFree: (object: T) => void) {
    this.#kind = kind
    this.#onFree = onFree
  }
  /** The caller holds the one reference. */
  add(object: T): T {
    this.#held.set(object.id, { object, refs: 1 })
    return object
  }
  has(id: number): boolean {
    return this.#held.has(id)
  }
  /** @throws ErrnoError ENOENT */
  get(id: number): T {
    return this.#entry(id).object
  }
  /** Ascending by id. */
  all(): T[] {
    return [...this.#held.values()].map(held => held.object).sort((a, b) => a.id - b.id)
  }
  hold(id: number): void {
    this.#entry(id).refs++
  }
  put(id: number): void {
    const held = this.#entry(id)
    if (--held.refs > 0) return
    this.#held.delete(id)
    this.#onFree(held.object)
  }
  #entry(id: number): { readonly object: T; refs: number } {
    const held = this.#held.get(id)
    if (!held) throw new ErrnoError(ENOENT, `no ${this.#kind} with id ${id}`)
    return held
  }
}

/** Hears of objects whose last reference is gone. */
export interface StoreHooks {
  progFreed(prog: Prog): void
  mapFreed(map: StoredMap): void
  linkFreed(link: Link): void
}

export class ObjectStore {
  readonly #progs: Table<Prog>
  readonly #maps: Table<StoredMap>
  readonly #links: Table<Link>
  #lastProg = 0
  #lastLink = 0

  constructor(hooks: StoreHooks) {
    this.#maps = new Table('map', map => hooks.mapFreed(map))
    this.#progs = new Table('prog', prog => {
      hooks.progFreed(prog)
      for (const id of prog.mapIds) this.#maps.put(id)
    })
    this.#links = new Table('link', link => {
      hooks.linkFreed(link)
      if (link.aux.map) this.#maps.put(link.aux.map.id)
      this.#progs.put(link.prog.id)
    })
  }

  /** Adds a program, which takes references to its maps; the caller holds its one reference. Ids ascend and are not used again. */
  addProg(prog: Omit<Prog, 'id'>): Prog {
    for (const id of prog.mapIds) this.#maps.hold(id)
    return this.#progs.add({ ...prog, id: ++this.#lastProg })
  }

  /** Adds a map under the id that its worker gave it; the caller holds its one reference. */
  addMap(map: StoredMap): StoredMap {
    return this.#maps.add(map)
  }

  /** Adds a link, which takes references to its program and to the map it iterates; the caller holds the link's one reference. */
  addLink(prog: Prog, rest: Pick<Link, 'aux' | 'targetInfo' | 'targetFdinfo'>): Link {
    this.#progs.hold(prog.id)
    if (rest.aux.map) this.#maps.hold(rest.aux.map.id)
    return this.#links.add({ ...rest, prog, target: prog.target, id: ++this.#lastLink })
  }

  /** @throws ErrnoError ENOENT */
  prog(id: number): Prog {
    return this.#progs.get(id)
  }

  /** @throws ErrnoError ENOENT */
  map(id: number): StoredMap {
    return this.#maps.get(id)
  }

  /** @throws ErrnoError ENOENT */
  link(id: number): Link {
    return this.#links.get(id)
  }

  /** Ascending by id. */
  progs(): Prog[] {
    return this.#progs.all()
  }

  /** Ascending by id. */
  maps(): StoredMap[] {
    return this.#maps.all()
  }

  /** Ascending by id. */
  links(): Link[] {
    return this.#links.all()
  }

  putProg(id: number): void {
    this.#progs.put(id)
  }

  putMap(id: number): void {
    this.#maps.put(id)
  }

  putLink(id: number): void {
    this.#links.put(id)
  }

  /** A pin refers to the object with this pinNumber(). False when that is gone. */
  holdPinned(number: number): boolean {
    const { kind, id } = pinnedAs(number)
    const table = kind === 'map' ? this.#maps : this.#links
    if (!table.has(id)) return false
    table.hold(id)
    return true
  }

  /** A pin is gone. False when the object is gone already. */
  putPinned(number: number): boolean {
    const { kind, id } = pinnedAs(number)
    const table = kind === 'map' ? this.#maps : this.#links
    if (!table.has(id)) return false
    table.put(id)
    return true
  }

  /**
   * BPF_LINK_UPDATE (bpf_iter_link_replace): files opened later run the new program.
   * @param oldProg id that must be the current one, with BPF_F_REPLACE
   * @throws ErrnoError as kernel-semantics 1.4 lists them
   */
  updateLink(link: Link, prog: Prog, flags = 0, oldProg = 0): void {
    if (flags & ~BPF_F_REPLACE) throw new ErrnoError(EINVAL, `link update: want flags 0 or ${BPF_F_REPLACE}, got ${flags}`)
    if (flags === 0 && oldProg !== 0) throw new ErrnoError(EINVAL, 'link update: an old program needs BPF_F_REPLACE')
    if (flags === BPF_F_REPLACE) {
      if (oldProg === 0) throw new ErrnoError(EINVAL, 'link update: BPF_F_REPLACE needs the old program')
      if (!this.#progs.has(oldProg)) throw new ErrnoError(EBADF, `link update: no program with id ${oldProg}`)
      if (oldProg !== link.prog.id)
        throw new ErrnoError(EPERM, `link ${link.id}: want old program ${link.prog.id}, got ${oldProg}`)
    }
    if (prog.target !== link.target) {
      throw new ErrnoError(
        EINVAL,
        `link ${link.id}: want a program of target ${link.target}, got ${prog.name} of target ${prog.target}`,
      )
    }
    this.#progs.hold(prog.id)
    const before = link.prog
    link.prog = prog
    this.putProg(before.id)
  }
}

/** bpf_link_info of a link. */
export const linkInfo = (link: Link): LinkInfo => ({
  id: link.id,
  type: 'iter',
  prog_id: link.prog.id,
  target_name: link.target,
  ...link.targetInfo,
})

/** The lines that bpf_link_show_fdinfo and bpf_iter_link_show_fdinfo add to fdinfo of a link's descriptor (section 7). */
export const linkFdinfo = (link: Link): string =>
  `link_type:\titer\nlink_id:\t${link.id}\nprog_tag:\t${link.prog.tag}\nprog_id:\t${link.prog.id}\ntarget_name:\t${link.target}\n${link.targetFdinfo}`
