// One engine: loaded programs, and the open files that run them. An engine worker of the daemon has one, and
// `iterfs read` has one of its own, without a mount.
import type { IterAux, IterLinkInfo, LinkInfo } from './iter/link.ts'
import { findTarget, type IterReg, listTargets, type Opener } from './iter/reg.ts'
import { IterSession, type RunProg } from './iter/session.ts'
import { type Iter, loadModule, runnerOf } from './program/module.ts'
import { EBADF, EINVAL, ENOENT, ErrnoError } from './util/errno.ts'

/** A program as it was found in its file. */
export interface FoundProg {
  readonly name: string
  readonly target: string
}

/** What attaching a program gives: plain data that crosses threads. */
export interface Attached {
  readonly aux: IterAux
  readonly info: Partial<LinkInfo>
  readonly fdinfo: string
}

/** Marks where the engine is, so that another thread can tell a program that does not return. */
export interface Progress {
  enter(): void
  leave(): void
}

export class Engine {
  readonly #progs = new Map<string, RunProg>()
  readonly #sessions = new Map<number, IterSession>()
  readonly #progress: Progress | undefined

  constructor(progress?: Progress) {
    this.#progress = progress
  }

  /**
   * Loads a module's programs, with its globals set.
   * @throws what loadModule throws, and ErrnoError EINVAL for a program of an unknown target
   */
  async load(path: string, set: Readonly<Record<string, string>>): Promise<FoundProg[]> {
    const found = await loadModule(path, set)
    for (const prog of found) {
      targetOf(prog.name, prog.target)
      this.#progs.set(prog.name, prog.run)
    }
    return found.map(({ name, target }) => ({ name, target }))
  }

  /** Adds a program that is there already. */
  add(name: string, iter: Iter): void {
    this.#progs.set(name, runnerOf(iter))
  }

  /** BPF_LINK_CREATE's part of the target. @throws ErrnoError of the target's attach check */
  attach(target: string, info: IterLinkInfo | undefined): Attached {
    const reg = targetOf('attach', target)
    const aux = reg.attach_target?.(info) ?? {}
    const filled: Partial<LinkInfo> = {}
    reg.fill_link_info?.(aux, filled as LinkInfo)
    return { aux, info: filled, fdinfo: reg.show_fdinfo?.(aux) ?? '' }
  }

  /** The link is gone. */
  detach(target: string, aux: IterAux): void {
    findTarget(target)?.detach_target?.(aux)
  }

  /** open(2) of a pin: nothing is looked at yet. @throws ErrnoError of the target's source */
  open(fh: number, prog: string, target: string, aux: IterAux, opener: Opener, sessionId: bigint): void {
    const run = this.#progs.get(prog)
    if (!run) throw new ErrnoError(ENOENT, `no program ${prog} in this engine`)
    const ops = targetOf(prog, target).seq_info.open(aux, opener)
    this.#sessions.set(fh, new IterSession(ops, this.#guarded(run), sessionId))
  }

  /** read(2); see IterSession.read(). @throws ErrnoError EBADF for a handle that is not open, and what read() throws */
  read(fh: number, size: number): Uint8Array {
    return this.#session(fh).read(size)
  }

  /** See IterSession.unread(). */
  unread(fh: number, n: number): void {
    this.#session(fh).unread(n)
  }

  /** Last close of the file; unknown handles are ignored. */
  close(fh: number): void {
    this.#sessions.get(fh)?.close()
    this.#sessions.delete(fh)
  }

  #session(fh: number): IterSession {
    return this.#sessions.get(fh) ?? throwBadf(fh)
  }

  #guarded(run: RunProg): RunProg {
    const progress = this.#progress
    if (!progress) return run
    return (meta, args) => {
      progress.enter()
      try {
        return run(meta, args)
      } finally {
        progress.leave()
      }
    }
  }
}

const throwBadf = (fh: number): never => {
  throw new ErrnoError(EBADF, `no open iterator with handle ${fh}`)
}

function targetOf(prog: string, name: string): IterReg {
  const reg = findTarget(name)
  if (!reg) {
    const names = listTargets().map(target => target.target)
    throw new ErrnoError(EINVAL, `${prog}: no iterator target "${name}"; targets: ${names.join(', ')}`)
  }
  return reg
}
