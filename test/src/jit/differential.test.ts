// Random programs: both engines, and the kernel where there is one, leave the same registers and memory.
import t from 'tap'
import { compileWasm } from '../../../src/bpf/compile.ts'
import { generate } from '../../support/generate.ts'
import { toHex } from '../../support/hex.ts'
import { noKernelBpf } from '../../support/kernel.ts'
import { kernelRunner } from '../../support/kernel-run.ts'
import { ENGINES, runBytes, TestHost } from '../../support/vm.ts'

/** How many programs, and the seed of the first. */
const COUNT = Number(process.env.ITERFS_PROGRAMS ?? 1000)
const SEED = Number(process.env.ITERFS_SEED ?? 1)

const programs = Array.from({ length: COUNT }, (_, i) => generate(SEED + i))
// Here the optimising compiler, which takes its time; other tests do with the baseline one.
const results = [ENGINES[0]!, ['wasm', compileWasm] as const].map(([name, compile]) => {
  const host = new TestHost()
  return {
    name,
    outputs: programs.map(({ bytes, context }) => {
      const { r0, memory } = runBytes(compile, bytes, context, host)
      return `${r0 & 0xffff_ffffn} ${toHex(memory)}`
    }),
  }
})

t.test(`${COUNT} programs on both engines`, t => {
  const [reference, wasm] = results
  for (const [i, { seed }] of programs.entries())
    if (reference!.outputs[i] !== wasm!.outputs[i]) t.equal(wasm!.outputs[i], reference!.outputs[i], `seed ${seed}`)
  t.ok(new Set(reference!.outputs).size > COUNT * 0.9, 'they do different things')
  t.end()
})

t.test(`${COUNT} programs in the kernel`, { skip: noKernelBpf() }, t => {
  let refused = 0
  for (const [i, { status, retval, context }] of kernelRunner()(programs).entries()) {
    if (status !== 0) refused++
    else {
      const output = `${retval} ${toHex(context)}`
      for (const { name, outputs } of results)
        if (outputs[i] !== output) t.equal(outputs[i], output, `${name}, seed ${programs[i]!.seed}`)
    }
  }
  // Some take the verifier too long.
  t.ok(refused <= COUNT / 100, `${refused} refused`)
  t.end()
})
