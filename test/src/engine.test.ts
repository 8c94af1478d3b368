// What an engine keeps for open files.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compileWasm, Engine, nodePlatform, registerTargets } from '../../src/index.ts'
import { compileAll } from '../support/clang.ts'
import { iterfs, run, scratch } from '../support/daemon.ts'

const SOURCE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
int count;
SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
  BPF_SEQ_PRINTF(ctx->meta->seq, "%d\\n", ++count);
  return 0;
}
`

t.test('maps stay while a file is open that needs them', async t => {
  const dir = scratch()
  t.teardown(() => run('rm', ['-rf', dir]))
  iterfs('btf', 'dump', '--format', 'c', '-o', join(dir, 'vmlinux.h'))
  const [source, object] = [join(dir, 'counter.bpf.c'), join(dir, 'counter.bpf.o')]
  writeFileSync(source, SOURCE)
  await compileAll([{ source, object, include: [dir] }])

  const platform = nodePlatform()
  const quiet = (): void => {}
  registerTargets(platform, { denied: quiet })
  let last = 0
  const engine = new Engine({
    bpf: {
      ...{ platform, compile: compileWasm, progLimitMs: 1000, nextMapId: () => ++last },
      ...{ progFailed: quiet, trace: quiet, denied: quiet },
    },
  })
  const { progs, maps } = engine.loadObject({ number: 1, path: object, bytes: readFileSync(object), set: {} })
  const prog = progs[0]!
  const { aux } = engine.attach(prog.key, prog.target, { task: { tid: process.pid } })
  const opener = { pid: process.pid, uid: 0, gid: 0 }
  engine.open(1, prog.key, prog.target, aux, opener, 1n)
  engine.bpf.unload(prog.key)
  for (const { id } of maps) engine.bpf.freeMap(id)
  const bss = maps.find(map => map.name === 'counter.bss')!.id
  t.ok(engine.bpf.map(bss), 'the map is there')
  t.equal(Buffer.from(engine.read(1, 100, opener)).toString(), '1\n2\n')
  t.throws(() => engine.open(2, prog.key, prog.target, aux, opener, 2n), { message: /no program/ })
  engine.close(1)
  for (const { id } of maps) t.equal(engine.bpf.map(id), undefined, 'and gone with the last file')
})
