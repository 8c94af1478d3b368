// The same object through the kernel and through iterfs, for every program of ours: identical bytes.
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t, { type Test } from 'tap'
import { COMPARE_CASES, type CompareCase } from './cases/compare.ts'
import { bigSource } from './support/big-object.ts'
import { type Compilation, compileAll } from './support/clang.ts'
import { diffOf, runBoth, type Way } from './support/compare.ts'
import { type Daemon, iterfs, run, startDaemon } from './support/daemon.ts'
import { bpftool, Kernel, noKernelBpf } from './support/kernel.ts'
import { ROOT } from './support/paths.ts'
import { type ProcessTree, startProcessTree } from './support/process-tree.ts'

const KTHREADD = 2
const BIG_PROGRAMS = 27

const sourceOf = ({ file }: CompareCase): string => join(ROOT, file.includes('/') ? file : `test/bpf/compare/${file}`)

t.test('every program has a case', async t => {
  const have = new Set(COMPARE_CASES.map(sourceOf))
  // Programs that want a workload of their own have a test of their own.
  const folder = join(ROOT, 'test/targets')
  const tests = readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8'))
  for (const [, file] of tests.flatMap(text => [...text.matchAll(/'(\w+\.bpf\.c)'/g)])) have.add(join(ROOT, 'programs', file!))
  for (const folder of ['programs', 'test/bpf/compare'])
    for (const name of readdirSync(join(ROOT, folder)))
      if (name.endsWith('.bpf.c')) t.ok(have.has(join(ROOT, folder, name)), `${folder}/${name}`)
})

t.test('same object, same bytes', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const tree = await startProcessTree()
  t.teardown(() => tree.stop())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())

  const include = [kernel.vmlinux()]
  const objects = new Map<string, Compilation>()
  for (const item of COMPARE_CASES) {
    const object = objectOf(kernel, item)
    const { clang, cpu } = item
    objects.set(object, { source: sourceOf(item), object, include, ...(clang && { clang }), ...(cpu && { cpu }) })
  }
  await compileAll([...objects.values()])

  for (const item of COMPARE_CASES) {
    const name = `${item.file}: ${item.covers}`
    try {
      const both = runBoth(kernel, daemon, objectOf(kernel, item), wayOf(item, tree))
      const { mask = (text: string) => text } = item
      const diff = diffOf(kernel, { kernel: mask(both.kernel), iterfs: mask(both.iterfs) })
      if (diff) t.fail(name, { diff })
      else t.pass(name)
      t.ok(both.kernel.length > 0, `${name}: prints`)
    } catch (err) {
      t.fail(name, { error: (err as Error).message })
    }
  }
  keptGlobals(t, kernel, daemon, tree.pid)

  const source = join(kernel.folder('big'), 'big.bpf.c')
  const object = source.replace(/c$/, 'o')
  writeFileSync(source, bigSource(BIG_PROGRAMS))
  await compileAll([{ source, object, include }])
  t.ok(statSync(object).size > 600_000, 'a large object')
  const prog = `program_${BIG_PROGRAMS - 1}`
  const both = runBoth(kernel, daemon, object, { pid: tree.pid, prog })
  t.equal(diffOf(kernel, both), '', 'the last program of a large object')
  t.ok(both.kernel.length > 0, 'prints')
})

/** The variables of the worked example: written by its program, kept from one open to the next, and set from outside while it is pinned. */
function keptGlobals(t: Test, kernel: Kernel, daemon: Daemon, pid: number): void {
  const object = join(kernel.folder('globals'), 'worked.bpf.o')
  copyFileSync(join(kernel.folder('by-clang'), 'task_file.bpf.o'), object)
  const theirs = kernel.pin(object, 'worked', ['pid', `${pid}`])
  daemon.pin(object, 'worked', '--pid', `${pid}`)
  const ours = join(daemon.dir, 'worked')

  const { prog_id } = JSON.parse(bpftool('-j', 'link', 'show', 'pinned', theirs)) as { prog_id: number }
  const { map_ids } = JSON.parse(bpftool('-j', 'prog', 'show', 'id', `${prog_id}`)) as { map_ids: number[] }
  const isBss = (id: number): boolean => bpftool('map', 'show', 'id', `${id}`).includes(' worked.bss ')
  const map = ['id', `${map_ids.find(isBss)}`]
  const bss = ['name', 'worked.bss']
  const update = ['key', '0', '0', '0', '0', 'value', ...bytesOf(1, 5, 6, 7)]

  const both = (what: string): void => {
    const lines = [theirs, ours].map(path => run('cat', [path]).stdout.split('\n').length)
    t.equal(lines[1], lines[0], `${what}: lines`)
    t.equal(iterfs('map', '-j', 'dump', ...bss).stdout.trim(), bpftool('-j', 'map', 'dump', ...map).trim(), what)
  }
  both('after the first read')
  both('after the second read')
  bpftool('map', 'update', ...map, ...update)
  t.equal(iterfs('map', 'update', ...bss, ...update).stderr, '')
  both('with target_pid of another process')
}

const bytesOf = (...numbers: number[]): string[] => [...new Uint8Array(Uint32Array.from(numbers).buffer)].map(String)

/** The folder tells how it was made, the file's name makes the names of maps. */
function objectOf(kernel: Kernel, { file, clang, cpu }: CompareCase): string {
  return join(kernel.folder(`by-${clang ?? 'clang'}${cpu ?? ''}`), `${basename(file, '.c')}.o`)
}

function wayOf({ on = 'leader', prog, set, map, reads }: CompareCase, tree: ProcessTree): Way {
  const rest = { ...(prog && { prog }), ...(set && { set }), ...(reads && { reads }) }
  if (map) return { map, ...rest }
  switch (on) {
    case 'leader':
      return { tid: tree.pid, ...rest }
    case 'threads':
      return { pid: tree.pid, ...rest }
    case 'thread':
      return { tid: tree.ownTable, ...rest }
    case 'kthread':
      return { tid: KTHREADD, ...rest }
    case 'filtered':
      return { ...rest, set: { ...set, target_pid: `${tree.pid}` } }
    case 'none':
      return rest
  }
}
