// kmem_cache: the text of /proc/slabinfo, from the kernel's iterator and from ours, and every field.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileAll } from '../support/clang.ts'
import { diffOf, runBoth } from '../support/compare.ts'
import { iterfs, run, startDaemon } from '../support/daemon.ts'
import { type Files, runOn } from '../support/file-platform.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { ROOT } from '../support/paths.ts'

/** Bits of flags that sysfs shows. */
const SHOWN_FLAGS = 0x86b7
const FIELDS = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
SEC("iter/kmem_cache")
int dump_fields(struct bpf_iter__kmem_cache *ctx)
{
  struct seq_file *seq = ctx->meta->seq;
  struct kmem_cache *s = ctx->s;
  if (!s) {
    BPF_SEQ_PRINTF(seq, "END\\n");
    return 0;
  }
  BPF_SEQ_PRINTF(seq, "%s %u %u %u %x %d %u", s->name, s->size, s->object_size, s->align, s->oo.x, s->refcount, s->usersize);
  BPF_SEQ_PRINTF(seq, " %lu %u %u %x\\n", s->min_partial, s->cpu_partial, s->sheaf_capacity, s->flags & ${SHOWN_FLAGS});
  return 0;
}
`

t.test('slab caches', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const object = (name: string): string => join(kernel.work, `${name}.bpf.o`)
  writeFileSync(join(kernel.work, 'fields.bpf.c'), FIELDS)
  await compileAll([
    ...['kmem_cache.bpf.c', 'slabinfo.bpf.c'].map(file => ({
      ...{ source: join(ROOT, 'programs', file), object: object(file.split('.')[0]!), include: [kernel.vmlinux()] },
    })),
    { source: join(kernel.work, 'fields.bpf.c'), object: object('fields'), include: [kernel.vmlinux()] },
  ])

  for (const name of ['kmem_cache', 'fields']) {
    const both = runBoth(kernel, daemon, object(name), {})
    t.equal(diffOf(kernel, both), '', name)
    t.ok(both.kernel.length > 1000, `${name} prints`)
  }
  t.equal(diffOf(kernel, runBoth(kernel, daemon, object('kmem_cache'), { reads: [100, 7, 100_000, 100] })), '', 'small reads')

  await t.test('the text of /proc/slabinfo', async t => {
    kernel.pin(object('slabinfo'), 'slabinfo')
    daemon.pin(object('slabinfo'), 'slabinfo')
    for (const dir of [kernel.dir, daemon.dir]) {
      const [before, text, after] = run('cat', ['/proc/slabinfo', join(dir, 'slabinfo'), '/proc/slabinfo'])
        .stdout.split('slabinfo - version: 2.1\n')
        .slice(1)
        .map(part => part.split('\n')) as [string[], string[], string[]]
      const shape = (lines: string[]): string[] => lines.map(line => line.replace(/\d+/g, '').replace(/ +/g, ' '))
      t.same(shape(text), shape(before), `${dir}: caches and their order`)
      // The machine lives: what did not change meanwhile must be the same, but for what changed and changed back.
      const stable = before.filter((line, i) => line === after[i])
      const equal = before.filter((line, i) => line === after[i] && line === text[i])
      t.ok(stable.length > before.length / 2, `${dir}: ${stable.length} of ${before.length} lines do not change`)
      t.ok(equal.length >= 0.95 * stable.length, `${dir}: ${equal.length} of ${stable.length} lines are the same`)
    }
  })

  await t.test('fdinfo', async t => {
    t.match(iterfs('link', 'show', join(daemon.dir, 'slabinfo'), '--fdinfo').stdout, /^kmem_cache iter$/m)
  })
})

const HEAD = `slabinfo - version: 2.1
# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>`
const line = (name: string, numbers: string, slabs: string): string =>
  `${name.padEnd(17)} ${numbers} : tunables    0    0    0 : slabdata ${slabs}      0\n`
const SLABINFO = `${HEAD}
${line('a cache', '     7     12    320   12    1', '     1      1')}${line('kmem_cache', '   256    256    256   16    2', '    16     16')}`
const ATTRIBUTES = { object_size: '312', align: '64', aliases: '0', usersize: '0', min_partial: '5' }
const sysfs = (name: string, files: Record<string, string> = ATTRIBUTES): Files =>
  Object.fromEntries(Object.entries(files).map(([file, text]) => [`/sys/kernel/slab/${name}/${file}`, `${text}\n`]))

t.test('recorded machines', async t => {
  const one = { '/proc/slabinfo': SLABINFO }
  t.equal(runOn(one, 'slabinfo.bpf.c'), SLABINFO, 'without NUMA nothing but slabinfo is read')
  const nodes: Files = {
    ...{ ...one, '/sys/devices/system/node/online': '0,2-3\n' },
    ...sysfs('a cache', { slabs: '1 N2=1', total_objects: '12 N0=5 N3=7', partial: '0' }),
    ...sysfs('kmem_cache', { slabs: '16 N0=6 N2=4 N3=6', total_objects: '256 N2=256', partial: '0' }),
  }
  t.equal(runOn(nodes, 'slabinfo.bpf.c'), SLABINFO, 'sums over NUMA nodes')

  const files = { ...one, ...sysfs('a cache'), ...sysfs('kmem_cache') }
  const lines = runOn(files, 'kmem_cache.bpf.c').split('\n')
  t.match(lines[1], /^a cache +312 +320 +64 +12 +1 +2 +0 +5$/)
  t.match(lines[2], /^kmem_cache +312 +256 +64 +16 +2 +-1 +0 +5$/)
  const gone = runOn({ ...one, ...sysfs('kmem_cache') }, 'kmem_cache.bpf.c')
  t.notMatch(gone, /a cache/, 'a cache that is gone is skipped')
  t.match(gone, /^name .*\nkmem_cache /, 'and has no number')
})

t.test('what is missing is named', async t => {
  t.throws(() => runOn({}, 'kmem_cache.bpf.c'), { errno: 2, message: /\/proc\/slabinfo/ })
  t.throws(() => runOn({ '/proc/slabinfo': SLABINFO }, 'kmem_cache.bpf.c'), {
    errno: 2,
    message: /\/sys\/kernel\/slab\/a cache\/object_size/,
  })
  t.throws(() => runOn({ '/proc/slabinfo': 'slabinfo - version: 1.1\n' }, 'slabinfo.bpf.c'), {
    errno: 61,
    message: /version 2.1/,
  })
  t.throws(() => runOn({ '/proc/slabinfo': SLABINFO.replaceAll(' : tun', ' tun') }, 'slabinfo.bpf.c'), { message: /want a line/ })
})
