// bpf_iter_task_vma over a process with more VMAs than handles may be open in one call.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { compileSeeds, limits, textOf } from '../../support/mutated-run.ts'

const VMAS = 400

limits.progMs = 5000

t.test('a walk through many VMAs', async t => {
  const memories = Array.from({ length: VMAS / 2 }, () => new WebAssembly.Memory({ initial: 1, maximum: 2 }))
  const [object] = await compileSeeds(['find_vma.bpf.c'])
  const text = textOf(object!.name, object!.bytes)
  const lines = readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .filter(line => !/vsyscall/.test(line)).length
  const [, count] = /from the code on 0: (\d+)/.exec(text) ?? []
  t.ok(lines > VMAS, `the process has ${lines}`)
  t.ok(Number(count) > lines / 2 && Number(count) <= lines, `${count} were walked through`)
  t.equal(memories.length, VMAS / 2, 'they are all still there')
})
