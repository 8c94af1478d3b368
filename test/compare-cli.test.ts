// npm run compare: what it says, and its exit status.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run, scratch } from './support/daemon.ts'
import { noKernelBpf } from './support/kernel.ts'
import { ROOT } from './support/paths.ts'

const compare = (...args: string[]): ReturnType<typeof run> =>
  run(process.execPath, [join(ROOT, 'dist/test/compare/cli.js'), ...args], { cwd: ROOT })

const ADDRESSES = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
  if (ctx->task)
    BPF_SEQ_PRINTF(ctx->meta->seq, "the same\\n%px\\n", ctx->task);
  return 0;
}
`

t.test('compare', { skip: noKernelBpf() }, async t => {
  const dir = scratch()
  t.teardown(() => run('rm', ['-rf', dir]))
  const pid = `${process.pid}`

  t.match(compare('programs/task_file.bpf.c', '--pid', pid, '--set', 'target_pid=1'), {
    status: 0,
    stdout: /^the same \d+ bytes\n$/,
    stderr: '',
  })
  const update = [
    'update',
    'key',
    '1',
    '0',
    '0',
    '0',
    'value',
    '7',
    '0',
    '0',
    '0',
    'update',
    'key',
    '2',
    '0',
    '0',
    '0',
    'value',
    '8',
    '0',
    '0',
    '0',
  ]
  const map = ['map', 'type', 'array', 'key', '4', 'value', '4', 'entries', '3', 'name', 'numbers', ...update]
  t.match(compare('programs/map_dump.bpf.c', ...map), { status: 0, stdout: 'the same 252 bytes\n', stderr: '' })

  const source = join(dir, 'addresses.bpf.c')
  writeFileSync(source, ADDRESSES)
  const differ = compare(source, '--tid', pid)
  t.equal(differ.status, 1)
  t.match(differ.stdout, /^--- kernel\n\+\+\+ iterfs\n@@ .* @@\n the same\n-[0-9a-f]{16}\n\+[0-9a-f]{16}\n/)

  t.match(compare(), { status: 2, stderr: /want an object\nusage: npm run compare/ })
  t.match(compare('a.o', '--pid', 'x'), { status: 2, stderr: /--pid: want a number, got "x"/ })
  t.match(compare('no-such-file.o'), { status: 2, stderr: /no-such-file\.o: no such file\n$/ })
})
