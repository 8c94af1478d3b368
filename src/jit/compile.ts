// The WebAssembly engine: programs become modules of one function a subprogram.

import { INSN_SIZE } from '../insn/insn.ts'
import { E2BIG } from '../util/errno.ts'
import type { Compile, Executable, HelperCode, VmHost, VmProgram } from '../vm/engine.ts'
import { FUEL_SLICE } from '../vm/engine.ts'
import { addressText, fail, fault } from '../vm/error.ts'
import { LAYOUT } from '../vm/memory.ts'
import {
  burnCallback,
  fillFuel,
  funcIndex,
  MAX_FRAMES,
  type Prepared,
  prepare,
  reachableCalls,
  TAIL_CALL,
} from '../vm/prepare.ts'
import { CALLBACK, type ImportName, ProgramModule, RUN } from './abi.ts'
import { isHeavy } from './cfg.ts'
import { type HelperOf, writeSubprog } from './lower.ts'

/**
 * Makes a module of its bytes. V8 begins in its baseline tier unless the process asks for more, which src/ cannot do here (src/platform/v8.ts
 * does). `heavy`: the optimising compiler would take seconds, or all of the memory. `first` does the first run of a program, for a module whose functions are compiled when they are called.
 */
export type CompileModule = (
  bytes: Uint8Array,
  heavy: boolean,
) => {
  readonly module: WebAssembly.Module
  readonly first?: <T>(run: () => T) => T
}

/** The WebAssembly compiler as an engine. */
export const wasmCompiler =
  (compile: CompileModule): Compile =>
  (program, host) => {
    const written = writeModule(program, host)
    const { module, first } = moduleOf(written, compile)
    const exec = new WasmExecutable(written, module, program, host)
    return first ? new FirstRun(exec, first) : exec
  }

/** The WebAssembly compiler, in the tier that V8 takes by itself. */
export const compileWasm: Compile = wasmCompiler(bytes => ({ module: new WebAssembly.Module(bytes) }))

/** Does the first run through `first`. */
class FirstRun implements Executable {
  readonly #exec: Executable
  #first: (<T>(run: () => T) => T) | undefined

  constructor(exec: Executable, first: <T>(run: () => T) => T) {
    this.#exec = exec
    this.#first = first
  }

  run(lo: number, hi: number): number {
    const first = this.#first
    if (!first) return this.#exec.run(lo, hi)
    this.#first = undefined
    return first(() => this.#exec.run(lo, hi))
  }

  callback(lo: number, hi: number): number {
    return this.#exec.callback(lo, hi)
  }
}

function moduleOf({ prog, bytes, heavy }: Written, compile: CompileModule): ReturnType<CompileModule> {
  try {
    return compile(bytes, heavy)
  } catch (err) {
    if (!(err instanceof WebAssembly.CompileError)) throw err
    return fail('VM_TOO_LARGE', { prog: prog.name, insns: prog.insns.length, why: err.message }, E2BIG)
  }
}

interface Written {
  readonly prog: Prepared
  readonly helpers: readonly HelperCode[]
  readonly bytes: Uint8Array
  /** Where the code begins in `bytes`. */
  readonly codeAt: number
  readonly heavy: boolean
}

/** The bytes of a program's module; `marks` gets the position behind codeAt of each instruction. */
export function writeModule(program: VmProgram, host: Pick<VmHost, 'helper'>, marks?: Int32Array): Written {
  const prog = prepare(program)
  const byId = new Map<number, HelperCode>()
  const helperOf: HelperOf = ({ to, imm }) => (to === 'kfunc' ? program.kfuncs[imm]! : byId.get(imm)!)
  const helpers = new Set<HelperCode>()
  for (const insn of reachableCalls(prog)) {
    if (insn.to === 'local' || (insn.to === 'helper' && insn.imm === TAIL_CALL)) continue
    if (insn.to === 'helper' && !byId.has(insn.imm)) byId.set(insn.imm, host.helper(insn.imm))
    helpers.add(helperOf(insn))
  }
  const module = new ProgramModule([...helpers], prog.subprogs.length)
  let heavy = false
  for (let index = 0; index < prog.subprogs.length; index++)
    if (isHeavy(writeSubprog(prog, index, module, helperOf, marks))) heavy = true
  return { prog, helpers: [...helpers], ...module.finish(), heavy }
}

class WasmExecutable implements Executable {
  readonly #program: VmProgram
  readonly #host: VmHost
  readonly #subprogCount: number
  readonly #run: (lo: number, hi: number) => number
  readonly #callback: (subprog: number) => number

  constructor({ prog, helpers }: Written, module: WebAssembly.Module, program: VmProgram, host: VmHost) {
    const { name } = program
    this.#program = program
    this.#host = host
    this.#subprogCount = prog.subprogs.length
    const env: Record<ImportName, unknown> = {
      translate: host.translate,
      store: (insn: number, lo: number, hi: number) => fault('VM_STORE', { prog: name, insn, address: addressText(lo, hi) }),
      depth: () => fault('VM_DEPTH', { prog: name, max: MAX_FRAMES }),
      refuel: () => {
        host.space.view.setInt32(LAYOUT.FUEL, FUEL_SLICE, true)
        host.outOfFuel()
        return FUEL_SLICE
      },
      tailCall: () => (host.tailCall() ? 1 : 0),
    }
    const instance = new WebAssembly.Instance(module, {
      env: { ...env, memory: host.space.memory },
      helper: Object.fromEntries(helpers.map((helper, i) => [`${i}`, helper.run])),
    })
    this.#run = instance.exports[RUN] as (lo: number, hi: number) => number
    this.#callback = instance.exports[CALLBACK] as (subprog: number) => number
    fillFuel(host.space)
  }

  run(lo: number, hi: number): number {
    const { view } = this.#host.space
    const sp = view.getUint32(LAYOUT.SP, true)
    try {
      return this.#run(lo, hi)
    } catch (err) {
      throw this.#ended(err, sp)
    }
  }

  callback(lo: number, hi: number): number {
    const index = funcIndex(lo, hi, this.#subprogCount)
    if (index < 0) fault('VM_CALLBACK', { prog: this.#program.name, address: addressText(lo, hi) })
    burnCallback(this.#host)
    const { view } = this.#host.space
    const sp = view.getUint32(LAYOUT.SP, true)
    try {
      return this.#callback(index)
    } catch (err) {
      throw this.#ended(err, sp)
    }
  }

  /** Frees the frames of a program that ended before its end; what to throw. */
  #ended(err: unknown, sp: number): unknown {
    this.#host.space.view.setUint32(LAYOUT.SP, sp, true)
    if (!(err instanceof WebAssembly.RuntimeError)) return err
    const insn = faultingInsn(err, this.#program, this.#host)
    try {
      return fault('VM_BOUNDS', { prog: this.#program.name, ...(insn >= 0 && { insn }) })
    } catch (fault) {
      return fault
    }
  }
}

/**
 * The instruction at which a module trapped, -1 when the stack trace does not say. The module is written again, now with the place of each
 * instruction, which nothing else needs.
 */
function faultingInsn({ stack = '' }: Error, program: VmProgram, host: VmHost): number {
  const marks = new Int32Array(program.insns.length / INSN_SIZE).fill(-1)
  const { codeAt } = writeModule(program, host, marks)
  // The first frame in a subprogram: loads outside the window have functions of their own in front of them.
  for (const [, offset] of stack.matchAll(/wasm-function\[\d+\]:0x([0-9a-f]+)/g)) {
    const at = Number.parseInt(offset!, 16) - codeAt
    let found = -1
    for (let insn = 0; insn < marks.length; insn++)
      if (marks[insn]! >= 0 && marks[insn]! <= at && marks[insn]! > (marks[found] ?? -1)) found = insn
    if (found >= 0) return found
  }
  return -1
}
