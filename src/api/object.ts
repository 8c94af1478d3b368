// The API for programs that use iterators: what libbpf and a skeleton are to C. An object is opened (read and checked), may be changed,
// is loaded (its maps made, its programs linked against iterfs's own kernel types and compiled), and its programs are attached. Nothing
// here needs a mount, root, or the kernel's BPF.
//
// Each object has an engine of its own in this thread, so that closing it gives everything back. Reading an iterator runs its program
// here and now: a stream is read in pieces, between which other work goes on.
import { type LoadOptions, ObjectCore } from './core.ts'
import { fail } from './error.ts'
import { ObjectMap } from './map.ts'
import { ObjectProg } from './prog.ts'
import type { AnyTypes, ObjectTypes } from './types.ts'

/** How an object is opened. */
export interface OpenOptions {
  /** Name of the file: names of maps for variables begin with it (`object`). */
  readonly name?: string
}

/**
 * Opens an object made by clang. `T` are its types, as `iterfs gen skeleton` writes them; without them variables are BtfValues.
 * @throws BpfError what is wrong with the object, naming section and offset
 */
export const openObject = <T extends ObjectTypes = AnyTypes>(
  bytes: Uint8Array,
  { name = 'object' }: OpenOptions = {},
): BpfObject<T> => new BpfObject<T>(new ObjectCore(bytes, name))

/** Variables of the section S, when the object has it. */
export type GlobalsOf<T extends ObjectTypes, S extends string> = S extends keyof T['globals'] ? T['globals'][S] : never

/** The map for its `{ key, value }`. */
export type MapFor<M> = M extends { readonly key: infer K; readonly value: infer V } ? ObjectMap<K, V> : never

/** The program for its target. */
export type ProgFor<P> = [P] extends [string | null] ? ObjectProg<P> : never

/** A BPF object; made by openObject(). */
export class BpfObject<T extends ObjectTypes = AnyTypes> {
  /** Name of the file up to the first dot. */
  readonly name: string
  /** SEC("license") */
  readonly license: string
  /** Programs by name. */
  readonly progs: { readonly [N in keyof T['progs']]: ProgFor<T['progs'][N]> }
  /** Maps of `.maps` by name. */
  readonly maps: { readonly [N in keyof T['maps']]: MapFor<T['maps'][N]> }
  /**
   * Variables by section (`.bss`, `.data.NAME`) and name. They are the memory of the programs: each look reads it, each assignment writes
   * it. `.rodata` may be written before load only; `.kconfig` is read after load.
   */
  readonly globals: T['globals']
  readonly #core: ObjectCore

  /** @internal */
  constructor(core: ObjectCore) {
    const { name, license, funcs, maps } = core.spec
    this.#core = core
    this.name = name
    this.license = license
    const progs = funcs.filter(({ entry }) => entry !== null).map(({ name }) => [name, new ObjectProg(core, name)])
    this.progs = Object.fromEntries(progs) as typeof this.progs
    const own = maps.flatMap(({ name, initial }, i) => (initial ? [] : [[name, new ObjectMap(core, i)]]))
    this.maps = Object.fromEntries(own) as typeof this.maps
    this.globals = core.globals as T['globals']
  }

  /** Variables that begin as 0. @throws BpfError when there are none */
  get bss(): GlobalsOf<T, '.bss'> {
    return this.#section('.bss')
  }

  /** Variables that begin as something else. @throws BpfError when there are none */
  get data(): GlobalsOf<T, '.data'> {
    return this.#section('.data')
  }

  /** Constants: `const volatile`. May be set before load. @throws BpfError when there are none */
  get rodata(): GlobalsOf<T, '.rodata'> {
    return this.#section('.rodata')
  }

  /** What the object takes from the configuration of the kernel. @throws BpfError when there are none */
  get kconfig(): GlobalsOf<T, '.kconfig'> {
    return this.#section('.kconfig')
  }

  /** A program by name. @throws BpfError naming those that there are */
  prog<N extends keyof T['progs'] & string>(name: N): ProgFor<T['progs'][N]> {
    if (Object.hasOwn(this.progs, name)) return this.progs[name]
    return fail('API_NO_PROG', { object: this.#core.label, name, there: Object.keys(this.progs) })
  }

  /** A map by name. @throws BpfError naming those that there are */
  map<N extends keyof T['maps'] & string>(name: N): MapFor<T['maps'][N]> {
    if (Object.hasOwn(this.maps, name)) return this.maps[name]
    return fail('API_NO_MAP', { object: this.#core.label, name, there: Object.keys(this.maps) })
  }

  /**
   * Makes the maps, and links and compiles the programs. After an error it is as before.
   * @throws BpfError for what the object needs and iterfs does not have, naming the line of C; SyscallError ENOMEM, E2BIG, EINVAL
   */
  load(options: LoadOptions = {}): this {
    this.#core.load(options)
    return this
  }

  get isLoaded(): boolean {
    return this.#core.isLoaded
  }

  /** Gives everything back: links end, streams that are open fail with EBADF when they are read. Safe to call twice. */
  close(): void {
    this.#core.close()
  }

  /** As close(), at the end of a `using` declaration. */
  [Symbol.dispose](): void {
    this.close()
  }

  #section<S extends string>(name: S): GlobalsOf<T, S> {
    const { globals, label } = this.#core
    if (!Object.hasOwn(globals, name)) fail('API_NO_SECTION', { object: label, name, there: Object.keys(globals) })
    return globals[name] as GlobalsOf<T, S>
  }
}
