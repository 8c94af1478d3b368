// What the kernel does not take, iterfs does not take either: same exit status of the command that pins, and a line that names what is wrong.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { REFUSED_CASES } from './cases/refused.ts'
import { compileAll } from './support/clang.ts'
import { iterfs, run, startDaemon } from './support/daemon.ts'
import { Kernel, noKernelBpf } from './support/kernel.ts'

const INCLUDES = ['"vmlinux.h"', '<bpf/bpf_helpers.h>', '<bpf/bpf_core_read.h>', '<bpf/bpf_tracing.h>']

t.test('refused by both', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const daemon = await startDaemon()
  t.teardown(() => daemon.stop())

  const folder = kernel.folder('refused')
  const jobs = REFUSED_CASES.map(({ source }, n) => {
    const file = join(folder, `refused${n}.bpf.c`)
    writeFileSync(file, INCLUDES.map(name => `#include ${name}\n`).join('') + source)
    return { source: file, object: file.replace(/c$/, 'o'), include: [kernel.vmlinux()] }
  })
  await compileAll(jobs)

  for (const [n, { what, says, map, status }] of REFUSED_CASES.entries()) {
    const { object } = jobs[n]!
    const withMap = { kernel: [] as string[], iterfs: [] as string[] }
    if (map) {
      withMap.kernel.push('map', 'pinned', kernel.map(`map${n}`, map, []))
      const path = join(daemon.dir, `map${n}`)
      t.equal(iterfs('map', 'create', path, ...map.split(' ')).stderr, '')
      withMap.iterfs.push('map', 'pinned', path)
    }
    const pin = ['iter', 'pin', object, join(kernel.dir, `pin${n}`), ...withMap.kernel]
    const theirs = run('sh', ['-c', 'PATH=$PATH:/usr/sbin; exec bpftool "$@"', 'bpftool', ...pin])
    const ours = iterfs('pin', object, join(daemon.dir, `pin${n}`), ...withMap.iterfs)
    t.not(theirs.status, 0, `${what}: the kernel refuses`)
    t.equal(ours.status, status?.iterfs ?? theirs.status, `${what}: status of ${ours.stderr.trim()}`, {
      kernel: theirs.stderr.split('\n').slice(-4),
    })
    t.match(ours.stderr, says, what)
    t.equal(ours.stderr.trimEnd().split('\n').length, 1, `${what}: one line`)
  }
})
