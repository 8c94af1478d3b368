// The engine that programs run on.
import { wasmCompiler } from '../jit/compile.ts'
import { optimisedModule } from '../platform/v8.ts'
import type { Compile } from '../vm/engine.ts'

/** The WebAssembly compiler, optimising from the first call on. */
export const compileWasm: Compile = wasmCompiler(optimisedModule)
