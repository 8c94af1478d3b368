import { setFlagsFromString } from 'node:v8'
import t from 'tap'
import { compileWasm, V8_FLAGS } from '../../../src/jit/compile.ts'
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
  const startsInLiftoff = (r0: number): boolean => {
    compileBytes(compileWasm, assemble(`r0 = ${r0}; exit`), new TestHost()).run(0, 0)
    return isLiftoff(made!.exports.run)
  }
  t.equal(startsInLiftoff(7), true, 'the baseline tier without them')
  for (const flag of V8_FLAGS) setFlagsFromString(flag)
  t.equal(startsInLiftoff(8), false, 'not with them')
  t.end()
})
