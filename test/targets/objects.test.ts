// bpf_map, bpf_prog and bpf_link: the same objects in the kernel and in iterfs, as the shipped programs list them.
import { join } from 'node:path'
import t from 'tap'
import { compileAll } from '../support/clang.ts'
import { type Daemon, iterfs, run, startDaemon } from '../support/daemon.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { ROOT } from '../support/paths.ts'

/** Programs, and the lines that stand for what the test made: other objects of the machine are not of interest. */
const LISTS = [
  { file: 'bpf_map.bpf.c', own: / sizes$/ },
  { file: 'bpf_prog.bpf.c', own: / dump_(?:maps|progs|links) / },
  { file: 'bpf_link.bpf.c', own: / dump_(?:maps|progs|links) / },
]

t.test('maps, programs and links', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon: Daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const object = (file: string): string => join(kernel.work, file.replace(/c$/, 'o'))
  await compileAll(
    LISTS.map(({ file }) => ({ source: join(ROOT, 'programs', file), object: object(file), include: [kernel.vmlinux()] })),
  )

  const create = ['type', 'lru_hash', 'key', '12', 'value', '20', 'entries', '700', 'name', 'sizes', 'flags', '2']
  run('bpftool', ['map', 'create', join(kernel.dir, 'sizes'), ...create])
  t.equal(iterfs('map', 'create', join(daemon.dir, 'sizes'), ...create).stderr, '')
  for (const { file } of LISTS) {
    const name = file.split('.')[0]!
    kernel.pin(object(file), name)
    daemon.pin(object(file), name)
  }
  for (const { file, own } of LISTS) {
    const name = file.split('.')[0]!
    const [theirs, ours] = [kernel.dir, daemon.dir].map(dir => {
      const [heading, ...lines] = run('cat', [join(dir, name)])
        .stdout.trimEnd()
        .split('\n')
      // Ids are each side's own; they ascend.
      const ids = lines.map(line => Number(line.slice(0, 8)))
      t.same(
        ids,
        [...ids].sort((a, b) => a - b),
        `${file}: ids ascend`,
      )
      return [
        heading,
        ...lines.filter(line => own.test(line)).map(line => line.slice(8).replace(/^( +\d+) +\d+ (dump_)/, '$1 PROG $2')),
      ]
    })
    t.same(ours, theirs, file)
    t.ok(ours!.length >= 2, `${file}: ${ours!.length} lines`)
  }
})

t.test('a list is the same at any read size', async t => {
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  for (const { file } of LISTS) {
    const path = join(daemon.dir, file.split('.')[0]!)
    daemon.pin(join(ROOT, `dist/programs/${file.replace(/c$/, 'o')}`), file.split('.')[0]!)
    const all = run('cat', [path]).stdout
    t.ok(all.split('\n').length >= 3, `${file}: a heading and objects`)
    for (const bs of [1, 7, 100]) t.equal(run('dd', [`if=${path}`, `bs=${bs}`, 'status=none']).stdout, all, `${file}: bs=${bs}`)
  }
})
