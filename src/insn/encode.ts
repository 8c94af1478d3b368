// Instructions to bytes: the other direction of decode.ts.
import { INSN_SIZE, type Insn, slotsOf } from './insn.ts'
import {
  ADDR_SPACE_CAST,
  ALU_OPS,
  ATOMIC_OPS,
  CALL,
  CALL_KIND,
  CLASS,
  END,
  EXIT,
  JA,
  JCOND,
  JMP_OPS,
  LOAD_ACQ,
  MODE,
  NEG,
  SIZE_BITS,
  SRC_K,
  SRC_X,
  STORE_REL,
} from './opcode.ts'

/** Bytes of a program. */
export function encode(insns: readonly Insn[]): Uint8Array {
  const bytes = new Uint8Array(insns.reduce((slots, insn) => slots + slotsOf(insn), 0) * INSN_SIZE)
  let at = 0
  for (const insn of insns) at = encodeInto(bytes, at, insn)
  return bytes
}

/** Writes one instruction at byte `at`; where the next one begins. @throws RangeError when it does not fit */
export function encodeInto(bytes: Uint8Array, at: number, insn: Insn): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const { opcode, dst = 0, src = 0, off = 0, imm = 0 } = ENCODE[insn.kind](insn as never)
  put(view, at, opcode, dst, src, off, imm)
  if (insn.kind !== 'ld_imm64') return at + INSN_SIZE
  put(view, at + INSN_SIZE, 0, 0, 0, 0, insn.hi)
  return at + 2 * INSN_SIZE
}

function put(view: DataView, at: number, opcode: number, dst: number, src: number, off: number, imm: number): void {
  view.setUint8(at, opcode)
  view.setUint8(at + 1, (src << 4) | dst)
  view.setInt16(at + 2, off, true)
  view.setInt32(at + 4, imm, true)
}

interface Fields {
  readonly opcode: number
  readonly dst?: number
  readonly src?: number
  readonly off?: number
  readonly imm?: number
}

type Encoders = { [K in Insn['kind']]: (insn: Extract<Insn, { kind: K }>) => Fields }

const aluClass = (width: 32 | 64): number => (width === 64 ? CLASS.ALU64 : CLASS.ALU)
const jmpClass = (width: 32 | 64): number => (width === 64 ? CLASS.JMP : CLASS.JMP32)
const sourceBit = (src: number | null): number => (src === null ? SRC_K : SRC_X)

const ENCODE: Encoders = {
  alu: ({ op, width, dst, src, imm }) => {
    const { bits, off } = ALU_OPS[op]
    return { opcode: aluClass(width) | bits | sourceBit(src), dst, src: src ?? 0, off, imm }
  },
  neg: ({ width, dst }) => ({ opcode: aluClass(width) | NEG, dst }),
  movsx: ({ width, bits, dst, src }) => ({ opcode: aluClass(width) | ALU_OPS.mov.bits | SRC_X, dst, src, off: bits }),
  end: ({ to, bits, dst }) => ({
    opcode: (to === 'swap' ? CLASS.ALU64 : CLASS.ALU) | END | (to === 'be' ? SRC_X : SRC_K),
    dst,
    imm: bits,
  }),
  addr_space_cast: ({ dst, src, imm }) => ({
    opcode: CLASS.ALU64 | ALU_OPS.mov.bits | SRC_X,
    dst,
    src,
    off: ADDR_SPACE_CAST,
    imm,
  }),
  ld_imm64: ({ dst, lo, pseudo }) => ({ opcode: CLASS.LD | MODE.IMM | SIZE_BITS[8], dst, src: pseudo, imm: lo }),
  load: ({ size, signed, acquire, dst, base, off }) =>
    acquire
      ? { opcode: CLASS.STX | MODE.ATOMIC | SIZE_BITS[size], dst, src: base, off, imm: LOAD_ACQ }
      : { opcode: CLASS.LDX | (signed ? MODE.MEMSX : MODE.MEM) | SIZE_BITS[size], dst, src: base, off },
  store: ({ size, release, base, off, src, imm }) =>
    release
      ? { opcode: CLASS.STX | MODE.ATOMIC | SIZE_BITS[size], dst: base, src: src ?? 0, off, imm: STORE_REL }
      : { opcode: (src === null ? CLASS.ST : CLASS.STX) | MODE.MEM | SIZE_BITS[size], dst: base, src: src ?? 0, off, imm },
  atomic: ({ op, size, base, off, src }) => ({
    opcode: CLASS.STX | MODE.ATOMIC | SIZE_BITS[size],
    dst: base,
    src,
    off,
    imm: ATOMIC_OPS[op].imm,
  }),
  jump: ({ op, width, dst, off, src, imm }) => ({
    opcode: jmpClass(width) | JMP_OPS[op].bits | sourceBit(src),
    dst,
    src: src ?? 0,
    off,
    imm,
  }),
  goto: ({ long, off }) => (long ? { opcode: CLASS.JMP32 | JA, imm: off } : { opcode: CLASS.JMP | JA, off }),
  may_goto: ({ off }) => ({ opcode: CLASS.JMP | JCOND, off }),
  call: ({ to, imm, off }) => ({
    opcode: CLASS.JMP | CALL,
    src: { helper: CALL_KIND.HELPER, local: CALL_KIND.LOCAL, kfunc: CALL_KIND.KFUNC }[to],
    off,
    imm,
  }),
  callx: ({ dst }) => ({ opcode: CLASS.JMP | CALL | SRC_X, dst }),
  exit: () => ({ opcode: CLASS.JMP | EXIT }),
}
