// The rules of bpffs on three mounts: a real bpffs, and ours over both transports.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { BPFFS_RULES, type Rule } from '../cases/bpffs/rules.ts'
import { run, startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { CLI, ROOT } from '../support/paths.ts'
import { startProcessTree } from '../support/process-tree.ts'

const MEASURED = join(ROOT, 'test/cases/bpffs/measured.json')
type Observations = Record<string, unknown>

/** Runs all rules in `dir`; `pin` is the command that pins an iterator at the path it is given. */
function observe(dir: string, pin: readonly string[]): Observations {
  const snippets = Object.fromEntries(Object.entries(BPFFS_RULES).map(([name, rule]) => [name, rule.run]))
  const { status, stdout, stderr } = run('python3', [join(ROOT, 'test/support/posix.py'), dir, ...pin], {
    input: JSON.stringify(snippets),
  })
  if (status !== 0) throw new Error(`posix.py: ${stderr}`)
  return JSON.parse(stdout) as Observations
}

/** One assertion a rule. */
function check(
  t: { same(a: unknown, b: unknown, name: string): unknown },
  got: Observations,
  want: (name: string, rule: Rule) => unknown,
): void {
  for (const [name, rule] of Object.entries(BPFFS_RULES)) t.same(got[name], want(name, rule), name)
}

const measured = (): Observations => JSON.parse(readFileSync(MEASURED, 'utf8')) as Observations

t.test('on the kernel', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const tree = await startProcessTree()
  t.teardown(() => tree.stop())
  const object = kernel.compile('task.bpf.c', { TARGET: tree.pid })
  const got = observe(kernel.dir, ['env', 'PATH=/usr/sbin:/usr/bin:/bin', 'bpftool', 'iter', 'pin', object])
  if (process.env.UPDATE) writeFileSync(MEASURED, `${JSON.stringify(got, null, 1)}\n`)
  check(t, got, name => measured()[name])
})

for (const transport of ['devfuse', 'fuse-native'] as const) {
  t.test(`on ours, ${transport}`, async t => {
    const daemon = await startDaemon(['--transport', transport])
    t.teardown(() => daemon.stop())
    const tree = await startProcessTree()
    t.teardown(() => tree.stop())
    const pin = [process.execPath, CLI, 'pin', '--pid', String(tree.pid), join(ROOT, 'test/programs/task.ts')]
    check(t, observe(daemon.dir, pin), (name, { fuse, native }) => {
      const differs = (transport === 'fuse-native' ? native : undefined) ?? fuse
      return differs ? differs.want : measured()[name]
    })
  })
}
