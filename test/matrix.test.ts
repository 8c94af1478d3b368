// Objects of several compilers, optimisation levels and instruction sets, built against iterfs's own vmlinux.h: each loads, and prints what it prints in
// the kernel.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileAll } from './support/clang.ts'
import { diffOf, runBoth } from './support/compare.ts'
import { iterfs, startDaemon } from './support/daemon.ts'
import { Kernel, noKernelBpf } from './support/kernel.ts'
import { ROOT } from './support/paths.ts'
import { startProcessTree } from './support/process-tree.ts'

const CLANGS = ['clang-14', 'clang-16', 'clang-19']
const LEVELS = ['1', '2', 's']
const CPUS = ['v1', 'v2', 'v3', 'v4']

/** What each compiler is given. Every pair of two settings meets every program; one in three of all combinations is built. */
const PROGRAMS = [
  'core_offset',
  'core_bitfield',
  'fields_task',
  'globals',
  'subprograms',
  'callbacks',
  'loops',
  'arithmetic',
  'map_hash',
  'open_iterators',
]
const ONE_IN = 3

interface Combination {
  readonly clang: string
  readonly level: string
  readonly cpu: string
  readonly program: string
}

/** cpu v4 needs clang 18; atomic operations that return something need v3. */
const combinations: Combination[] = CLANGS.flatMap((clang, c) =>
  LEVELS.flatMap((level, l) =>
    CPUS.filter(cpu => cpu !== 'v4' || clang === 'clang-19').flatMap((cpu, v) => [
      ...PROGRAMS.filter((_, p) => (p + c + l + v) % ONE_IN === 0).map(program => ({ clang, level, cpu, program })),
      ...(v >= 2 ? [{ clang, level, cpu, program: 'atomics' }] : []),
    ]),
  ),
)

t.test('every compiler, level and cpu', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const tree = await startProcessTree()
  t.teardown(() => tree.stop())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())

  const include = kernel.folder('own-btf')
  writeFileSync(join(include, 'vmlinux.h'), iterfs('btf', 'dump', '--format', 'c').stdout)
  const objectOf = ({ clang, level, cpu, program }: Combination): string =>
    join(kernel.folder(`${clang}-O${level}-${cpu}`), `${program}.bpf.o`)
  await compileAll(
    combinations.map(item => ({
      ...item,
      source: join(ROOT, `test/bpf/compare/${item.program}.bpf.c`),
      object: objectOf(item),
      include: [include],
    })),
  )

  for (const item of combinations) {
    const name = `${item.program}: ${item.clang} -O${item.level} -mcpu=${item.cpu}`
    try {
      const both = runBoth(kernel, daemon, objectOf(item), { tid: tree.pid })
      const diff = diffOf(kernel, both)
      if (diff) t.fail(name, { diff })
      else t.ok(both.iterfs.length > 0, name)
    } catch (err) {
      t.fail(name, { error: (err as Error).message })
    }
  }
})
