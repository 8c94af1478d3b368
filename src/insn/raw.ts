// Instructions as they lie in memory: 8 bytes, `code` u8, `dst` and `src` 4 bits each, `off` s16, `imm` s32. What links and relocates
// programs changes them in place.
import { SIZE_BITS, SIZES } from './opcode.ts'

/** Bytes of an instruction; 64-bit immediates take two. */
export const INSN_SIZE = 8

/** Bytes of a load or store by code & 0x18. */
export const SIZE_BYTES: Readonly<Record<number, number>> = Object.fromEntries(SIZES.map(size => [SIZE_BITS[size], size]))

/** BPF_LD | BPF_IMM | BPF_DW */
export const LD_IMM64 = 0x18
/** BPF_JMP | BPF_CALL */
export const CALL = 0x85
/** BPF_JMP | BPF_EXIT */
export const EXIT = 0x95
/** BPF_JMP | BPF_JA: the distance is `off`. */
export const JA = 0x05
/** BPF_JMP32 | BPF_JA: the distance is `imm`. */
export const JA32 = 0x06
/** BPF_JMP | BPF_JCOND (may_goto) */
export const JCOND = 0xe5

export const codeAt = (insns: Uint8Array, insn: number): number => insns[insn * 8]!
export const dstAt = (insns: Uint8Array, insn: number): number => insns[insn * 8 + 1]! & 15
export const srcAt = (insns: Uint8Array, insn: number): number => insns[insn * 8 + 1]! >> 4
export const offAt = (insns: Uint8Array, insn: number): number => ((insns[insn * 8 + 3]! << 24) >> 16) | insns[insn * 8 + 2]!
export const immAt = (insns: Uint8Array, insn: number): number => {
  const at = insn * 8
  return insns[at + 4]! | (insns[at + 5]! << 8) | (insns[at + 6]! << 16) | (insns[at + 7]! << 24)
}
/** The 64-bit immediate of an LD_IMM64, unsigned. */
export const imm64At = (insns: Uint8Array, insn: number): bigint =>
  (BigInt(immAt(insns, insn + 1) >>> 0) << 32n) | BigInt(immAt(insns, insn) >>> 0)

/** True for both halves of an LD_IMM64 being there: `end` is where the program ends. */
export const isLdImm64 = (insns: Uint8Array, insn: number, end = insns.length / 8): boolean =>
  codeAt(insns, insn) === LD_IMM64 && insn + 1 < end && codeAt(insns, insn + 1) === 0

export const setSrc = (insns: Uint8Array, insn: number, src: number): void => {
  const at = insn * 8 + 1
  insns[at] = (insns[at]! & 15) | (src << 4)
}
export const setOff = (insns: Uint8Array, insn: number, off: number): void => {
  insns[insn * 8 + 2] = off
  insns[insn * 8 + 3] = off >> 8
}
export const setImm = (insns: Uint8Array, insn: number, imm: number): void => {
  const at = insn * 8 + 4
  insns[at] = imm
  insns[at + 1] = imm >> 8
  insns[at + 2] = imm >> 16
  insns[at + 3] = imm >> 24
}
export const setImm64 = (insns: Uint8Array, insn: number, value: bigint): void => {
  setImm(insns, insn, Number(BigInt.asIntN(32, value)))
  setImm(insns, insn + 1, Number(BigInt.asIntN(32, value >> 32n)))
}
/** Replaces an instruction. */
export const setInsn = (insns: Uint8Array, insn: number, code: number, regs: number, off: number, imm: number): void => {
  insns[insn * 8] = code
  insns[insn * 8 + 1] = regs
  setOff(insns, insn, off)
  setImm(insns, insn, imm)
}
