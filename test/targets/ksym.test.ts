// ksym: the text of /proc/kallsyms, from the kernel's iterator and from ours.
import { writeFileSync } from 'node:fs'
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
  // Programs that others load and unload meanwhile are symbols too: those are looked at by themselves.
  const others = (text: string): string => text.replace(/^.*\[(?:bpf|__builtin__\w+)\]\n/gm, '')
  const cat = (path: string, ...before: string[]): string => run('env', [...before, 'cat', path]).stdout
  const three = (name: string, ...before: string[]): string[] =>
    ['/proc/kallsyms', join(kernel.dir, name), join(daemon.dir, name)].map(path => cat(path, ...before))
  const [theirs, ours] = [join(kernel.dir, 'fields'), join(daemon.dir, 'fields')]

  await t.test('the text of /proc/kallsyms', async t => {
    const texts = three('kallsyms')
    t.ok(new Set(texts.map(others)).size === 1, 'the same thrice')
    for (const text of texts) t.match(text.slice(-100_000), /^\w+ t bpf_prog_\w+_dump_fields\t\[bpf\]$/m)
    t.ok(texts[0]!.split('\n').length > 10_000)
    t.notMatch(texts[2]!.slice(-1000), /__builtin__kprobes/)
  })

  await t.test('every field, and the last symbol again at the end', async t => {
    const texts = [cat(theirs), cat(ours)]
    t.ok(
      others(texts[0]!) === others(texts[1]!),
      diffOf(kernel, { kernel: others(texts[0]!), iterfs: others(texts[1]!) }).slice(0, 500),
    )
    for (const text of texts) {
      const [last, end] = text
        .trimEnd()
        .split('\n')
        .slice(-2)
        .map(line => line.split(' ')) as [string[], string[]]
      t.same([end[0], Number(end[1])], [last[0], Number(last[0]) + 1], 'the same number, the next place')
      t.same([...end.slice(2, -1), end.at(-1)], [...last.slice(2, -1), '[__builtin__kprobes]'])
      t.match(text.slice(-100_000), /^(\d+) \1 ffff\w+ t 0 1 bpf_prog_\w+_dump_fields \[bpf\]$/m)
    }
  })

  await t.test('a reader without CAP_SYSLOG sees no addresses', async t => {
    const texts = three('kallsyms', 'setpriv', ...NO_SYSLOG)
    t.ok(new Set(texts.map(others)).size === 1, 'the same thrice')
    for (const text of texts) t.match(text.slice(0, 100), /^0{16} /)
    for (const path of [theirs, ours]) {
      t.match(cat(path, 'setpriv', ...NO_SYSLOG).slice(0, 100), /^0 1 ffff\w+ \w 0 0 /, 'the value is there all the same')
    }
  })

  await t.test('small reads', async t => {
    const READER = 'import os,sys\nfd=os.open(sys.argv[1],0)\nwhile d:=os.read(fd,4096):os.write(1,d)'
    const small = run('python3', ['-c', READER, join(daemon.dir, 'kallsyms')]).stdout
    t.ok(others(small) === others(cat('/proc/kallsyms')))
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
