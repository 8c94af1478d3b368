// Names with a dot on a mount: `iterfs pin` makes them, nothing else does.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { iterfs, run, sh, startDaemon } from '../support/daemon.ts'
import { ROOT } from '../support/paths.ts'

const EEXIST_STATUS = 256 - 17

for (const transport of ['devfuse', 'fuse-native'] as const) {
  t.test(transport, async t => {
    const daemon = await startDaemon(['--transport', transport])
    t.teardown(() => daemon.stop())
    const at = (name: string): string => join(daemon.dir, name)
    const program = join(ROOT, 'test/programs/self.ts')
    daemon.pin(program, 'x.prom')
    daemon.pin(program, 'plain')
    t.ok(readdirSync(daemon.dir).includes('x.prom'))
    t.ok(statSync(at('x.prom')).isFile())
    t.equal(run('cat', [at('x.prom')]).stdout, run('cat', [at('plain')]).stdout)
    t.equal(sh(`cd ${daemon.dir} && cat *.prom | wc -l`).stdout, sh(`wc -l < ${at('plain')}`).stdout)
    for (const line of [
      'mkdir y.d',
      'ln -s plain y.s',
      'ln plain y.l',
      'ln x.prom y.l',
      'mv plain y.m',
      'mv -f plain x.prom',
      'mv x.prom y.m',
    ])
      t.match(sh(`cd ${daemon.dir} && ${line}`), { status: 1, stderr: /Operation not permitted/ }, line)
    t.match(sh(`cd ${daemon.dir} && : > y.f`).stderr, /Operation not permitted/, 'open with O_CREAT')
    t.match(sh(`cat ${at('none.prom')}`).stderr, /Operation not permitted/, 'as bpffs answers for a name that is not there')
    t.equal(sh(`cd ${daemon.dir} && mv x.prom moved`).status, 0, 'to a name without a dot')
    daemon.pin(program, 'x.prom')
    t.equal(sh(`rm ${at('x.prom')} ${at('moved')}`).status, 0)
    t.same(readdirSync(daemon.dir).sort(), ['maps.debug', 'plain', 'progs.debug'])
    t.equal(iterfs('pin', program, at('maps.debug')).status, EEXIST_STATUS, 'it is there already')
    t.equal(iterfs('pin', program, at('.iterfs')).status, EEXIST_STATUS, 'the control folder stays')
    t.ok(readFileSync(at('plain'), 'utf8').length > 0)
  })
}
