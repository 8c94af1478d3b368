// Errors of programs as the engines see them: what cannot be compiled, and what ends a program that runs.

import { EFAULT } from '../util/errno.ts'
import { BpfError, failer } from '../util/error.ts'

interface Place {
  readonly prog: string
  readonly insn: number
}
const place = (d: Place): string => `program ${d.prog}: insn ${d.insn}`

export const fail = failer({
  VM_ENTRY: (d: { prog: string }) => `program ${d.prog}: want an entry, got no subprogram`,
  VM_UNRESOLVED: (d: Place & { pseudo: number }) =>
    `${place(d)}: want a plain 64-bit immediate, got a reference of kind ${d.pseudo} that nothing resolved`,
  VM_REFUSED: (d: Place & { name: string; why: string }) => `${place(d)}: ${d.name} is refused: ${d.why}`,
  VM_TOO_LARGE: (d: { prog: string; insns: number; why: string }) =>
    `program ${d.prog}: ${d.insns} instructions are too many for one module: ${d.why}`,
  VM_KFUNC: (d: Place & { index: number; count: number }) => `${place(d)}: want one of ${d.count} kfuncs, got ${d.index}`,
})

const faults = {
  VM_STORE: (d: Place & { address: string }) => `${place(d)}: store to ${d.address}, where nothing can be written`,
  VM_BOUNDS: (d: { prog: string; insn?: number }) =>
    `program ${d.prog}:${d.insn === undefined ? '' : ` insn ${d.insn}:`} access beyond the memory of programs`,
  VM_DEPTH: (d: { prog: string; max: number }) =>
    `program ${d.prog}: want at most ${d.max} nested calls, callbacks and programs, got more`,
  VM_CALLBACK: (d: { prog: string; address: string }) => `program ${d.prog}: callback ${d.address}: no subprogram is there`,
}

type FaultCode = keyof typeof faults

/** Ends a program that runs, with EFAULT. */
export function fault<C extends FaultCode>(code: C, data: Parameters<(typeof faults)[C]>[0]): never {
  throw new BpfError(code, data, faults[code](data as never), EFAULT)
}

/** An address by halves, as text. */
export const addressText = (lo: number, hi: number): string => `0x${((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)).toString(16)}`
