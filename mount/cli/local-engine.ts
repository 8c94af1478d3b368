// An engine in this process, for verbs that run programs without a mount.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  compileWasm,
  Engine,
  type FoundProg,
  fileKind,
  hookModules,
  type Iter,
  type IterLinkInfo,
  type MapInfo,
  type Platform,
  type Replay,
  registerTargets,
} from '../../src/index.ts'
import { pidOfPidfd } from './params.ts'

/** Bytes asked for at a time, as cat(1) does. */
const READ_SIZE = 131072
/** Longest time that one call of a BPF program may take. */
const PROG_LIMIT_MS = 2000

export interface Loaded {
  readonly progs: readonly FoundProg[]
  readonly maps: readonly MapInfo[]
}

/** One in a process: it registers the targets. */
export class LocalEngine {
  readonly #engine: Engine
  readonly #objects: ReturnType<typeof registerTargets>
  readonly #denied = new Map<string, number>()
  readonly #reader = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() }
  #files = 0
  #maps = 0

  constructor(platform: Platform, replay?: Replay) {
    const denied = (what: string, times: number): void => void this.#denied.set(what, (this.#denied.get(what) ?? 0) + times)
    this.#objects = registerTargets(platform, {
      denied,
      pidOfPidfd,
      attacher: () => 'self',
      map: id => this.#engine.bpf.map(id),
      sockets: () => this.#engine.bpf.sockets,
    })
    this.#engine = new Engine({
      replay,
      bpf: {
        ...{ platform, denied, compile: compileWasm, progLimitMs: PROG_LIMIT_MS, nextMapId: () => ++this.#maps },
        progFailed: (_prog, err) => process.stderr.write(`iterfs: ${err.message}\n`),
        trace: (prog, text) => process.stderr.write(`${prog}: bpf_trace_printk: ${text}`),
      },
    })
  }

  /** Loads a BPF object or a module, as its first bytes tell. */
  async load(program: string, set: Record<string, string>): Promise<Loaded> {
    const path = resolve(program)
    const bytes = readFileSync(path)
    if (fileKind(path, bytes) === 'object') return this.#engine.loadObject({ number: ++this.#files, path, bytes, set })
    hookModules(new URL('../../src/index.js', import.meta.url).href)
    return { progs: await this.#engine.load(path, set), maps: [] }
  }

  /** Adds a program that is there already. */
  add(name: string, iter: Iter): void {
    this.#engine.add(name, iter)
  }

  /** The targets bpf_prog, bpf_map and bpf_link show what was loaded, and a link of `linked`. */
  show({ progs, maps }: Loaded, linked: FoundProg): void {
    const sources = progs.map(({ name, target }, i) => ({ id: i + 1, name, target }))
    this.#objects.update({ progs: sources, links: [{ id: 1, prog: sources[progs.indexOf(linked)]! }], maps })
  }

  /**
   * Opens the program's iterator. The function that it gives reads on: an empty chunk at the end; a chunk is valid until the next.
   * @throws ErrnoError of the attach check and of the target's source; the function throws what Engine.read() does
   */
  open({ key, target }: Pick<FoundProg, 'key' | 'target'>, info: IterLinkInfo | undefined): () => Uint8Array {
    const { aux } = this.#engine.attach(key, target, info)
    const fh = ++this.#files
    this.#engine.open(fh, key, target, aux, this.#reader, 1n)
    return () => {
      try {
        const data = this.#engine.read(fh, READ_SIZE, this.#reader)
        if (data.length === 0) this.#engine.close(fh)
        return data
      } catch (err) {
        this.#engine.close(fh)
        throw err
      }
    }
  }

  /** Says on standard error what may not be read. */
  tellDenied(): void {
    for (const [what, times] of this.#denied)
      process.stderr.write(`iterfs: ${what}: left out ${times} times: Permission denied\n`)
  }
}
