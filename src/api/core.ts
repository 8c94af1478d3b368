// What stands behind a BpfObject and the programs, maps and links that it gives out: the object as it was read with what was changed
// since, and, once loaded, the engine that runs it.
import { compileWasm } from '../bpf/compile.ts'
import type { BpfEngineOptions, LoadedProg } from '../bpf/engine.ts'
import type { Place } from '../btf/value.ts'
import { placeAt } from '../btf/value.ts'
import { Engine } from '../engine.ts'
import type { BpfMap } from '../maps/map.ts'
import { ringbufSize } from '../object/map-type.ts'
import { parseObject } from '../object/parse.ts'
import { KCONFIG } from '../object/sections.ts'
import { variablesOf } from '../object/set.ts'
import type { MapSpec, ObjectSpec } from '../object/spec.ts'
import { EBADF, EPERM } from '../util/errno.ts'
import { compileInterpreter } from '../vm/interpreter.ts'
import { LAYOUT } from '../vm/memory.ts'
import { fail, sysError } from './error.ts'
import { liveSection, type Memory } from './live.ts'
import type { ObjectMap } from './map.ts'
import { type Denied, runtime } from './runtime.ts'

/** How an object is loaded. */
export interface LoadOptions {
  /** Longest time, in ms, that one call of a program may take (2000). The read that called it fails with ETIMEDOUT. */
  readonly progLimitMs?: number
  /** Run programs by the reference interpreter, not compiled to WebAssembly. */
  readonly interpreter?: boolean
  /** A loaded map of another object to which programs of this one shall attach: both then live in one engine, with that object's hooks. */
  readonly share?: ObjectMap<unknown, unknown>
  /** A line of bpf_trace_printk(). */
  readonly trace?: (prog: string, text: string) => void
  /** A program was ended by `err`; the read fails too. */
  readonly progFailed?: (prog: string, err: Error) => void
  /** `what` of tasks was left out, or read as 0, `times` times, because it may not be read by this user. */
  readonly denied?: Denied
}

/** Longest time of one call of a program, in ms. */
const PROG_LIMIT_MS = 2000

/** BPF_MAP_TYPE_RINGBUF */
const RINGBUF = 27

const nothing = (): void => {}

/** What is in a loaded object. */
interface Loaded {
  readonly engine: Engine
  /** The same for objects that share an address space. */
  readonly space: object
  readonly denied: Denied
  /** By name, with the id of each. */
  readonly progs: ReadonlyMap<string, { readonly prog: LoadedProg; readonly id: number }>
  /** In the order of the object. */
  readonly mapIds: readonly number[]
}

/** A link or an open file that ends with the object. */
export interface Dependent {
  end(): void
}

export class ObjectCore {
  /** As it was read. */
  readonly spec: ObjectSpec
  /** Of variables by section. */
  readonly globals: Readonly<Record<string, object>>
  /** Name of the object in messages. */
  readonly label: string
  readonly dependents = new Set<Dependent>()
  readonly #initial: readonly (Uint8Array | null)[]
  readonly #maxEntries = new Map<number, number>()
  readonly #autoload = new Map<string, boolean>()
  #loaded: Loaded | null = null
  #closed = false

  /** @throws BpfError what is wrong with the object */
  constructor(bytes: Uint8Array, name: string) {
    this.spec = parseObject(bytes, name)
    this.label = `object ${this.spec.name || '(no name)'}`
    const { maps, btf } = this.spec
    this.#initial = maps.map(({ initial }) => (initial ? new Uint8Array(initial) : null))
    const sections = maps.flatMap(({ name, initial }, index): [string, object][] => {
      if (!btf || !initial) return []
      return [[name, liveSection(btf, this.#memory(index), name, placesOf(this.spec, index))]]
    })
    this.globals = Object.fromEntries(sections)
  }

  get isLoaded(): boolean {
    return this.#loaded !== null
  }

  /** @throws BpfError when it is not loaded, or closed; `what` is named in the message */
  loaded(what: string): Loaded {
    if (this.#closed) fail('API_CLOSED', { object: this.label, what }, EBADF)
    return this.#loaded ?? fail('API_NOT_LOADED', { object: this.label, what })
  }

  /** @throws BpfError when it is loaded already, or closed */
  unloaded(what: string): void {
    if (this.#closed) fail('API_CLOSED', { object: this.label, what }, EBADF)
    if (this.#loaded) fail('API_LOADED', { object: this.label, what })
  }

  /** The loaded map. @throws as loaded() */
  map(index: number, what: string): BpfMap {
    const { engine, mapIds } = this.loaded(what)
    engine.bpf.sockets.refresh()
    return engine.bpf.map(mapIds[index]!)!
  }

  maxEntries(index: number): number {
    return this.#maxEntries.get(index) ?? this.spec.maps[index]!.maxEntries
  }

  /** bpf_map__set_max_entries() */
  setMaxEntries(index: number, value: number): void {
    const { name, type } = this.spec.maps[index]!
    this.unloaded(`maxEntries of map ${name}`)
    if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) fail('API_MAX_ENTRIES', { map: name, got: String(value) })
    this.#maxEntries.set(index, type === RINGBUF ? ringbufSize(value) : value)
  }

  autoload(prog: string): boolean {
    return this.#autoload.get(prog) ?? this.spec.funcs.find(({ name, entry }) => name === prog && entry)?.entry?.autoload ?? false
  }

  /** bpf_program__set_autoload() */
  setAutoload(prog: string, value: boolean): void {
    this.unloaded(`autoload of program ${prog}`)
    this.#autoload.set(prog, value)
  }

  load({ share, interpreter = false, denied = nothing, ...rest }: LoadOptions): void {
    this.unloaded('load')
    runtime.start()
    const shared = share?.[CORE].loaded(`map ${share.name}`)
    const hooks = { trace: rest.trace ?? nothing, progFailed: rest.progFailed ?? nothing, denied }
    const bpf: BpfEngineOptions = {
      ...{ ...hooks, platform: runtime.platform, nextMapId: () => runtime.next() },
      compile: interpreter ? compileInterpreter : compileWasm,
      progLimitMs: rest.progLimitMs ?? PROG_LIMIT_MS,
    }
    const engine = shared?.engine ?? new Engine({ bpf })
    const withMap = share && { withMap: share.id }
    try {
      const { progs, maps } = engine.bpf.loadSpec(this.#changed(), { number: runtime.next(), set: {}, ...withMap })
      for (const map of maps) runtime.addMap(map, engine)
      const byName = progs.map(prog => [prog.name, { prog, id: runtime.next() }] as const)
      for (const [name, { prog, id }] of byName) runtime.addProg({ id, name, target: prog.target })
      this.#loaded = {
        ...{ engine, denied: shared?.denied ?? denied, space: shared?.space ?? {} },
        ...{ progs: new Map(byName), mapIds: maps.map(({ id }) => id) },
      }
    } catch (err) {
      throw sysError('load', err)
    }
  }

  /** Ends links and open files, and gives maps and programs back. */
  close(): void {
    for (const dependent of [...this.dependents]) dependent.end()
    this.#closed = true
    const loaded = this.#loaded
    this.#loaded = null
    if (!loaded) return
    for (const { prog, id } of loaded.progs.values()) {
      loaded.engine.bpf.unload(prog.key)
      runtime.remove(id)
    }
    for (const id of loaded.mapIds) {
      loaded.engine.bpf.freeMap(id)
      runtime.remove(id)
    }
  }

  /** The object with what was changed. */
  #changed(): ObjectSpec {
    const maps = this.spec.maps.map((map, i): MapSpec => {
      return { ...map, initial: this.#initial[i]?.slice() ?? null, maxEntries: this.maxEntries(i) }
    })
    const funcs = this.spec.funcs.map(func => {
      return func.entry ? { ...func, entry: { ...func.entry, autoload: this.autoload(func.name) } } : func
    })
    return { ...this.spec, maps, funcs }
  }

  #memory(index: number): Memory {
    const { name, readonly } = this.spec.maps[index]!
    const bytes = this.#initial[index]!
    const before = new DataView(bytes.buffer)
    return {
      view: path => {
        if (!this.#loaded) {
          if (this.#closed) this.loaded(path)
          return name === KCONFIG ? fail('API_KCONFIG', { path }) : before
        }
        const map = this.map(index, path)
        // The bytes at LAYOUT.ZERO are the key 0.
        return new DataView(map.space.memory.buffer, map.lookup(LAYOUT.ZERO), bytes.length)
      },
      checkWrite: path => {
        if (name === KCONFIG) fail('API_KCONFIG', { path }, EPERM)
        if (readonly && this.#loaded) fail('API_READONLY', { path, section: name }, EPERM)
      },
    }
  }
}

/** Where a handle keeps what is behind it; for the files of this folder only. */
export const CORE = Symbol('core')

/** Variables of a section by name; names that are there twice (static ones of two functions) are left out. */
export function placesOf(spec: ObjectSpec, index: number): Map<string, Place> {
  const places = new Map<string, Place>()
  const twice = new Set<string>()
  for (const { name, typeId, off } of variablesOf(spec, index)) {
    if (places.has(name)) twice.add(name)
    places.set(name, placeAt(typeId, off))
  }
  for (const name of twice) places.delete(name)
  return places
}
