// ksym: the text of /proc/kallsyms, from the kernel's iterator and from ours.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileAll } from '../support/clang.ts'
import { diffOf } from '../support/compare.ts'
import { run, startDaemon } from '../support/daemon.ts'
import { type Files, runOn } from '../support/file-platform.ts'
import { Kernel, noKernelBpf } from '../support/kernel.ts'
import { ROOT } from '../support/paths.ts'

/** All fields, and the call at the end. */
const FIELDS = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
SEC("iter/ksym")
int dump_fields(struct bpf_iter__ksym *ctx)
{
  struct kallsym_iter *k = ctx->ksym;
  if (!k)
    return 0;
  BPF_SEQ_PRINTF(ctx->meta->seq, "%llu %lld %lx %c %d %d", ctx->meta->seq_num, k->pos, k->value, k->type, k->exported, k->show_value);
  BPF_SEQ_PRINTF(ctx->meta->seq, " %s [%s]\\n", k->name, k->module_name);
  return 0;
}
`
const NO_SYSLOG = ['--bounding-set=-syslog', '--inh-caps=-syslog']

t.test('symbols', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())
  const fields = join(kernel.work, 'fields.bpf.c')
  writeFileSync(fields, FIELDS)
  const source = { 'ksym.bpf.c': join(ROOT, 'programs/ksym.bpf.c'), fields }
  const objects = Object.values(source).map(source => ({
    ...{ source, object: join(kernel.work, `${source.split('/').at(-1)!.slice(0, -2)}.o`), include: [kernel.vmlinux()] },
  }))
  await compileAll(objects)
  const names = ['kallsyms', 'fields']
  for (const [i, { object }] of objects.entries()) {
    kernel.pin(object, names[i]!)
    daemon.pin(object, names[i]!)
  }
  // Loading programs makes symbols: what is compared is read when all are there, and once more when others came meanwhile.
  const settled = (...commands: (() => string)[]): string[] => {
    for (let tries = 0; ; tries++) {
      const before = readFileSync('/proc/kallsyms', 'latin1')
      const texts = commands.map(command => command())
      if (readFileSync('/proc/kallsyms', 'latin1') === before || tries === 5) return [before, ...texts]
    }
  }
  const cat =
    (dir: string, name: string, ...before: string[]) =>
    () =>
      run('env', [...before, 'cat', join(dir, name)]).stdout

  await t.test('the text of /proc/kallsyms', async t => {
    const [proc, theirs, ours] = settled(cat(kernel.dir, 'kallsyms'), cat(daemon.dir, 'kallsyms')) as [string, string, string]
    t.ok(theirs === proc, diffOf(kernel, { kernel: proc, iterfs: theirs }).slice(0, 500))
    t.ok(ours === proc, diffOf(kernel, { kernel: proc, iterfs: ours }).slice(0, 500))
    t.ok(ours.split('\n').length > 10_000)
  })

  await t.test('every field, and the last symbol again at the end', async t => {
    const [, theirs, ours] = settled(cat(kernel.dir, 'fields'), cat(daemon.dir, 'fields')) as [string, string, string]
    t.ok(theirs === ours, diffOf(kernel, { kernel: theirs, iterfs: ours }).slice(0, 500))
    t.match(ours, / \[__builtin__kprobes\]\n$/)
  })

  await t.test('a reader without CAP_SYSLOG sees no addresses', async t => {
    const [, proc, theirs, ours] = settled(
      cat('/proc', 'kallsyms', 'setpriv', ...NO_SYSLOG),
      cat(kernel.dir, 'kallsyms', 'setpriv', ...NO_SYSLOG),
      cat(daemon.dir, 'kallsyms', 'setpriv', ...NO_SYSLOG),
    ) as [string, string, string, string]
    t.ok(theirs === proc, diffOf(kernel, { kernel: proc, iterfs: theirs }).slice(0, 500))
    t.ok(ours === proc, diffOf(kernel, { kernel: proc, iterfs: ours }).slice(0, 500))
    t.match(ours, /^0{16} /)
    t.match(cat(daemon.dir, 'fields', 'setpriv', ...NO_SYSLOG)(), /^0 1 ffff\w+ T 0 0 /, 'the value is there all the same')
  })

  await t.test('small reads', async t => {
    const READER = 'import os,sys\nfd=os.open(sys.argv[1],0)\nwhile d:=os.read(fd,4096):os.write(1,d)'
    const [proc, ours] = settled(() => run('python3', ['-c', READER, join(daemon.dir, 'kallsyms')]).stdout)
    t.ok(ours === proc)
  })
})

const CORE = 'ffffffff81000000 T _stext\nffffffff81000010 t helper\nffffffff81000020 W weak\n'
const MODULES = 'ffffffffc0001000 T xfs_open\t[xfs]\nffffffffc0001040 t xfs_close\t[xfs]\nffffffffc0002000 t bpf_prog_1\t[bpf]\n'
const machine = (capabilities: string, restrict: number, paranoid?: number): Files => ({
  '/proc/kallsyms': CORE + MODULES,
  '/proc/sys/kernel/kptr_restrict': `${restrict}\n`,
  ...(paranoid === undefined ? {} : { '/proc/sys/kernel/perf_event_paranoid': `${paranoid}\n` }),
  '/proc/1/status': `Name:\ta\nCapEff:\t${capabilities}\n`,
  '/proc/1/ns/user': { link: 'user:[4026531837]' },
  '/proc/2/status': 'Name:\tb\nCapEff:\t000001ffffffffff\n',
  '/proc/2/ns/user': { link: 'user:[4026532000]' },
})
const ALL = '000001ffffffffff'
const NO_SYSLOG_MASK = '000001fbffffffff'

t.test('modules, and who may see addresses', async t => {
  t.equal(runOn(machine(ALL, 0), 'ksym.bpf.c'), CORE + MODULES)
  t.equal(runOn(machine(ALL, 0), 'ksym.bpf.c', { size: 1 }), CORE + MODULES, 'byte by byte')
  t.equal(runOn({ ...machine(ALL, 0), '/proc/kallsyms': CORE }, 'ksym.bpf.c'), CORE, 'without modules')
  const isHidden = (files: Files, pid = 1): boolean =>
    runOn(files, 'ksym.bpf.c', { opener: { pid, uid: 0, gid: 0 } }) === (CORE + MODULES).replace(/^\w+/gm, '0'.repeat(16))
  // kallsyms_show_value()
  t.same(
    [
      isHidden(machine(ALL, 1)),
      isHidden(machine(ALL, 2)),
      isHidden(machine(NO_SYSLOG_MASK, 0)),
      isHidden(machine(NO_SYSLOG_MASK, 0, 2)),
      isHidden(machine(NO_SYSLOG_MASK, 0, 1)),
      isHidden(machine(NO_SYSLOG_MASK, 1, 1)),
      isHidden(machine(ALL, 0), 2),
      isHidden(machine(ALL, 0), 3),
      isHidden(machine(ALL, 0), 0),
    ],
    [false, true, true, true, false, true, true, true, true],
  )
  const zeros = { ...machine(ALL, 0), '/proc/kallsyms': CORE.replace(/^\w+/gm, '0'.repeat(16)) }
  t.ok(runOn(zeros, 'ksym.bpf.c').startsWith('0000000000000000 T _stext\n'), 'a daemon that may not see them')
})

t.test('no /proc/kallsyms is an error that names it', async t => {
  t.throws(() => runOn({ '/proc/1/status': '' }, 'ksym.bpf.c'), { errno: 2, message: /\/proc\/kallsyms/ })
})
