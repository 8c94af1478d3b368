// What both engines do first: decode a program and refuse what neither of them runs.
import { decode } from '../insn/decode.ts'
import { checkFlow } from '../insn/flow.ts'
import type { Insn } from '../insn/insn.ts'
import { PSEUDO } from '../insn/opcode.ts'
import { FUEL_SLICE, FUNC_HI, type HelperCode, type Subprog, type VmHost, type VmProgram } from './engine.ts'
import { fail } from './error.ts'
import { type AddressSpace, FRAME_SIZE, LAYOUT } from './memory.ts'

/** Helper id of bpf_tail_call, which engines run through VmHost.tailCall(). */
export const TAIL_CALL = 12
/** BPF_MAX_LOOPS: how often a may_goto of one frame goes on, and bpf_loop at most. */
export const MAX_LOOPS = 8 * 1024 * 1024

type Call = Extract<Insn, { kind: 'call' }>

export interface Prepared {
  readonly name: string
  /** By index; null for the second half of a 64-bit immediate. */
  readonly insns: readonly (Insn | null)[]
  readonly subprogs: readonly Subprog[]
  /** Index of the subprogram that begins at an instruction. */
  readonly subprogAt: ReadonlyMap<number, number>
}

/** @throws BpfError INSN_*, VM_* for what is no program or cannot be run */
export function prepare(program: VmProgram): Prepared {
  const { name, subprogs, kfuncs } = program
  if (subprogs.length === 0) fail('VM_ENTRY', { prog: name })
  const insns = decode(program.insns)
  checkFlow(insns, subprogs)
  for (let index = 0; index < insns.length; index++) if (insns[index] !== null) check(name, index, insns[index]!, kfuncs)
  return { name, insns, subprogs, subprogAt: new Map(subprogs.map(({ start }, index) => [start, index])) }
}

function check(prog: string, index: number, insn: Insn, kfuncs: readonly HelperCode[]): void {
  if (insn.kind === 'addr_space_cast')
    fail('VM_REFUSED', { prog, insn: index, name: 'addr_space_cast', why: 'arenas are not supported' })
  if (insn.kind === 'callx')
    fail('VM_REFUSED', { prog, insn: index, name: 'callx', why: 'the kernel has no calls through registers' })
  if (insn.kind === 'ld_imm64' && insn.pseudo !== PSEUDO.NONE && insn.pseudo !== PSEUDO.FUNC)
    fail('VM_UNRESOLVED', { prog, insn: index, pseudo: insn.pseudo })
  if (insn.kind === 'call' && insn.to === 'kfunc' && !(insn.imm >= 0 && insn.imm < kfuncs.length))
    fail('VM_KFUNC', { prog, insn: index, index: insn.imm, count: kfuncs.length })
}

/** What a callback costs beside its own instructions: loops of helpers have no back edges that would be counted. */
export const CALLBACK_FUEL = 16

/** Takes the fuel of one callback. @throws what outOfFuel() throws */
export const burnCallback = (host: VmHost): void => burnFuel(host, CALLBACK_FUEL)

/** Takes fuel for what a helper does. @throws what outOfFuel() throws */
export function burnFuel(host: VmHost, units: number): void {
  const { view } = host.space
  const left = view.getInt32(LAYOUT.FUEL, true) - units
  view.setInt32(LAYOUT.FUEL, left < 0 ? FUEL_SLICE : left, true)
  if (left < 0) host.outOfFuel()
}

/** Gives the first slice of fuel to an address space that has had none. */
export function fillFuel({ view }: AddressSpace): void {
  if (view.getInt32(LAYOUT.FUEL, true) === 0) view.setInt32(LAYOUT.FUEL, FUEL_SLICE, true)
}

/** Frames of the stack. */
export const MAX_FRAMES = (LAYOUT.STACK_END - LAYOUT.STACK) / FRAME_SIZE

/** Which of `count` subprograms an address of a BPF_PSEUDO_FUNC immediate means; -1 for none. */
export function funcIndex(lo: number, hi: number, count: number): number {
  const index = (lo >>> 0) / 16 - 1
  return hi >>> 0 === FUNC_HI && Number.isInteger(index) && index >= 0 && index < count ? index : -1
}

/** The calls that can be reached from the beginning of a subprogram. Only these need helpers that exist. */
export function reachableCalls({ insns, subprogs }: Prepared): Call[] {
  const seen = new Uint8Array(insns.length)
  const calls: Call[] = []
  const todo = subprogs.map(({ start }) => start)
  for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
    // Straight on until something was seen already.
    while (seen[index] === 0) {
      seen[index] = 1
      const insn: Insn = insns[index]!
      if (insn.kind === 'exit') break
      if (insn.kind === 'call') calls.push(insn)
      index += insn.kind === 'ld_imm64' ? 2 : 1
      if (insn.kind === 'goto') index += insn.off
      else if (insn.kind === 'jump' || insn.kind === 'may_goto') todo.push(index + insn.off)
    }
  }
  return calls
}
