// The optimising compiler of V8 for our WebAssembly modules.
import { setFlagsFromString } from 'node:v8'

/**
 * With these a module is compiled whole by the optimising compiler. Without, code begins in the baseline tier, 2 to 4 times slower, and a
 * long first call stays there. Hints say which branches are rare. Stacks need no check in our modules: frames of all programs
 * together are bounded (LAYOUT.STACK_END), and fuel leaves every loop.
 */
const ON = ['--no-liftoff', '--no-wasm-lazy-compilation', '--experimental-wasm-branch-hinting', '--no-wasm-stack-checks'] as const
/** Without liftoff, both kinds of tiering are off, too. */
const OFF = [
  '--liftoff',
  '--wasm-tier-up',
  '--wasm-dynamic-tiering',
  '--wasm-lazy-compilation',
  '--no-experimental-wasm-branch-hinting',
  '--wasm-stack-checks',
] as const

/**
 * Compiles a module of src/jit. Flags belong to the process, so they are set only meanwhile: with them, the first use of the TypeScript
 * stripper takes 150 ms (it is one large module), 8 without.
 */
export function optimisedModule(bytes: Uint8Array): WebAssembly.Module {
  for (const flag of ON) setFlagsFromString(flag)
  try {
    return new WebAssembly.Module(bytes)
  } finally {
    for (const flag of OFF) setFlagsFromString(flag)
  }
}
