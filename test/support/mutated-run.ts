// Loads a BPF object into an engine of this process, runs each of its programs through one open file, and unloads it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { compileWasm as compileOptimised } from '../../src/bpf/compile.ts'
import { kernelTypes } from '../../src/bpf/kernel-types.ts'
import { formatC } from '../../src/btf/format-c.ts'
import { Engine } from '../../src/engine.ts'
import type { IterLinkInfo } from '../../src/iter/link.ts'
import { compileWasm } from '../../src/jit/compile.ts'
import { nodePlatform } from '../../src/platform/node.ts'
import { registerTargets } from '../../src/targets/register.ts'
import { ErrnoError } from '../../src/util/errno.ts'
import { BpfError } from '../../src/util/error.ts'
import { compileAll } from './clang.ts'
import { scratch } from './daemon.ts'
import { ROOT } from './paths.ts'

/** What a run came to: how much text, or the error that ended it. */
export interface Outcome {
  /** Programs that were read from. */
  readonly progs: number
  readonly bytes: number
  /** Errors by their code, or `errno N`. */
  readonly errors: readonly string[]
}

/** How long one call may take; short, since many programs here do not end by themselves. */
export const limits = { progMs: 100 }
const MEMORY_LIMIT = 8 << 20
const READS = 4
const READ_SIZE = 8192

/** One program in so many is compiled as the daemon does it, which takes longest of all. */
const OPTIMISED_EACH = 4

let compiled = 0
let maps = 0
let handles = 0
const platform = nodePlatform()
const engine = new Engine({
  bpf: {
    platform,
    compile: (program, host) => (compiled++ % OPTIMISED_EACH === 0 ? compileOptimised : compileWasm)(program, host),
    get progLimitMs() {
      return limits.progMs
    },
    memoryLimit: MEMORY_LIMIT,
    nextMapId: () => ++maps,
    progFailed: () => {},
    trace: () => {},
    denied: () => {},
  },
})
const objects = registerTargets(platform, { denied: () => {}, map: id => engine.bpf.map(id) })
objects.update({
  progs: [{ id: 3, name: 'one', tag: '', type: 26, target: 'task' }] as never,
  maps: [
    { id: 1, type: 1, name: 'one', flags: 0, map_extra: 0n, frozen: false, key_size: 4, value_size: 8, max_entries: 3 },
    { id: 7, type: 2, name: 'two', flags: 0, map_extra: 0n, frozen: false, key_size: 4, value_size: 8, max_entries: 3 },
  ] as never,
  links: [],
})

/** Compiles programs against our own vmlinux.h: names and bytes. */
export async function compileSeeds(files: readonly string[]): Promise<{ readonly name: string; readonly bytes: Uint8Array }[]> {
  const dir = scratch()
  mkdirSync(join(dir, 'include'))
  writeFileSync(join(dir, 'include/vmlinux.h'), formatC(kernelTypes().btf.btf))
  const jobs = files.map(file => ({
    source: join(ROOT, file.includes('/') ? file : `test/bpf/compare/${file}`),
    object: join(dir, `${basename(file, '.c')}.o`),
    include: [join(dir, 'include')],
  }))
  await compileAll(jobs)
  return jobs.map(({ object }) => ({ name: basename(object), bytes: new Uint8Array(readFileSync(object)) }))
}

/** Nothing but typed errors is let through. */
function codeOf(err: unknown): string {
  if (err instanceof BpfError) return err.code
  if (err instanceof ErrnoError) return `errno ${err.errno}`
  throw err
}

/** @throws what is no typed error */
export function runObject(path: string, bytes: Uint8Array): Outcome {
  const errors: string[] = []
  let [read, progs] = [0, 0]
  const own = engine.bpf.createMap({
    attr: { name: 'own', type: 1, keySize: 4, valueSize: 8, maxEntries: 8, flags: 0, mapExtra: 0n },
  })
  for (let i = 1; i < 4; i++)
    engine.bpf.request({ op: 'update', map: own.id, key: Uint8Array.of(i, 0, 0, 0), value: new Uint8Array(8).fill(i), flags: 0 })
  const made = [own.id]
  try {
    const loaded = engine.loadObject({ number: 1, path, bytes, set: {}, withMap: own.id })
    made.push(...loaded.maps.map(map => map.id))
    for (const { key, target } of loaded.progs) {
      try {
        progs++
        read += readToEnd(key, target, infoOf(target, own.id))
      } catch (err) {
        errors.push(codeOf(err))
      }
      engine.bpf.unload(key)
    }
    for (const map of made) dump(map)
  } catch (err) {
    errors.push(codeOf(err))
  }
  for (const map of made.reverse()) engine.bpf.freeMap(map)
  return { progs, bytes: read, errors }
}

/** One thread, or the map that is made for each run. */
function infoOf(target: string, map: number): IterLinkInfo | undefined {
  if (target === 'bpf_map_elem') return { map: { map_fd: map } }
  return target.startsWith('task') ? { task: { tid: process.pid } } : undefined
}

function readToEnd(key: string, target: string, info: IterLinkInfo | undefined): number {
  const { aux } = engine.attach(key, target, info)
  const fh = ++handles
  const opener = { pid: process.pid, uid: 0, gid: 0 }
  engine.open(fh, key, target, aux, opener, BigInt(fh))
  let bytes = 0
  try {
    for (let i = 0; i < READS; i++) {
      const { length } = engine.read(fh, READ_SIZE, opener)
      if (length === 0) break
      bytes += length
    }
  } finally {
    engine.close(fh)
    engine.detach(target, aux)
  }
  return bytes
}

/** What the control plane does with a map whose memory a program may have destroyed. */
function dump(map: number): void {
  const { elements } = engine.bpf.request({ op: 'elements', map, after: null, count: 20 })
  for (const { key, value } of elements ?? []) {
    if (typeof value !== 'number') engine.bpf.request({ op: 'update', map, key, value, flags: 0 })
    engine.bpf.request({ op: 'delete', map, key })
  }
}

/** How one program of an object is run. */
export interface RunOne {
  /** Its name; the first one of the object without it. */
  readonly prog?: string
  readonly set?: Readonly<Record<string, string>>
}

/** Text of the first read of a program. @throws ErrnoError that ended it, and whatever should not be thrown */
export function textOf(path: string, bytes: Uint8Array, { prog, set = {} }: RunOne = {}): string {
  const { progs, maps } = engine.loadObject({ number: 2, path, bytes, set })
  const { key, target } = progs.find(({ name }) => prog === undefined || name === prog)!
  const { aux } = engine.attach(key, target, infoOf(target, 0))
  const fh = ++handles
  const opener = { pid: process.pid, uid: 0, gid: 0 }
  engine.open(fh, key, target, aux, opener, BigInt(fh))
  try {
    return Buffer.from(engine.read(fh, READ_SIZE, opener)).toString('latin1')
  } finally {
    engine.close(fh)
    for (const { key } of progs) engine.bpf.unload(key)
    for (const { id } of maps) dump(id)
    for (const { id } of maps) engine.bpf.freeMap(id)
  }
}

/** Whether a program of what textOf() loaded is still there. */
export const isLoaded = (prog: string): boolean => engine.bpf.prog(`2:${prog}`) !== undefined

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Bytes of the heap and beside it once everything that can be freed is; array buffers are freed a moment later than the rest. */
export async function heapNow(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc()
    await new Promise(done => setTimeout(done, 50))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
