// Errors of instructions: each names the instruction by its index.
import { failer } from '../util/error.ts'

const hex = (n: number): string => `0x${(n >>> 0).toString(16).padStart(2, '0')}`
const at = (d: { insn: number }): string => `insn ${d.insn}`

export const fail = failer({
  INSN_SIZE: (d: { got: number }) => `program: want 8 bytes an instruction and at least one, got ${d.got} bytes`,
  INSN_OPCODE: (d: { insn: number; opcode: number }) => `${at(d)}: unknown opcode ${hex(d.opcode)}`,
  INSN_REFUSED: (d: { insn: number; opcode: number; name: string; why: string }) =>
    `${at(d)}: opcode ${hex(d.opcode)} (${d.name}) is refused: ${d.why}`,
  INSN_REG: (d: { insn: number; opcode: number; reg: number }) =>
    `${at(d)}: opcode ${hex(d.opcode)}: want register 0 to 10, got ${d.reg}`,
  INSN_FP: (d: { insn: number; opcode: number }) => `${at(d)}: opcode ${hex(d.opcode)}: the frame pointer r10 is read-only`,
  INSN_FIELD: (d: { insn: number; opcode: number; field: string; want: string; got: number }) =>
    `${at(d)}: opcode ${hex(d.opcode)}: want ${d.field} ${d.want}, got ${d.got}`,
  INSN_IMM64: (d: { insn: number }) => `${at(d)}: 64-bit immediate: its second half is missing or is no such half`,
  INSN_JUMP: (d: { insn: number; target: number; start: number; end: number }) =>
    `${at(d)}: jump to ${d.target}: want a target from ${d.start} to ${d.end - 1}`,
  INSN_MIDDLE: (d: { insn: number; target: number }) => `${at(d)}: jump to ${d.target}, into the middle of a 64-bit immediate`,
  INSN_CALL: (d: { insn: number; target: number }) => `${at(d)}: call of ${d.target}: no subprogram begins there`,
  INSN_LAST: (d: { insn: number; name: string }) => `${at(d)}: the last instruction of ${d.name}: want exit or goto`,
  INSN_SUBPROG: (d: { name: string; start: number; end: number; count: number }) =>
    `subprogram ${d.name}: want a range within ${d.count} instructions, got ${d.start} to ${d.end}`,
})
