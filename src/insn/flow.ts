// The flow of control of a program: what the kernel's check_subprogs() and check_cfg() refuse, unreachable code apart.
import { fail } from './error.ts'
import { endsFlow, type Insn, jumpOff } from './insn.ts'

/** A range of instructions, `start` to `end` (exclusive). */
export interface Range {
  readonly name: string
  readonly start: number
  readonly end: number
}

/**
 * Checks that jumps stay in their subprogram and hit the beginning of an instruction, that none falls off its end, and that calls of
 * subprograms hit one. @throws BpfError INSN_JUMP, INSN_MIDDLE, INSN_LAST, INSN_CALL, INSN_SUBPROG
 */
export function checkFlow(insns: readonly (Insn | null)[], subprogs: readonly Range[]): void {
  const starts = new Set(subprogs.map(({ start }) => start))
  for (const { name, start, end } of subprogs)
    if (!(start >= 0 && start < end && end <= insns.length) || insns[start] === null)
      fail('INSN_SUBPROG', { name, start, end, count: insns.length })
  for (const { name, start, end } of subprogs) {
    let last = start
    for (let index = start; index < end; index++) {
      const insn = insns[index]!
      if (insn === null) continue
      last = index
      const off = jumpOff(insn)
      if (off !== undefined) checkJump(insns, index, index + 1 + off, start, end)
      const callee = calleeOf(insn, index)
      if (callee !== undefined && !starts.has(callee)) fail('INSN_CALL', { insn: index, target: callee })
    }
    const insn = insns[last]!
    if (!endsFlow(insn)) fail('INSN_LAST', { insn: last, name })
  }
}

/** The instruction at which the subprogram begins that `insn` at `index` calls or whose address it loads; undefined when it does neither. */
export function calleeOf(insn: Insn, index: number): number | undefined {
  if (insn.kind === 'call' && insn.to === 'local') return index + 1 + insn.imm
  if (insn.kind === 'ld_imm64' && insn.pseudo === 4) return index + 1 + insn.lo
  return undefined
}

function checkJump(insns: readonly (Insn | null)[], insn: number, target: number, start: number, end: number): void {
  if (target < start || target >= end) fail('INSN_JUMP', { insn, target, start, end })
  if (insns[target] === null) fail('INSN_MIDDLE', { insn, target })
}

/**
 * The subprograms of a program that comes without symbols: one begins where another is called or its address is taken, and ends where the
 * next begins. @throws BpfError INSN_CALL for a call that leaves the program
 */
export function findSubprogs(insns: readonly (Insn | null)[]): Range[] {
  const starts = new Set([0])
  for (const [index, insn] of insns.entries()) {
    const target = insn && calleeOf(insn, index)
    if (target === null || target === undefined) continue
    if (target < 0 || target >= insns.length) fail('INSN_CALL', { insn: index, target })
    starts.add(target)
  }
  const sorted = [...starts].sort((a, b) => a - b)
  return sorted.map((start, i) => ({ name: i === 0 ? 'entry' : `subprog${i}`, start, end: sorted[i + 1] ?? insns.length }))
}
