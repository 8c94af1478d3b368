// npm run bench:pin [-- OBJ]: how long `iterfs pin` of an object takes, in all and in its parts. Without OBJ: of a generated one of 600 KB.
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bigSource } from '../support/big-object.ts'
import { compileAll } from '../support/clang.ts'
import { iterfs, run, scratch, startDaemon } from '../support/daemon.ts'
import { CLI } from '../support/paths.ts'

const PROGRAMS = 27
const RUNS = 15

/** Milliseconds of each run: the middle one, and the fastest. */
function measure(what: string, once: () => void): void {
  const times = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint()
    once()
    return Number(process.hrtime.bigint() - start) / 1e6
  }).sort((a, b) => a - b)
  process.stdout.write(
    `${what.padEnd(28)} ${times[RUNS >> 1]!.toFixed(1).padStart(8)} ms  ${times[0]!.toFixed(1).padStart(8)} ms\n`,
  )
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

const dir = scratch()
const object = process.argv[2] ?? (await bigObject(dir))
const daemon = await startDaemon()
try {
  process.stdout.write(`${object}: ${statSync(object).size} bytes; ${RUNS} runs: middle, fastest\n`)
  measure('node -e 0', () => run(process.execPath, ['-e', '0']))
  measure('iterfs --help', () => run(process.execPath, [CLI, '--help']))
  let n = 0
  measure('iterfs pin', () => daemon.pin(object, `pin${++n}`))
} finally {
  await daemon.stop()
  run('rm', ['-rf', dir])
}
