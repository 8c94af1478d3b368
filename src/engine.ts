// One engine: loaded programs, and the open files that run them. An engine worker of the daemon has one, and
// `iterfs read` has one of its own, without a mount.
import { BpfEngine, type BpfEngineOptions, type LoadedObject, type ObjectLoad } from './bpf/engine.ts'
import type { IterAux, IterLinkInfo, LinkInfo } from './iter/link.ts'
import { BPF_ITER_RESCHED, findTarget, type IterReg, listTargets, type Opener } from './iter/reg.ts'
import { IterSession, type RunProg } from './iter/session.ts'
import { type Iter, loadModule, runnerOf } from './program/module.ts'
import { isElf } from './util/bytes.ts'
import { EBADF, EINVAL, ENOENT, EOPNOTSUPP, ErrnoError, throwErrno } from './util/errno.ts'

/** A program as it was found in its file. */
export interface FoundProg {
  readonly name: string
  readonly target: string
  /** Its name in the engine. */
  readonly key: string
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

/**
 * What a program's file is: a BPF object by its first bytes, a module by its name.
 * @throws ErrnoError EINVAL for any other file
 */
export function fileKind(path: string, bytes: Uint8Array): 'object' | 'module' {
  if (isElf(bytes)) return 'object'
  if (/\.[mc]?[jt]s$/.test(path)) return 'module'
  const got = bytes.length === 0 ? 'an empty file' : `one that begins with ${[...bytes.subarray(0, 4)].map(hex).join(' ')}`
  throw new ErrnoError(EINVAL, `${path}: want an ELF object made by clang, or a module (.ts, .mts, .js, .mjs), got ${got}`)
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0')

/** An open file: of an iterator (IterSession), or of a map. */
interface OpenFile {
  read(size: number): Uint8Array
  unread(n: number): void
  close(): void
}

/** A recording in the machine's place. */
export interface Replay {
  /** Whoever opens or reads is taken for this process, in whose place the recorder was. */
  readonly reader: Opener
  /** What was looked at since the last call and is not there; null for nothing. */
  takeComplaint(): Error | null
}

export interface EngineOptions {
  readonly progress?: Progress
  /** Without it BPF objects cannot be loaded. */
  readonly bpf?: BpfEngineOptions
  readonly replay?: Replay | undefined
}

export class Engine {
  readonly #progs = new Map<string, RunProg>()
  /** `release` gives back the maps that the file needs. */
  readonly #files = new Map<number, { readonly file: OpenFile; readonly release?: () => void }>()
  readonly #progress: Progress | undefined
  readonly #bpf: BpfEngine | undefined
  readonly #replay: Replay | undefined

  constructor(options: EngineOptions = {}) {
    this.#progress = options.progress
    this.#replay = options.replay
    this.#bpf = options.bpf && new BpfEngine(options.bpf)
  }

  /** The BPF side. @throws ErrnoError EOPNOTSUPP when this engine was made without */
  get bpf(): BpfEngine {
    return this.#bpf ?? throwErrno(EOPNOTSUPP, 'this engine runs no BPF programs')
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
    return found.map(({ name, target }) => ({ name, target, key: name }))
  }

  /** Adds a program that is there already. */
  add(name: string, iter: Iter): void {
    this.#progs.set(name, runnerOf(iter))
  }

  /** Loads a BPF object; see BpfEngine.load(). Its programs are opened by their keys. */
  loadObject(object: ObjectLoad): LoadedObject {
    return this.#checked(() => this.bpf.load(object))
  }

  /**
   * BPF_LINK_CREATE's part of the target.
   * @param prog key of the program, for what the kernel asks of sleepable ones
   * @throws ErrnoError EINVAL for a sleepable program on a target that does not yield, and what the target's attach check says
   */
  attach(prog: string, target: string, info: IterLinkInfo | undefined): Attached {
    const reg = targetOf(prog, target)
    if (this.#bpf?.prog(prog)?.sleepable && !(reg.feature & BPF_ITER_RESCHED)) {
      throw new ErrnoError(
        EINVAL,
        `${prog.slice(prog.indexOf(':') + 1)}: want a program that does not sleep for target ${target}, got section iter.s/${target}`,
      )
    }
    const aux = this.#checked(() => reg.attach_target?.(info)) ?? {}
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
    const bpf = this.#bpf?.prog(prog)
    const run = this.#progs.get(prog) ?? bpf?.run
    if (!run) throw new ErrnoError(ENOENT, `no program ${prog} in this engine`)
    const ops = this.#checked(() => targetOf(prog, target).seq_info.open(aux, this.#replay?.reader ?? opener))
    const file = new IterSession(ops, this.#guarded(run), sessionId)
    this.#files.set(fh, bpf ? { file, release: this.bpf.hold([...bpf.mapIds, ...(aux.map ? [aux.map.id] : [])]) } : { file })
  }

  /** open(2) of a pinned map: its elements as text. @throws ErrnoError ENOENT, EIO for a map without BTF or of another type */
  openMap(fh: number, id: number): void {
    this.#files.set(fh, { file: this.bpf.openMap(id), release: this.bpf.hold([id]) })
  }

  /**
   * read(2) by `reader`, the process that helpers call current; see IterSession.read().
   * @throws ErrnoError EBADF for a handle that is not open, and what read() throws
   */
  read(fh: number, size: number, reader?: Opener): Uint8Array {
    if (reader && this.#bpf) this.#bpf.reader = this.#replay?.reader ?? reader
    const file = this.#file(fh)
    return this.#checked(() => file.read(size))
  }

  /** See IterSession.unread(). */
  unread(fh: number, n: number): void {
    this.#file(fh).unread(n)
  }

  /** Last close of the file; unknown handles are ignored. */
  close(fh: number): void {
    const open = this.#files.get(fh)
    this.#files.delete(fh)
    open?.file.close()
    open?.release?.()
  }

  #file(fh: number): OpenFile {
    return this.#files.get(fh)?.file ?? throwBadf(fh)
  }

  /** Whatever caught the error of a look that is not in the recording: what was made without it is not shown. */
  #checked<T>(work: () => T): T {
    const replay = this.#replay
    if (!replay) return work()
    let made: T
    try {
      made = work()
    } catch (err) {
      throw replay.takeComplaint() ?? err
    }
    const complaint = replay.takeComplaint()
    if (complaint) throw complaint
    return made
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
