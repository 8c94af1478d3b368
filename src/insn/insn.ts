// A decoded instruction. Engines, relocations and printing look at these, never at raw bytes.
import type { AluOp, AtomicOp, JmpOp, Size } from './opcode.ts'

/** Number of a register, 0 to 10. */
export type Reg = number
/** Register 10: the end of the stack frame, read-only. */
export const FP: Reg = 10
/** Bytes of an instruction; a 64-bit immediate takes two. */
export const INSN_SIZE = 8

/**
 * The second operand: a register, or (src null) the immediate, a signed 32-bit number that 64-bit operations sign-extend. Jump
 * targets, and `imm` of a call of a subprogram, are relative to the next instruction, as they are encoded.
 */
export interface Rhs {
  readonly src: Reg | null
  readonly imm: number
}

export type Insn =
  | ({ readonly kind: 'alu'; readonly op: AluOp; readonly width: 32 | 64; readonly dst: Reg } & Rhs)
  | { readonly kind: 'neg'; readonly width: 32 | 64; readonly dst: Reg }
  /** Sign extension of the low `bits` of src to `width`. */
  | { readonly kind: 'movsx'; readonly width: 32 | 64; readonly bits: 8 | 16 | 32; readonly dst: Reg; readonly src: Reg }
  /** Byte order: to little or big endian, or swapped; the result is the low `bits`, zero-extended. */
  | { readonly kind: 'end'; readonly to: 'le' | 'be' | 'swap'; readonly bits: 16 | 32 | 64; readonly dst: Reg }
  /** cast_kern, cast_user of arenas. */
  | { readonly kind: 'addr_space_cast'; readonly dst: Reg; readonly src: Reg; readonly imm: number }
  /** A 64-bit immediate by halves (signed); `pseudo` is src_reg. */
  | { readonly kind: 'ld_imm64'; readonly dst: Reg; readonly lo: number; readonly hi: number; readonly pseudo: number }
  | {
      readonly kind: 'load'
      readonly size: Size
      readonly signed: boolean
      /** A load-acquire, which is an atomic instruction. */
      readonly acquire: boolean
      readonly dst: Reg
      readonly base: Reg
      readonly off: number
    }
  | ({ readonly kind: 'store'; readonly size: Size; readonly release: boolean; readonly base: Reg; readonly off: number } & Rhs)
  | {
      readonly kind: 'atomic'
      readonly op: AtomicOp
      readonly size: 4 | 8
      readonly base: Reg
      readonly off: number
      readonly src: Reg
    }
  | ({ readonly kind: 'jump'; readonly op: JmpOp; readonly width: 32 | 64; readonly dst: Reg; readonly off: number } & Rhs)
  /** `long`: the target is in imm (gotol). */
  | { readonly kind: 'goto'; readonly long: boolean; readonly off: number }
  | { readonly kind: 'may_goto'; readonly off: number }
  /** `off` of a call of a kfunc is an index into fd_array. */
  | { readonly kind: 'call'; readonly to: 'helper' | 'local' | 'kfunc'; readonly imm: number; readonly off: number }
  | { readonly kind: 'callx'; readonly dst: Reg }
  | { readonly kind: 'exit' }

/** Slots of 8 bytes that an instruction takes. */
export const slotsOf = (insn: Insn): number => (insn.kind === 'ld_imm64' ? 2 : 1)

/** Where a jump goes to, relative to the next instruction; undefined for what is no jump. */
export const jumpOff = (insn: Insn): number | undefined =>
  insn.kind === 'jump' || insn.kind === 'goto' || insn.kind === 'may_goto' ? insn.off : undefined

/** True for an instruction that nothing falls through: exit and goto. */
export const endsFlow = (insn: Insn): boolean => insn.kind === 'exit' || insn.kind === 'goto'
