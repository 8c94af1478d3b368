// One program without kernel, maps and symbols: the contract of the public eBPF conformance suite, whose runner gives instructions and
// memory and takes r0.
import { decode } from '../insn/decode.ts'
import { encodeInto } from '../insn/encode.ts'
import { findSubprogs } from '../insn/flow.ts'
import { INSN_SIZE } from '../insn/insn.ts'
import { type Compile, FUNC_HI, type HelperCode, type VmHost } from './engine.ts'
import { AddressSpace, LAYOUT, MEM_BASE_HI } from './memory.ts'

/** Nothing is behind a helper or kfunc here: a call does nothing and gives 0. */
const nothing = (name: string): HelperCode => ({ name, argCount: 5, ret: 'void', run: () => 0 })

/** Bytes for memory and maps. */
const LIMIT = 256 << 20

/**
 * Runs a program with r1 the address of a copy of `memory` and r2 its length, both 0 without memory; its r0, unsigned.
 * @param outOfFuel throws to end the program, see VmHost
 * @throws BpfError for what is no program or stores where it may not
 */
export function runStandalone(compile: Compile, program: Uint8Array, memory: Uint8Array, outOfFuel: () => void): bigint {
  const space = new AddressSpace(LIMIT)
  const host: VmHost = {
    space,
    translate: () => LAYOUT.ZERO,
    helper: id => nothing(`helper ${id}`),
    tailCall: () => false,
    outOfFuel,
  }
  const insns = program.slice()
  const decoded = decode(insns)
  for (const [index, insn] of decoded.entries()) {
    // A call through a register is one of a helper, and all are alike; so are all kfuncs.
    if (insn?.kind === 'callx') encodeInto(insns, index * INSN_SIZE, { kind: 'call', to: 'helper', imm: 0, off: 0 })
    if (insn?.kind === 'call' && insn.to === 'kfunc') encodeInto(insns, index * INSN_SIZE, { ...insn, imm: 0 })
  }
  const subprogs = findSubprogs(decoded)
  const exec = compile({ name: 'standalone', insns, subprogs, kfuncs: [nothing('kfunc')] }, host)
  if (memory.length > 0) {
    const at = space.alloc(memory.length)
    space.u8.set(memory, at)
    space.args.set([at, MEM_BASE_HI | 0, memory.length])
  }
  // The entry as a callback, since only those take r2.
  exec.callback(16, FUNC_HI)
  return space.view.getBigUint64(LAYOUT.RET, true)
}
