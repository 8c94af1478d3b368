// What helpers and kfuncs return and write, against the kernel's.
import t from 'tap'
import { CALLS } from '../../cases/calls.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { callName, kernelCalls, ourCalls } from '../../support/kernel-calls.ts'

t.test('as the kernel returns', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const theirs = kernelCalls(kernel, CALLS)
  const ours = ourCalls(CALLS)
  t.equal(theirs.length, CALLS.length)
  for (const [i, item] of CALLS.entries()) t.equal(ours[i], theirs[i], callName(item))
})
