import { setFlagsFromString } from 'node:v8'
import t from 'tap'
import { compileWasm as optimising } from '../../../src/bpf/compile.ts'
import { compileWasm } from '../../../src/jit/compile.ts'
import type { Compile } from '../../../src/vm/engine.ts'
import { assemble } from '../../support/assemble.ts'
import { compileBytes, TestHost } from '../../support/vm.ts'

t.test('the flags of V8 exist and give the optimising tier from the first call', t => {
  setFlagsFromString('--allow-natives-syntax')
  const isLiftoff = new Function('f', 'return %IsLiftoffFunction(f)') as (f: unknown) => boolean
  const { Instance } = WebAssembly
  let made: WebAssembly.Instance | undefined
  t.teardown(() => {
    WebAssembly.Instance = Instance
  })
  WebAssembly.Instance = class extends Instance {
    constructor(module: WebAssembly.Module, imports?: Record<string, Record<string, unknown>>) {
      super(module, imports)
      made = this
    }
  }
  // V8 keeps the code of a module with the same bytes.
  const startsInLiftoff = (compile: Compile, r0: number, insns = 1): boolean => {
    compileBytes(compile, assemble(`${`r0 = ${r0}; `.repeat(insns)}exit`), new TestHost()).run(0, 0)
    return isLiftoff(made!.exports.run)
  }
  t.equal(startsInLiftoff(compileWasm, 7), true, 'the baseline tier by itself')
  t.equal(startsInLiftoff(optimising, 8), false, 'the optimising one when asked for')
  t.equal(startsInLiftoff(optimising, 10, 9000), false, 'also for a large program')
  t.equal(startsInLiftoff(compileWasm, 9), true, 'and the flags are taken back')
  t.end()
})
