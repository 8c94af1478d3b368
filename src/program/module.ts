// TypeScript (and JavaScript) programs: a module exports iterators, and `globals` that can be set before load.
import { register } from 'node:module'
import { pathToFileURL } from 'node:url'
import { bpf_seq_printf, type FmtArg } from '../helpers/bprintf.ts'
import type { IterMeta, RunProg } from '../iter/session.ts'
import type { SeqFile } from '../seq/seq-file.ts'
import type { CtxArgs } from '../seq/seq-operations.ts'
import type { IterContexts } from '../targets/contexts.ts'
import { encodeText } from '../util/bytes.ts'
import { EINVAL, ENOENT, ErrnoError } from '../util/errno.ts'

/** What a program prints into: the two helpers of section 3.2, with the kernel's format rules and return values. */
export interface Seq {
  /** bpf_seq_printf(): 0, or -EOVERFLOW when the text does not fit, -EINVAL for a bad format, -ENOSPC for too large arguments. */
  printf(fmt: string, ...args: readonly FmtArg[]): number
  /** bpf_seq_write(): 0 or -EOVERFLOW. A string is written as UTF-8. */
  write(data: Uint8Array | string): number
}

/** struct bpf_iter_meta as a TypeScript program sees it. */
export interface Meta {
  readonly seq: Seq
  /** Number of this open file, counted over all iterators since the daemon started. */
  readonly session_id: bigint
  /** Number of the object, from 0; the END call repeats the last one. */
  readonly seq_num: bigint
}

/** The context of a target's program: `meta` and the target's own fields, null in the END call. */
export type Ctx<T extends string> = { readonly meta: Meta } & (T extends keyof IterContexts ? IterContexts[T] : CtxArgs)

/**
 * An iterator as a module exports it. `run` is called once per object and once at the end with null objects; it
 * returns 0 (or nothing), or 1 to have the object shown again at the next read (EAGAIN).
 */
export interface Iter<T extends string = string> {
  readonly target: T
  run(ctx: Ctx<T>): 0 | 1 | undefined | void
}

/** One program of a loaded module. */
export interface ModuleProg {
  readonly name: string
  readonly target: string
  readonly run: RunProg
}

const seqs = new WeakMap<SeqFile, Seq>()

function seqOf(file: SeqFile): Seq {
  let seq = seqs.get(file)
  if (!seq) {
    seq = {
      printf: (fmt, ...args) => bpf_seq_printf(file, fmt, args, {}),
      write: data => file.write(typeof data === 'string' ? encodeText(data) : data),
    }
    seqs.set(file, seq)
  }
  return seq
}

/** A TypeScript iterator as the read loop calls it. */
export function runnerOf(iter: Iter): RunProg {
  return (meta: IterMeta, args: CtxArgs) => {
    const ctx = {
      meta: { seq: seqOf(meta.seq), session_id: meta.session_id, seq_num: BigInt.asUintN(64, meta.seq_num) },
      ...args,
    }
    const returned = iter.run(ctx) ?? 0
    if (returned !== 0 && returned !== 1) {
      throw new TypeError(`${iter.target} program: want return value 0 or 1, got ${String(returned)}`)
    }
    return returned
  }
}

let hooked = false

/** Makes `.ts` files and the import of `iterfs` work in this thread. `packageUrl` is the URL of the package's index. */
export function hookModules(packageUrl: string): void {
  if (hooked) return
  hooked = true
  register(new URL('./hooks.js', import.meta.url), { data: { packageUrl } })
}

/**
 * Loads a module and sets its globals. Modules are cached by Node: a thread that loads programs with their own
 * globals loads one module only.
 * @param set values for `export const globals`, as text
 * @throws ErrnoError ENOENT no such global or no iterator, EINVAL a value that does not fit the global's type;
 *   whatever the module itself throws
 */
export async function loadModule(path: string, set: Readonly<Record<string, string>>): Promise<ModuleProg[]> {
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>
  const globals = (module.globals ?? {}) as Record<string, unknown>
  for (const [name, text] of Object.entries(set)) {
    if (!Object.hasOwn(globals, name)) {
      const names = Object.keys(globals).join(', ') || 'none'
      throw new ErrnoError(ENOENT, `${path}: no global "${name}" to set; the module's globals: ${names}`)
    }
    globals[name] = parseGlobal(`${path}: global "${name}"`, globals[name], text)
  }
  const progs = Object.entries(module).flatMap(([name, value]) => {
    if (!isIter(value)) return []
    return [{ name: name === 'default' ? value.target : name, target: value.target, run: runnerOf(value) }]
  })
  if (progs.length === 0) {
    throw new ErrnoError(
      ENOENT,
      `${path}: want an export { target: string, run(ctx) }, got ${Object.keys(module).join(', ') || 'no exports'}`,
    )
  }
  return progs
}

const isIter = (value: unknown): value is Iter =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Iter).target === 'string' &&
  typeof (value as Iter).run === 'function'

/** The text of `--set NAME=VALUE` as a value of the type that the global has now. */
function parseGlobal(place: string, now: unknown, text: string): unknown {
  const bad = (want: string): never => {
    throw new ErrnoError(EINVAL, `${place}: want ${want}, got "${text}"`)
  }
  switch (typeof now) {
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : bad('a number')
    case 'bigint':
      return /^\s*-?(0x[0-9a-f]+|\d+)\s*$/i.test(text)
        ? text.trim().startsWith('-')
          ? -BigInt(text.trim().slice(1))
          : BigInt(text)
        : bad('an integer')
    case 'boolean':
      return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : bad('true, false, 1 or 0')
    case 'string':
      return text
    default:
      return bad(`nothing: a global of type ${typeof now} cannot be set`)
  }
}
