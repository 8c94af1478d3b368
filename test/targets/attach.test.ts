// The table of attaching, row by row, on the kernel and on iterfs.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ATTACH_CASES } from '../cases/attach.ts'
import { startDaemon } from '../support/daemon.ts'
import { bpftool, Kernel, noKernelBpf } from '../support/kernel.ts'
import { startNetns } from '../support/netns.ts'
import { ROOT } from '../support/paths.ts'

/** An errno, or what the link shows. */
type Answer =
  | string
  | { readonly target: string; readonly fdinfo: readonly string[]; readonly info: Readonly<Record<string, string | number>> }

const support = (name: string): string => readFileSync(join(ROOT, 'test/support', name), 'utf8')

t.test('rows name what they differ in', async t => {
  for (const { what, iterfs, kernelOnly, result } of ATTACH_CASES) {
    if (iterfs) t.ok(iterfs.because.length > 20 && iterfs.result !== result, what)
    if (kernelOnly !== undefined) t.ok(kernelOnly.length > 20, what)
  }
  t.equal(new Set(ATTACH_CASES.map(({ what }) => what)).size, ATTACH_CASES.length, 'each once')
})

t.test('attaching', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const attacher = await startNetns(support('bpf_maps.py') + support('attach.py'))
  t.teardown(() => attacher.stop())

  const object = kernel.compile('attach.bpf.c')
  const [progs, maps] = [join(kernel.dir, 'progs'), join(kernel.dir, 'maps')]
  bpftool('prog', 'loadall', object, progs, 'pinmaps', maps)
  t.equal(await attacher.ask('setup', progs, maps, object, daemon.dir), 'ready')

  for (const row of ATTACH_CASES) {
    const { what, prog, info, result, raw, kernelOnly } = row
    const request = JSON.stringify({ prog, info, ...raw, kernelOnly })
    const [theirs, ours] = (await attacher.ask('attach', Buffer.from(request).toString('hex'))) as [Answer, Answer | null]
    const shown: Answer =
      result === 'ok'
        ? { target: targetOf(prog), fdinfo: row.fdinfo!, info: { target_name: targetOf(prog), ...row.link } }
        : result
    t.same(theirs, shown, `${what}: kernel`)
    if (kernelOnly !== undefined) t.equal(ours, null, `${what}: kernel only`)
    else if (!row.iterfs) t.same(ours, shown, `${what}: iterfs`)
    else t.equal(typeof ours === 'string' ? ours : 'ok', row.iterfs.result, `${what}: iterfs, which differs`)
  }
  await attacher.ask('end')
})

const targetOf = (prog: string): string => prog.split('__')[1]!
