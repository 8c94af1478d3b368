// Programs on both engines, in an address space of their own.

import { decode } from '../../src/insn/decode.ts'
import { findSubprogs } from '../../src/insn/flow.ts'
import { compileWasm } from '../../src/jit/compile.ts'
import type { Compile, Executable, HelperCode, VmHost } from '../../src/vm/engine.ts'
import { compileInterpreter } from '../../src/vm/interpreter.ts'
import { AddressSpace, LAYOUT, MEM_BASE_HI } from '../../src/vm/memory.ts'

export const ENGINES: readonly (readonly [string, Compile])[] = [
  ['interpreter', compileInterpreter],
  ['wasm', compileWasm],
]

/** A host with some helpers; nothing is translated and fuel never ends unless the test says so. */
export class TestHost implements VmHost {
  readonly space = new AddressSpace(1 << 24)
  readonly helpers = new Map<number, HelperCode>()
  translate = (_lo: number, _hi: number, _size: number): number => LAYOUT.ZERO
  slices = 0
  maxSlices = 20
  tailCall = (): boolean => false

  helper(id: number): HelperCode {
    const helper = this.helpers.get(id)
    if (!helper) throw new Error(`no helper ${id}`)
    return helper
  }

  /** Adds a helper. */
  add(id: number, argCount: number, ret: HelperCode['ret'], run: () => number): void {
    this.helpers.set(id, { name: `helper${id}`, argCount, ret, run })
  }

  /** r1 to r5 of a helper that runs, as unsigned numbers. */
  arg(i: number): bigint {
    return this.space.view.getBigUint64(LAYOUT.ARGS + i * 8, true)
  }

  ret(value: bigint): number {
    this.space.view.setBigUint64(LAYOUT.RET, value, true)
    return 0
  }

  outOfFuel = (): void => {
    if (++this.slices > this.maxSlices) throw new Error('out of fuel')
  }

  /** r0, unsigned, as the last program left it. */
  get r0(): bigint {
    return this.space.view.getBigUint64(LAYOUT.RET, true)
  }
}

export const compileBytes = (compile: Compile, insns: Uint8Array, host: VmHost, kfuncs: readonly HelperCode[] = []): Executable =>
  compile({ name: 'test', insns, subprogs: findSubprogs(decode(insns)), kfuncs }, host)

/** Runs a program with r1 the address of a copy of `memory`; r0 and the memory afterwards. */
export function runBytes(
  compile: Compile,
  insns: Uint8Array,
  memory: Uint8Array = new Uint8Array(0),
  host = new TestHost(),
): { readonly r0: bigint; readonly memory: Uint8Array } {
  const at = host.space.alloc(memory.length)
  const exec = compileBytes(compile, insns, host)
  host.space.u8.set(memory, at)
  exec.run(memory.length ? at : 0, memory.length ? MEM_BASE_HI : 0)
  return { r0: host.r0, memory: host.space.u8.slice(at, at + memory.length) }
}
