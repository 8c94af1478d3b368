// iterfs read: one iteration to standard output, without a mount.
import { readFileSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  type BpfEngineOptions,
  compileWasm,
  Engine,
  type FoundProg,
  fileKind,
  hookModules,
  type MapInfo,
  nodePlatform,
  type Platform,
  registerTargets,
} from '../../../src/index.ts'
import { CliError, cliError } from '../error.ts'
import { parseMapRef, Words } from '../map-args.ts'
import type { MapRef } from '../map-client.ts'
import { chooseProg, linkInfoOf, type ProgOptions, pidOfPidfd } from '../params.ts'

/** Bytes asked for at a time, as cat(1) does. */
const READ_SIZE = 131072
const STDOUT = 1
/** Longest time that one call of a BPF program may take. */
const PROG_LIMIT_MS = 2000

export async function readCommand(program: string, rest: string[], options: ProgOptions): Promise<void> {
  const ref = rest.length === 0 ? undefined : mapRef(new Words(rest))
  const denied = new Map<string, number>()
  const left = (what: string, times: number): void => void denied.set(what, (denied.get(what) ?? 0) + times)
  const platform = nodePlatform()
  const objects = registerTargets(platform, { denied: left, pidOfPidfd, map: id => engine.bpf.map(id) })
  const engine: Engine = new Engine({ bpf: bpfOptions(platform, left) })
  const reader = { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() }
  try {
    const { progs, maps } = await loadFile(engine, resolve(program), options.set)
    const prog = chooseProg(progs, options.prog)
    const sources = progs.map(({ name, target }, i) => ({ id: i + 1, name, target }))
    objects.update({ progs: sources, links: [{ id: 1, prog: sources[progs.indexOf(prog)]! }], maps })
    const info = ref ? { map: { map_fd: ownMap(program, maps, ref) } } : linkInfoOf(options)
    const { aux } = engine.attach(prog.key, prog.target, info)
    engine.open(0, prog.key, prog.target, aux, reader, 1n)
  } catch (err) {
    throw cliError(`can't run ${program}`, err)
  }
  try {
    for (let data = engine.read(0, READ_SIZE, reader); data.length > 0; data = engine.read(0, READ_SIZE, reader)) writeAll(data)
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EPIPE') return
    throw cliError(program, err)
  } finally {
    engine.close(0)
  }
  for (const [what, times] of denied) process.stderr.write(`iterfs: ${what}: left out ${times} times: Permission denied\n`)
}

function bpfOptions(platform: Platform, denied: (what: string, times: number) => void): BpfEngineOptions {
  let lastMap = 0
  return {
    ...{ platform, denied, compile: compileWasm, progLimitMs: PROG_LIMIT_MS, nextMapId: () => ++lastMap },
    progFailed: (_prog, err) => process.stderr.write(`iterfs: ${err.message}\n`),
    trace: (prog, text) => process.stderr.write(`${prog}: bpf_trace_printk: ${text}`),
  }
}

/** Loads a BPF object or a module, as its first bytes tell. */
async function loadFile(
  engine: Engine,
  path: string,
  set: Record<string, string>,
): Promise<{ progs: readonly FoundProg[]; maps: readonly MapInfo[] }> {
  const bytes = readFileSync(path)
  if (fileKind(path, bytes) === 'object') return engine.loadObject({ number: 1, path, bytes, set })
  hookModules(new URL('../../../src/index.js', import.meta.url).href)
  return { progs: await engine.load(path, set), maps: [] }
}

function mapRef(words: Words): MapRef {
  const word = words.take()
  if (word !== 'map') throw new CliError(`expected no more arguments or 'map', got: '${word}'?`)
  return parseMapRef(words)
}

/** Without a mount the only maps are those of the object itself. */
function ownMap(program: string, maps: readonly MapInfo[], ref: MapRef): number {
  const found = 'name' in ref ? maps.find(map => map.name === ref.name) : undefined
  if (!found) {
    throw new CliError(
      `${program}: want \`map name NAME\` of a map of the object, which has: ${maps.map(map => map.name).join(', ') || 'none'}`,
      22,
    )
  }
  return found.id
}

function writeAll(data: Uint8Array): void {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(STDOUT, data, at)
    } catch (err) {
      // A non-blocking pipe that is full: wait for the reader.
      if ((err as NodeJS.ErrnoException).code !== 'EAGAIN') throw err
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
