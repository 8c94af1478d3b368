// npm run bench:pin [-- OBJ]: how long `iterfs pin` of an object takes, in all and in its parts. Without OBJ: of a generated one of 600 KB.
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileWasm } from '../../src/bpf/compile.ts'
import { BpfEngine } from '../../src/bpf/engine.ts'
import { kernelTypes } from '../../src/bpf/kernel-types.ts'
import { nodePlatform, registerTargets } from '../../src/index.ts'
import { parseObject } from '../../src/object/parse.ts'
import { resolveObject } from '../../src/object/resolve.ts'
import { bigSource } from '../support/big-object.ts'
import { compileAll } from '../support/clang.ts'
import { iterfs, run, scratch, startDaemon } from '../support/daemon.ts'
import { CLI } from '../support/paths.ts'

const PROGRAMS = 27
const RUNS = 15

/** Milliseconds of the first run, of the middle one, and of the fastest. */
function measure(what: string, once: () => unknown): void {
  const times = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint()
    once()
    return Number(process.hrtime.bigint() - start) / 1e6
  })
  const first = times[0]!
  times.sort((a, b) => a - b)
  const columns = [first, times[RUNS >> 1]!, times[0]!].map(ms => `${ms.toFixed(1).padStart(8)} ms`)
  process.stdout.write(`${what.padEnd(28)}${columns.join('')}\n`)
}

async function bigObject(dir: string): Promise<string> {
  const source = join(dir, 'big.bpf.c')
  const object = join(dir, 'big.bpf.o')
  writeFileSync(source, bigSource(PROGRAMS))
  writeFileSync(join(dir, 'vmlinux.h'), iterfs('btf', 'dump', '--format', 'c').stdout)
  await compileAll([{ source, object, include: [dir] }])
  run('llvm-strip', ['-g', object])
  return object
}

/** What the daemon does with an object, in this process. */
function measureParts(path: string): void {
  const platform = nodePlatform()
  registerTargets(platform, { denied: () => {} })
  let maps = 0
  const engine = new BpfEngine({
    ...{ platform, compile: compileWasm, progLimitMs: 2000, nextMapId: () => ++maps },
    ...{ denied: () => {}, trace: () => {}, progFailed: () => {} },
  })
  const bytes = readFileSync(path)
  const set = {}
  const resolve = (): unknown =>
    resolveObject(parseObject(bytes, path), { targetBtf: kernelTypes().btf.btf, set, kconfig: () => null, kernelVersion: 0 })
  const steps: readonly (readonly [string, () => unknown])[] = [
    ['our types', kernelTypes],
    ['read + parse', () => parseObject(readFileSync(path), path)],
    ['parse + relocate', resolve],
    ['parse + relocate + compile', () => engine.load({ number: 1, path, bytes, set })],
  ]
  for (const [what, once] of steps) measure(what, once)
}

const dir = scratch()
const object = process.argv[2] ?? (await bigObject(dir))
const daemon = await startDaemon()
try {
  process.stdout.write(`${object}: ${statSync(object).size} bytes; ${RUNS} runs: first, middle, fastest\n`)
  measure('node -e 0', () => run(process.execPath, ['-e', '0']))
  measure('iterfs --help', () => run(process.execPath, [CLI, '--help']))
  measureParts(object)
  let n = 0
  measure('iterfs pin', () => daemon.pin(object, `pin${++n}`))
} finally {
  await daemon.stop()
  run('rm', ['-rf', dir])
}
