// The optimising compiler of V8 for our WebAssembly modules.
import { setFlagsFromString } from 'node:v8'

/**
 * With these, functions are compiled by the optimising compiler. Without, code begins in the baseline tier, 2 to 4 times slower, and a
 * long first call stays there. Hints say which branches are rare. Stacks need no check in our modules: frames of all programs
 * together are bounded (LAYOUT.STACK_END), and fuel leaves every loop.
 */
const OPTIMISE = ['--no-liftoff', '--experimental-wasm-branch-hinting', '--no-wasm-stack-checks'] as const
/** With these, code stays in the baseline tier. */
const BASELINE = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'] as const
/** With this, all functions of a module are compiled at once. */
const EAGER = '--no-wasm-lazy-compilation'
/** Without liftoff, both kinds of tiering are off, too. */
const DEFAULTS = [
  '--liftoff',
  '--wasm-tier-up',
  '--wasm-dynamic-tiering',
  '--wasm-lazy-compilation',
  '--no-experimental-wasm-branch-hinting',
  '--wasm-stack-checks',
] as const

/** Bytes from which on a module is compiled function by function when they are called first: about 1 us a byte. */
const LAZY_FROM = 8 << 10

/**
 * Does `work` with these flags. They belong to the process, so they are set only meanwhile: with them, the first use of the TypeScript
 * stripper takes 150 ms (it is one large module), 8 without.
 */
function withFlags<T>(flags: readonly string[], work: () => T): T {
  for (const flag of flags) setFlagsFromString(flag)
  try {
    return work()
  } finally {
    for (const flag of DEFAULTS) setFlagsFromString(flag)
  }
}

const optimised = <T>(work: () => T): T => withFlags(OPTIMISE, work)

/** Compiles a module of src/jit, see CompileModule there. */
export function optimisedModule(
  bytes: Uint8Array,
  heavy: boolean,
): { module: WebAssembly.Module; first?: <T>(run: () => T) => T } {
  const compile = (): WebAssembly.Module => new WebAssembly.Module(bytes)
  if (heavy) return { module: withFlags([...BASELINE, EAGER], compile) }
  if (bytes.length >= LAZY_FROM) return { module: optimised(compile), first: optimised }
  return { module: withFlags([...OPTIMISE, EAGER], compile) }
}
