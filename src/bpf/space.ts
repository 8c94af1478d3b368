// One address space with all that lives in it: maps, programs, and what their helpers need. Objects that share maps share it.
import type { HelperEnv } from '../helpers/env.ts'
import { makeHelpers } from '../helpers/make.ts'
import type { CtxArgInfo, Opener } from '../iter/reg.ts'
import type { IterMeta, RunProg } from '../iter/session.ts'
import { KernelMemory } from '../kernel/memory.ts'
import type { MapSource } from '../kernel/rows/bpf.ts'
import { SOURCE, STRUCT, type Viewed } from '../kernel/view.ts'
import type { BpfMap } from '../maps/map.ts'
import { ProgArrayMap } from '../maps/slots.ts'
import type { Platform } from '../platform/platform.ts'
import { SeqFile } from '../seq/seq-file.ts'
import type { CtxArgs } from '../seq/seq-operations.ts'
import { HeldSockets } from '../sources/held-sockets.ts'
import { SourceSession } from '../sources/session.ts'
import { Lines } from '../sources/text.ts'
import { pageAddress, pageAt } from '../util/address.ts'
import { EFAULT, ENOENT, ErrnoError, ETIMEDOUT } from '../util/errno.ts'
import { isMemRef } from '../util/mem-ref.ts'
import type { Compile, Executable, HelperCode, VmHost, VmProgram } from '../vm/engine.ts'
import { AddressSpace, MEM_BASE_HI } from '../vm/memory.ts'
import { burnFuel, prepare } from '../vm/prepare.ts'
import { kernelTypes } from './kernel-types.ts'
import { helperMachine } from './machine.ts'
import { kernelObjects } from './objects.ts'
import { typedPrinter } from './typed.ts'

/** MAX_TAIL_CALL_CNT */
const MAX_TAIL_CALLS = 33
const WORD = 8
/** struct bpf_iter_meta: seq, session_id, seq_num. */
const META_SIZE = 3 * WORD

export interface BpfHooks {
  readonly compile: Compile
  /** How long, in ms, one call of a program may run. */
  readonly progLimitMs: number
  /** Bytes that the maps and programs of one address space may take together; 4 GiB by default. */
  readonly memoryLimit?: number
  /** A program was ended by `err`: it ran too long, or wrote where nothing is. */
  progFailed(prog: string, err: Error): void
  /** A line of bpf_trace_printk(). */
  trace(prog: string, text: string): void
  /** Objects that helpers looked for may not be read; see SourceHooks. */
  denied(what: string, times: number): void
}

/** A program that runs in the space. */
export interface SpaceProg {
  readonly name: string
  readonly sleepable: boolean
  readonly exec: Executable
}

/** The thread that reads, as FUSE names it; its process is looked up when a helper asks. */
class Reader {
  readonly #platform: Platform
  readonly #opener: Opener
  #tgid: number | undefined
  constructor(platform: Platform, opener: Opener) {
    this.#platform = platform
    this.#opener = opener
  }
  get pid(): number {
    return this.#opener.pid
  }
  get uid(): number {
    return this.#opener.uid
  }
  get gid(): number {
    return this.#opener.gid
  }
  get tgid(): number {
    this.#tgid ??= tgidOf(this.#platform, this.pid)
    return this.#tgid
  }
  isOf(opener: Opener): boolean {
    return this.#opener === opener
  }
}

function tgidOf(platform: Platform, tid: number): number {
  try {
    return new Lines(platform.read(`/proc/${tid}/status`)).number('Tgid')
  } catch {
    return tid // gone already
  }
}

const NO_READER: Opener = { pid: 0, uid: 0, gid: 0 }
const NO_PROG: SpaceProg = {
  name: 'none',
  sleepable: false,
  exec: {
    run: () => 0,
    callback: () => 0,
  },
}

export class BpfSpace {
  readonly space: AddressSpace
  readonly kernel: KernelMemory
  /** By id. */
  readonly maps = new Map<number, BpfMap>()
  /** By the offset that lookups in maps of maps give, and by the page of their struct bpf_map. */
  readonly #mapAt = new Map<number, BpfMap>()
  readonly #mapPages = new Map<number, BpfMap>()
  /** How many maps of maps have a map, and which of those only they refer to. */
  readonly #mapRefs = new Map<number, number>()
  readonly #dying = new Set<number>()
  /** What program arrays lead to, by the number in their slots. */
  readonly #progs = new Map<number, SpaceProg>()
  #lastProg = 0
  readonly #hooks: BpfHooks
  readonly #platform: Platform
  readonly #host: VmHost
  readonly #helpers: ReturnType<typeof makeHelpers>
  readonly #objects: ReturnType<typeof kernelObjects>
  readonly #now: { seq: SeqFile; reader: Reader; prog: SpaceProg }
  /** Number of the present call, and of the one whose time is measured. */
  #call = 0
  #timed = -1
  #timedSince = 0
  #tailCalls = 0

  constructor(platform: Platform, hooks: BpfHooks, sockets: HeldSockets = new HeldSockets(platform)) {
    this.#hooks = hooks
    this.#platform = platform
    this.#now = { seq: new SeqFile(), reader: new Reader(platform, NO_READER), prog: NO_PROG }
    this.space = new AddressSpace(hooks.memoryLimit)
    this.kernel = new KernelMemory(this.space, kernelTypes().leaves, new SourceSession(platform, { denied: hooks.denied }))
    this.#objects = kernelObjects(this.kernel, platform, sockets)
    const env: HelperEnv = {
      space: this.space,
      translate: this.kernel.translate,
      now: this.#now,
      mapAt: (lo, hi) => this.#mapBehind(lo, hi),
      objects: this.#objects,
      printTyped: typedPrinter(this.kernel),
      trace: text => hooks.trace(this.#now.prog.name, text),
      machine: { ...helperMachine(platform), cpu: this.cpu },
      burn: units => burnFuel(this.#host, units),
    }
    this.#helpers = makeHelpers(env)
    this.#host = {
      space: this.space,
      translate: this.kernel.translate,
      helper: id => orRefusal(`helper ${id}`, () => this.#helpers.helper(id)),
      tailCall: () => this.#tailCall(),
      // Not the platform's clock: that of a recording stands still.
      outOfFuel: () => this.#outOfFuel(performance.now()),
    }
  }

  /** The kfunc with this name; see orRefusal(). */
  kfunc(name: string): HelperCode {
    return orRefusal(name, () => this.#helpers.kfunc(name))
  }

  /**
   * The program, checked now and compiled when it is first run: objects have many programs of which one is used.
   * @throws BpfError for instructions that do not exist and jumps out of the program
   */
  compile(program: VmProgram): Executable {
    prepare(program)
    let made: Executable | undefined
    const exec = (): Executable => {
      made ??= this.#hooks.compile(program, this.#host)
      return made
    }
    return { run: (lo, hi) => exec().run(lo, hi), callback: (lo, hi) => exec().callback(lo, hi) }
  }

  /** Takes in a program; the number that program arrays have for it. */
  addProg(prog: SpaceProg): number {
    this.#progs.set(++this.#lastProg, prog)
    return this.#lastProg
  }

  hasProg(number: number): boolean {
    return this.#progs.has(number)
  }

  /** The program is not needed any more, but by program arrays: while the space has one it stays. */
  removeProg(number: number): void {
    if (![...this.maps.values()].some(map => map instanceof ProgArrayMap)) this.#progs.delete(number)
  }

  /** Takes in a map. */
  addMap(map: BpfMap, source: MapSource): void {
    const at = this.kernel.place('bpf_map', source)
    this.maps.set(map.id, map)
    this.#mapAt.set(at, map)
    this.#mapPages.set(
      this.kernel.keep('bpf_map', () => source),
      map,
    )
  }

  /** Address of the struct bpf_map of a map: what a program has of it, and what bpf_map iterators show it. */
  mapAddress(map: BpfMap): bigint {
    for (const [page, known] of this.#mapPages) if (known === map) return pageAddress(page)
    throw new ErrnoError(ENOENT, `map ${map.id} is not in this address space`)
  }

  /** The offset that stands for a map as the value of another. */
  mapOffset(map: BpfMap): number {
    for (const [at, known] of this.#mapAt) if (known === map) return at
    throw new ErrnoError(ENOENT, `map ${map.id} is not in this address space`)
  }

  /** A map of maps refers to the map. False when it is not in this space. */
  holdMap(id: number): boolean {
    if (!this.maps.has(id)) return false
    this.#mapRefs.set(id, (this.#mapRefs.get(id) ?? 0) + 1)
    return true
  }

  /** A map of maps refers to the map no longer. */
  putMap(id: number): void {
    const refs = (this.#mapRefs.get(id) ?? 0) - 1
    if (refs > 0) this.#mapRefs.set(id, refs)
    else {
      this.#mapRefs.delete(id)
      if (this.#dying.delete(id)) this.removeMap(id)
    }
  }

  /** Nothing outside refers to the map any more: it goes, or does so with the last map of maps that has it. */
  removeMap(id: number): void {
    const map = this.maps.get(id)
    if (!map) return
    if (this.#mapRefs.has(id)) {
      this.#dying.add(id)
      return
    }
    const at = this.mapOffset(map)
    this.#mapAt.delete(at)
    for (const [page, known] of this.#mapPages) {
      if (known !== map) continue
      this.#mapPages.delete(page)
      this.kernel.forget(page)
    }
    this.space.free(at, kernelTypes().leaves.roomOf('bpf_map'))
    this.maps.delete(id)
    map.destroy()
  }

  /** The CPU, which is the same throughout one call of a program, as where the kernel disables migration (bpf_iter_run_prog). */
  readonly cpu = (): number => {
    if (this.#cpuOfCall !== this.#call) {
      this.#cpuOfCall = this.#call
      this.#cpu = this.#platform.cpu()
    }
    return this.#cpu
  }
  #cpu = 0
  #cpuOfCall = -1

  /**
   * The program as the read loop calls it. Its context is laid out as the kernel's: meta, then 8 bytes a field.
   * @param reader who calls read(2) at the moment
   */
  runner(prog: SpaceProg, args: readonly CtxArgInfo[], reader: () => Opener): RunProg {
    const ctx = this.space.alloc(META_SIZE + (1 + args.length) * WORD)
    const meta = ctx + (1 + args.length) * WORD
    const names = args.map(arg => arg.name)
    return (iterMeta: IterMeta, values: CtxArgs) => {
      const { view } = this.space
      writeWindow(view, ctx, meta)
      this.kernel.writeOpaque(meta, `seq_file ${iterMeta.session_id}`)
      view.setBigUint64(meta + WORD, iterMeta.session_id, true)
      view.setBigUint64(meta + 2 * WORD, iterMeta.seq_num, true)
      for (let i = 0; i < names.length; i++) this.#writeArg(ctx + (1 + i) * WORD, values[names[i]!])
      const now = this.#now
      now.seq = iterMeta.seq
      const opener = reader()
      if (!now.reader.isOf(opener)) now.reader = new Reader(this.#platform, opener)
      now.prog = prog
      this.#call++
      this.#tailCalls = 0
      try {
        return prog.exec.run(ctx, MEM_BASE_HI) === 0 ? 0 : 1
      } catch (err) {
        if (err instanceof ErrnoError && (err.errno === EFAULT || err.errno === ETIMEDOUT)) this.#hooks.progFailed(prog.name, err)
        throw err
      } finally {
        this.#helpers.endRun()
        this.#objects.endRun()
        this.kernel.reset()
      }
    }
  }

  #writeArg(at: number, value: unknown): void {
    const { view } = this.space
    if (typeof value === 'number') {
      view.setInt32(at, value, true)
      view.setInt32(at + 4, 0, true)
    } else if (isMemRef(value)) writeWindow(view, at, value.offset)
    else if (value === null || value === undefined) view.setBigUint64(at, 0n, true)
    else this.kernel.writeAddress(at, (value as Viewed)[STRUCT], (value as Viewed)[SOURCE])
  }

  /** The map of a map pointer: a constant of the program, or the map of a context. */
  #mapBehind(lo: number, hi: number): BpfMap | null {
    if (hi >>> 0 === MEM_BASE_HI) return this.#mapAt.get(lo >>> 0) ?? null
    return (lo & 0xfff) === 0 ? (this.#mapPages.get(pageAt(lo, hi)) ?? null) : null
  }

  #outOfFuel(nowMs: number): void {
    if (this.#timed !== this.#call) {
      this.#timed = this.#call
      this.#timedSince = nowMs
    } else if (nowMs - this.#timedSince > this.#hooks.progLimitMs) {
      throw new ErrnoError(
        ETIMEDOUT,
        `${this.#now.prog.name}: want the call to return within ${this.#hooks.progLimitMs} ms, it still runs`,
      )
    }
  }

  #tailCall(): boolean {
    const { args } = this.space
    const map = this.#mapBehind(args[2]!, args[3]!)
    const index = args[4]! >>> 0
    if (!(map instanceof ProgArrayMap) || this.#tailCalls >= MAX_TAIL_CALLS) return false
    const prog = this.#progs.get(map.progAt(index))
    if (!prog) return false
    this.#tailCalls++
    // Its callbacks are its own.
    const now = this.#now
    const caller = now.prog
    now.prog = prog
    try {
      prog.exec.run(args[0]!, args[1]!)
    } finally {
      now.prog = caller
    }
    return true
  }
}

/**
 * What a call runs. One that is refused stands in a place that the program cannot come to, or checkCalls() would have refused the
 * program; should it come there all the same, the call throws.
 */
function orRefusal(name: string, find: () => HelperCode): HelperCode {
  try {
    return find()
  } catch (err) {
    const run = (): never => {
      throw err
    }
    return { name, argCount: 0, ret: 'int', run }
  }
}

/** Writes the address of an offset in the window. */
function writeWindow(view: DataView, at: number, offset: number): void {
  view.setUint32(at, offset, true)
  view.setUint32(at + 4, MEM_BASE_HI, true)
}
