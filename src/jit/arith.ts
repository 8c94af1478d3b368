// Arithmetic and conditions: each writes code that takes two operands from the stack and leaves the result, 64 or 32 bits wide.
import type { AluOp, JmpOp } from '../insn/opcode.ts'
import { LOCAL } from './abi.ts'
import { type Code, I32, I64, OP } from './wasm-module.ts'

/** Operations that are one instruction, for 64 and 32 bits. Shifts take the low 6 or 5 bits, as BPF's do. */
export const SIMPLE: Readonly<Partial<Record<AluOp, readonly [wide: number, narrow: number]>>> = {
  add: [OP.i64_add, OP.i32_add],
  sub: [OP.i64_sub, OP.i32_sub],
  mul: [OP.i64_mul, OP.i32_mul],
  or: [OP.i64_or, OP.i32_or],
  and: [OP.i64_and, OP.i32_and],
  xor: [OP.i64_xor, OP.i32_xor],
  lsh: [OP.i64_shl, OP.i32_shl],
  rsh: [OP.i64_shr_u, OP.i32_shr_u],
  arsh: [OP.i64_shr_s, OP.i32_shr_s],
}

/** Divisions: the instruction for 64 and 32 bits, and what 0 as divisor gives. */
const DIVISIONS: Readonly<
  Partial<Record<AluOp, { readonly ops: readonly [number, number]; readonly byZero: 'zero' | 'dividend' }>>
> = {
  div: { ops: [OP.i64_div_u, OP.i32_div_u], byZero: 'zero' },
  sdiv: { ops: [OP.i64_div_s, OP.i32_div_s], byZero: 'zero' },
  mod: { ops: [OP.i64_rem_u, OP.i32_rem_u], byZero: 'dividend' },
  smod: { ops: [OP.i64_rem_s, OP.i32_rem_s], byZero: 'dividend' },
}

interface Width {
  readonly type: typeof I32 | typeof I64
  readonly index: 0 | 1
  readonly eqz: number
  readonly add: number
  readonly le_u: number
  readonly mul: number
  constant(code: Code, value: number): void
}

const WIDTHS: Readonly<Record<32 | 64, Width>> = {
  64: {
    type: I64,
    index: 0,
    eqz: OP.i64_eqz,
    add: OP.i64_add,
    le_u: OP.i64_le_u,
    mul: OP.i64_mul,
    constant: (code, value) => code.i64(value),
  },
  32: {
    type: I32,
    index: 1,
    eqz: OP.i32_eqz,
    add: OP.i32_add,
    le_u: OP.i32_le_u,
    mul: OP.i32_mul,
    constant: (code, value) => code.i32(value),
  },
}

/**
 * A division of operands that `left` and `right` leave on the stack; they are written more than once. `divisor` is the right one when it
 * is known.
 */
export function writeDivision(
  code: Code,
  op: AluOp,
  width: 32 | 64,
  left: () => void,
  right: () => void,
  divisor: number | undefined,
): void {
  const { type, index, eqz, add, le_u, mul, constant } = WIDTHS[width]
  const { ops, byZero } = DIVISIONS[op]!
  const divide = (): void => {
    left()
    right()
    code.u8(ops[index])
  }
  const instead = (): void => (byZero === 'zero' ? constant(code, 0) : left())
  if (divisor === 0) return instead()
  if (divisor !== undefined && divisor !== -1) return divide()
  right()
  if (op === 'sdiv') {
    // Divisors 0 and -1, of which the second overflows for the smallest number: the product is the quotient of both.
    constant(code, 1)
    code.u8(add)
    constant(code, 1)
    code.u8(le_u)
    code.open(OP.if, type)
    left()
    right()
    code.u8(mul)
  } else {
    code.u8(eqz)
    code.open(OP.if, type)
    instead()
  }
  code.u8(OP.else)
  divide()
  code.u8(OP.end)
}

/** Comparisons for 64 and 32 bits, and the opposite one; `set` is not among them. */
const COMPARISONS: Readonly<
  Record<Exclude<JmpOp, 'set'>, { readonly ops: readonly [number, number]; readonly not: Exclude<JmpOp, 'set'> }>
> = {
  eq: { ops: [OP.i64_eq, OP.i32_eq], not: 'ne' },
  ne: { ops: [OP.i64_ne, OP.i32_ne], not: 'eq' },
  gt: { ops: [OP.i64_gt_u, OP.i32_gt_u], not: 'le' },
  ge: { ops: [OP.i64_ge_u, OP.i32_ge_u], not: 'lt' },
  lt: { ops: [OP.i64_lt_u, OP.i32_lt_u], not: 'ge' },
  le: { ops: [OP.i64_le_u, OP.i32_le_u], not: 'gt' },
  sgt: { ops: [OP.i64_gt_s, OP.i32_gt_s], not: 'sle' },
  sge: { ops: [OP.i64_ge_s, OP.i32_ge_s], not: 'slt' },
  slt: { ops: [OP.i64_lt_s, OP.i32_lt_s], not: 'sge' },
  sle: { ops: [OP.i64_le_s, OP.i32_le_s], not: 'sgt' },
}

/** A condition on two operands on the stack: an i32 that is not 0 when it holds or, negated, when it does not. */
export function writeCondition(code: Code, op: JmpOp, width: 32 | 64, negated: boolean): void {
  if (op !== 'set') return code.u8(COMPARISONS[negated ? COMPARISONS[op].not : op].ops[width === 64 ? 0 : 1])
  code.u8(width === 64 ? OP.i64_and : OP.i32_and)
  if (negated) return code.u8(width === 64 ? OP.i64_eqz : OP.i32_eqz)
  if (width === 64) {
    code.i64(0)
    code.u8(OP.i64_ne)
  }
}

/** Swaps the bytes of the low `bits` of the i64 on the stack; the others become 0. */
export function writeSwap(code: Code, bits: 16 | 32 | 64): void {
  if (bits === 64) {
    swapFields(code, 8, 0x00ff00ff)
    swapFields(code, 16, 0x0000ffff)
    code.i64(32)
    return code.u8(OP.i64_rotl)
  }
  code.u8(OP.i32_wrap_i64)
  code.tee(LOCAL.ADDR)
  code.i32(8)
  code.u8(OP.i32_rotl)
  code.i32(bits === 32 ? 0x00ff00ff : 0xff00)
  code.u8(OP.i32_and)
  code.get(LOCAL.ADDR)
  code.i32(24)
  code.u8(OP.i32_rotl)
  code.i32(bits === 32 ? 0xff00ff00 : 0x00ff)
  code.u8(OP.i32_and)
  code.u8(OP.i32_or)
  code.u8(OP.i64_extend_i32_u)
}

/** Swaps neighbouring fields of `bits` bits of the i64 on the stack; `mask` has the lower one of each pair, repeated in both halves. */
function swapFields(code: Code, bits: number, mask: number): void {
  code.tee(LOCAL.WIDE)
  code.i64Halves(mask, mask)
  code.u8(OP.i64_and)
  code.i64(bits)
  code.u8(OP.i64_shl)
  code.get(LOCAL.WIDE)
  code.i64(bits)
  code.u8(OP.i64_shr_u)
  code.i64Halves(mask, mask)
  code.u8(OP.i64_and)
  code.u8(OP.i64_or)
}
