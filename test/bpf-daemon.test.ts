// BPF objects through the mount, as a user meets them: what is refused and how, what ends a program, and that it costs no other pin
// anything. The objects are compiled against iterfs's own vmlinux.h; nothing here needs the kernel's BPF.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileAll } from './support/clang.ts'
import { type Daemon, iterfs, type Ran, run, scratch, startDaemon, until } from './support/daemon.ts'
import { CLI } from './support/paths.ts'

/** Bodies of programs of iter/task; LICENSE, HEAD and what stands before the function can be given. */
interface Source {
  readonly section?: string
  readonly ctx?: string
  readonly license?: string
  readonly head?: string
  readonly body: string
}

const PRINT = 'BPF_SEQ_PRINTF(ctx->meta->seq, "%d %s\\n", ctx->task->pid, ctx->task->comm); return 0;'

const SOURCES: Readonly<Record<string, Source>> = {
  good: { body: `if (!ctx->task) return 0; ${PRINT}` },
  endless: { head: 'volatile int stop;', body: 'while (!stop) {} return 0;' },
  endless_loop: {
    head: 'static long again(__u32 i, void *data) { *(volatile int *)data; return 0; }',
    body: 'int n = 0; for (;;) bpf_loop(1 << 23, again, &n, 0); return 0;',
  },
  recursion: {
    head: '__attribute__((noinline)) int deeper(int n) { volatile int at[64] = {}; at[n & 63] = n; return n > 0 ? deeper(n + 1) + at[0] : 0; }',
    body: 'return deeper(1);',
  },
  wild_store: { head: 'volatile __u64 at = 0xffff888000000000;', body: '*(volatile int *)at = 1; return 0;' },
  null_store: { head: 'volatile __u64 at = 0;', body: '*(volatile int *)at = 1; return 0;' },
  one: { body: 'if (ctx->task) { BPF_SEQ_PRINTF(ctx->meta->seq, "x"); return ctx->meta->seq_num == 2; } return 0;' },
  counter: { head: 'int count;', body: 'if (ctx->task) count++; else BPF_SEQ_PRINTF(ctx->meta->seq, "%d\\n", count); return 0;' },
  not_gpl: { license: 'Proprietary', body: PRINT },
  missing_field: {
    head: 'struct task_struct___mine { long stack_canary_of_mine; } __attribute__((preserve_access_index));',
    body: 'struct task_struct___mine *task = (void *)ctx->task; if (!task) return 0; BPF_SEQ_PRINTF(ctx->meta->seq, "%ld\\n", task->stack_canary_of_mine); return 0;',
  },
  asked_first: {
    head: 'struct task_struct___mine { long stack_canary_of_mine; } __attribute__((preserve_access_index));',
    body: 'struct task_struct___mine *task = (void *)ctx->task; if (!task) return 0; BPF_SEQ_PRINTF(ctx->meta->seq, "%ld\\n", bpf_core_field_exists(task->stack_canary_of_mine) ? task->stack_canary_of_mine : -1L); return 0;',
  },
  wrong_target: { section: 'iter/no_such_thing', body: 'return 0;' },
  forbidden: { body: 'return bpf_override_return((void *)ctx, 1) != 0;' },
  sleepable_map: { section: 'iter.s/bpf_map', ctx: 'bpf_iter__bpf_map', body: 'return 0;' },
  elements: {
    section: 'iter/bpf_map_elem',
    ctx: 'bpf_iter__bpf_map_elem',
    body: 'if (ctx->key && ctx->value) BPF_SEQ_PRINTF(ctx->meta->seq, "%u %llu\\n", *(__u32 *)ctx->key, *(__u64 *)ctx->value); return 0;',
  },
}

const text = ({ section = 'iter/task', ctx = 'bpf_iter__task', license = 'GPL', head = '', body }: Source): string => `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "${license}";
${head}
SEC("${section}")
int dump(struct ${ctx} *ctx)
{
  ${body}
}
`

t.test('BPF objects', async t => {
  const dir = scratch()
  t.teardown(() => run('rm', ['-rf', dir]))
  const object = (name: string): string => join(dir, `${name}.bpf.o`)
  t.equal(iterfs('btf', 'dump', '--format', 'c', '-o', join(dir, 'vmlinux.h')).status, 0)
  await compileAll(
    Object.entries(SOURCES).map(([name, source]) => {
      const file = join(dir, `${name}.bpf.c`)
      writeFileSync(file, text(source))
      return {
        source: file,
        object: object(name),
        include: [dir],
        flags: ['-Wno-unknown-warning-option', '-Wno-infinite-recursion'],
      }
    }),
  )
  const daemon: Daemon = await startDaemon(['--prog-limit', '300'])
  t.teardown(() => daemon.stop())
  const pin = (name: string, ...args: string[]): Ran => iterfs('pin', object(name), join(daemon.dir, name), ...args)
  const cat = (name: string): Ran => run('cat', [join(daemon.dir, name)])

  t.match(pin('good', '--pid', `${process.pid}`), { status: 0, stderr: '' })
  const good = cat('good').stdout
  t.match(good, new RegExp(`^${process.pid} `))

  t.test('what ends a program ends it alone', async t => {
    for (const [name, errno, log] of [
      ['endless', /Connection timed out/, /dump: want the call to return within 300 ms/],
      ['endless_loop', /Connection timed out/, /dump: want the call to return within 300 ms/],
      ['recursion', /Bad address/, /"prog":"dump","err":"[^"]*nested calls/],
      ['wild_store', /Bad address/, /"prog":"dump","err":"[^"]*0xffff888000000000/],
      ['null_store', /Bad address/, /"prog":"dump","err":"[^"]*0x0\b/],
    ] as const) {
      t.match(pin(name, '--pid', `${process.pid}`), { status: 0, stderr: '' }, `${name} loads`)
      t.match(cat(name), { status: 1, stderr: errno }, name)
      // The worker's message reaches the log after the reader's error.
      await until(`${name} in the log`, () => log.test(daemon.log()))
      t.equal(cat('good').stdout, good, `the other pin after ${name}`)
    }
    t.notMatch(daemon.log(), /engine worker is started again/, 'no worker was lost')
  })

  t.test('return values and globals', async t => {
    t.match(pin('one'), { status: 0 })
    t.match(cat('one'), { status: 1, stdout: 'xx', stderr: /Resource temporarily unavailable/ })
    t.match(pin('counter', '--pid', `${process.pid}`), { status: 0 })
    const [first, second] = [Number(cat('counter').stdout), Number(cat('counter').stdout)]
    t.ok(first > 0)
    t.equal(second, first * 2, 'globals live as long as the pin')
    t.match(iterfs('pin', object('counter'), join(daemon.dir, 'counter2'), '--pid', `${process.pid}`, '--set', 'count=100'), {
      status: 0,
    })
    t.equal(Number(cat('counter2').stdout), first + 100, 'another pin has its own')
    const path = join(daemon.dir, 'counter')
    const late = run('sh', ['-c', `exec 3<${path}; ln ${path} ${path}_kept; rm ${path}; mv ${path}_kept ${path}; cat <&3`])
    t.equal(Number(late.stdout), first * 3, 'an open file keeps its program')
    const update = `${process.execPath} ${CLI} link update ${path}2 ${object('good')}`
    const gone = run('sh', ['-c', `exec 3<${path}2; ${update}; sleep 0.3; cat <&3; cat ${path}2`])
    t.equal(gone.stdout, `${first * 2 + 100}\n${good}`, 'and its globals, when the link runs another')
    t.match(iterfs('map', 'dump', 'name', 'counter.bss', '-j').stdout, new RegExp(`"count":${first * 3}`))
  })

  t.test('what is refused, and why', async t => {
    const refused: Readonly<Record<string, readonly [status: number, stderr: RegExp]>> = {
      not_gpl: [234, /dump, .*not_gpl\.bpf\.c:\d+ .*cannot call GPL-restricted function/],
      missing_field: [
        234,
        /missing_field\.bpf\.c:\d+ .*struct task_struct has no field stack_canary_of_mine here \(iterfs serves: .*pid/,
      ],
      wrong_target: [253, /no iterator target "no_such_thing"; targets: .*task_file/],
      forbidden: [234, /dump, .*forbidden\.bpf\.c:\d+ .*override_return/],
      sleepable_map: [234, /attach_iter failed for program dump: .*iter\.s\/bpf_map/],
      elements: [247, /attach_iter failed for program dump: .*Bad file descriptor/],
    }
    for (const [name, [status, stderr]] of Object.entries(refused)) t.match(pin(name), { status, stderr }, name)
    t.match(pin('good'), { status: 239, stderr: /pin_iter failed for program dump to path .*File exists/ })
    t.match(pin('none'), { status: 254, stderr: /No such file or directory/ })
    writeFileSync(object('empty'), '')
    writeFileSync(object('cut'), Buffer.from('7f454c46020101', 'hex'))
    mkdirSync(object('folder'))
    t.match(pin('cut'), { status: 234, stderr: /cut\.bpf\.o: .*ELF/ })
    t.match(pin('empty'), { status: 234 })
    t.match(pin('folder'), { status: 235, stderr: /Is a directory/ })
    t.match(iterfs('pin', object('good'), join(daemon.dir, 'x'), '--set', 'nope=1'), {
      stderr: /no variable nope; the object has/,
    })
    t.match(iterfs('pin', object('good'), join(daemon.dir, 'x'), '--prog', 'nope'), { stderr: /no program "nope"; it has: dump/ })
  })

  t.test('what is not there may be asked for', async t => {
    t.match(pin('asked_first', '--pid', `${process.pid}`), { status: 0, stderr: '' })
    t.match(cat('asked_first').stdout, /^-1$/m)
  })

  t.test('elements of a map', async t => {
    const map = join(daemon.dir, 'numbers')
    t.match(iterfs('map', 'create', map, ...'type array key 4 value 8 entries 3 name numbers'.split(' ')), {
      status: 0,
      stderr: '',
    })
    t.match(iterfs('map', 'update', 'pinned', map, ...'key 1 0 0 0 value 7 0 0 0 0 0 0 0'.split(' ')), { status: 0 })
    for (const ref of [
      ['pinned', map],
      ['name', 'numbers'],
    ]) {
      const name = join(daemon.dir, `elements_${ref[0]}`)
      t.match(iterfs('pin', object('elements'), name, 'map', ...ref), { status: 0, stderr: '' })
      t.equal(run('cat', [name]).stdout, '0 0\n1 7\n2 0\n')
    }
    t.match(iterfs('pin', object('elements'), join(daemon.dir, 'x'), 'map', 'id', '999999'), {
      status: 255,
      stderr: /get map by id \(999999\): No such file or directory/,
    })
    run('rm', [map])
    t.equal(cat('elements_pinned').stdout, '0 0\n1 7\n2 0\n', 'the link keeps the map')
  })

  t.test('two workers serve many objects', async t => {
    for (let i = 0; i < 12; i++)
      t.match(iterfs('pin', object('good'), join(daemon.dir, `many${i}`), '--pid', `${process.pid}`), { status: 0 })
    for (let i = 0; i < 12; i++) t.equal(cat(`many${i}`).stdout, good)
    t.match(iterfs('link', 'show').stdout, /target_name task {2}pid/)
    t.match(
      iterfs('prog', 'show').stdout,
      /name dump {2}tag [0-9a-f]{16} {2}gpl\n\tloaded_at .*\n\txlated \d+B {2}map_ids \d+\n\tattach_to bpf_iter_task/,
    )
    run('sh', ['-c', `rm ${daemon.dir}/many*`])
    t.notMatch(iterfs('map', 'show').stdout, /many/)
  })
})
