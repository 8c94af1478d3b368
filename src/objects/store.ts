// Programs and links with their ids, parameters and references: what BPF_PROG_LOAD, BPF_LINK_CREATE and BPF_LINK_UPDATE
// keep in the kernel. Pure bookkeeping: nothing here runs a program.
import type { IterAux, LinkInfo } from '../iter/link.ts'
import { EBADF, EINVAL, ENOENT, EPERM, ErrnoError } from '../util/errno.ts'

/** A loaded program: bpf_prog_info as far as iterfs has it. */
export interface Prog {
  readonly id: number
  readonly name: string
  readonly target: string
  /** 16 hex digits, a hash of the program's text (prog_tag). */
  readonly tag: string
  readonly uid: number
  /** ns since the epoch */
  readonly loadedAt: bigint
  /** The module or object file it came from. */
  readonly path: string
  /** Engine worker that runs it. */
  readonly worker: number
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

/** BPF_F_REPLACE of BPF_LINK_UPDATE. */
export const BPF_F_REPLACE = 4

interface Counted<T> {
  readonly object: T
  refs: number
}

export class ObjectStore {
  readonly #progs = new Map<number, Counted<Prog>>()
  readonly #links = new Map<number, Counted<Link>>()
  readonly #onProgFree: (prog: Prog) => void
  readonly #onLinkFree: (link: Link) => void
  #lastProg = 0
  #lastLink = 0

  /** The callbacks hear of objects whose last reference is gone. */
  constructor(onProgFree: (prog: Prog) => void, onLinkFree: (link: Link) => void) {
    this.#onProgFree = onProgFree
    this.#onLinkFree = onLinkFree
  }

  /** Adds a program; the caller holds its one reference. Ids ascend and are not used again. */
  addProg(prog: Omit<Prog, 'id'>): Prog {
    const object = { ...prog, id: ++this.#lastProg }
    this.#progs.set(object.id, { object, refs: 1 })
    return object
  }

  /** Adds a link, which takes a reference to its program; the caller holds the link's one reference. */
  addLink(prog: Prog, rest: Pick<Link, 'aux' | 'targetInfo' | 'targetFdinfo'>): Link {
    this.#held(this.#progs, prog.id, 'prog').refs++
    const object = { ...rest, prog, target: prog.target, id: ++this.#lastLink }
    this.#links.set(object.id, { object, refs: 1 })
    return object
  }

  /** @throws ErrnoError ENOENT */
  prog(id: number): Prog {
    return this.#held(this.#progs, id, 'prog').object
  }

  /** @throws ErrnoError ENOENT */
  link(id: number): Link {
    return this.#held(this.#links, id, 'link').object
  }

  hasLink(id: number): boolean {
    return this.#links.has(id)
  }

  /** Ascending by id. */
  progs(): Prog[] {
    return [...this.#progs.values()].map(held => held.object)
  }

  /** Ascending by id. */
  links(): Link[] {
    return [...this.#links.values()].map(held => held.object)
  }

  getLink(id: number): void {
    this.#held(this.#links, id, 'link').refs++
  }

  putLink(id: number): void {
    const held = this.#held(this.#links, id, 'link')
    if (--held.refs > 0) return
    this.#links.delete(id)
    this.#onLinkFree(held.object)
    this.putProg(held.object.prog.id)
  }

  putProg(id: number): void {
    const held = this.#held(this.#progs, id, 'prog')
    if (--held.refs > 0) return
    this.#progs.delete(id)
    this.#onProgFree(held.object)
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
    this.#held(this.#progs, prog.id, 'prog').refs++
    const before = link.prog
    link.prog = prog
    this.putProg(before.id)
  }

  #held<T>(map: Map<number, Counted<T>>, id: number, kind: string): Counted<T> {
    const held = map.get(id)
    if (!held) throw new ErrnoError(ENOENT, `no ${kind} with id ${id}`)
    return held
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
