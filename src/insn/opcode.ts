// The opcodes of BPF, composed from their bit fields, and the table of every form of an instruction that exists: what
// bpf_opcode_in_insntable() of the kernel knows, plus the legacy packet loads and callx, which are known by name to be refused.
//
//    7   4   3   2   0          7   5   4   3   2   0
//   |  op  | src | class |     | mode | size | class |     the second for loads and stores

export const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const
/** The source bit: the second operand is imm, or src_reg. */
export const [SRC_K, SRC_X] = [0x00, 0x08]
export const MODE = { IMM: 0x00, ABS: 0x20, IND: 0x40, MEM: 0x60, MEMSX: 0x80, ATOMIC: 0xc0 } as const

/** Bytes of an access. */
export type Size = 1 | 2 | 4 | 8
/** The size field by bytes. */
export const SIZE_BITS: Readonly<Record<Size, number>> = { 4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18 }
export const SIZES = [1, 2, 4, 8] as const satisfies readonly Size[]

/** Two-operand arithmetic: op field, whether off = 1 (signed) belongs to it, and how the kernel prints it. */
export const ALU_OPS = {
  add: { bits: 0x00, off: 0, text: '+=' },
  sub: { bits: 0x10, off: 0, text: '-=' },
  mul: { bits: 0x20, off: 0, text: '*=' },
  div: { bits: 0x30, off: 0, text: '/=' },
  sdiv: { bits: 0x30, off: 1, text: 's/=' },
  or: { bits: 0x40, off: 0, text: '|=' },
  and: { bits: 0x50, off: 0, text: '&=' },
  lsh: { bits: 0x60, off: 0, text: '<<=' },
  rsh: { bits: 0x70, off: 0, text: '>>=' },
  mod: { bits: 0x90, off: 0, text: '%=' },
  smod: { bits: 0x90, off: 1, text: 's%=' },
  xor: { bits: 0xa0, off: 0, text: '^=' },
  mov: { bits: 0xb0, off: 0, text: '=' },
  arsh: { bits: 0xc0, off: 0, text: 's>>=' },
} as const
export type AluOp = keyof typeof ALU_OPS
export const [NEG, END] = [0x80, 0xd0]

/** Conditions: op field and how the kernel prints them. */
export const JMP_OPS = {
  eq: { bits: 0x10, text: '==' },
  gt: { bits: 0x20, text: '>' },
  ge: { bits: 0x30, text: '>=' },
  set: { bits: 0x40, text: '&' },
  ne: { bits: 0x50, text: '!=' },
  sgt: { bits: 0x60, text: 's>' },
  sge: { bits: 0x70, text: 's>=' },
  lt: { bits: 0xa0, text: '<' },
  le: { bits: 0xb0, text: '<=' },
  slt: { bits: 0xc0, text: 's<' },
  sle: { bits: 0xd0, text: 's<=' },
} as const
export type JmpOp = keyof typeof JMP_OPS
export const [JA, CALL, EXIT, JCOND] = [0x00, 0x80, 0x90, 0xe0]

/** What imm of an atomic instruction says. */
export const ATOMIC_OPS = {
  add: { imm: 0x00, fetch: false },
  or: { imm: 0x40, fetch: false },
  and: { imm: 0x50, fetch: false },
  xor: { imm: 0xa0, fetch: false },
  fetch_add: { imm: 0x01, fetch: true },
  fetch_or: { imm: 0x41, fetch: true },
  fetch_and: { imm: 0x51, fetch: true },
  fetch_xor: { imm: 0xa1, fetch: true },
  xchg: { imm: 0xe1, fetch: true },
  cmpxchg: { imm: 0xf1, fetch: true },
} as const
export type AtomicOp = keyof typeof ATOMIC_OPS
export const ATOMIC_BY_IMM: ReadonlyMap<number, AtomicOp> = new Map(
  Object.entries(ATOMIC_OPS).map(([op, { imm }]) => [imm, op as AtomicOp]),
)
export const [LOAD_ACQ, STORE_REL] = [0x100, 0x110]

/** src_reg of a 64-bit immediate: what the loader has to put there. */
export const PSEUDO = { NONE: 0, MAP_FD: 1, MAP_VALUE: 2, BTF_ID: 3, FUNC: 4, MAP_IDX: 5, MAP_IDX_VALUE: 6 } as const
/** src_reg of a call. */
export const CALL_KIND = { HELPER: 0, LOCAL: 1, KFUNC: 2 } as const
/** off of a 64-bit mov that converts between address spaces of an arena. */
export const ADDR_SPACE_CAST = 1

/** One form of an instruction, by its opcode byte. `x`: the second operand is a register. */
export type Form =
  | { readonly kind: 'alu'; readonly op: AluOp; readonly signedOp: AluOp; readonly width: 32 | 64; readonly x: boolean }
  | { readonly kind: 'neg'; readonly width: 32 | 64 }
  | { readonly kind: 'end'; readonly to: 'le' | 'be' | 'swap' }
  | { readonly kind: 'jump'; readonly op: JmpOp; readonly width: 32 | 64; readonly x: boolean }
  | { readonly kind: 'goto'; readonly long: boolean }
  | { readonly kind: 'may_goto' | 'call' | 'callx' | 'exit' | 'ld_imm64' }
  | { readonly kind: 'load'; readonly size: Size; readonly signed: boolean }
  | { readonly kind: 'store'; readonly size: Size; readonly x: boolean }
  | { readonly kind: 'atomic'; readonly size: Size }
  | { readonly kind: 'packet'; readonly name: 'LD_ABS' | 'LD_IND' }

/** Every form by opcode; no entry for a byte that is no instruction. */
export const FORMS: readonly (Form | undefined)[] = forms()

function forms(): (Form | undefined)[] {
  const table = new Array<Form | undefined>(256).fill(undefined)
  const signed: Partial<Record<AluOp, AluOp>> = { div: 'sdiv', mod: 'smod' }
  for (const [cls, width] of [
    [CLASS.ALU, 32],
    [CLASS.ALU64, 64],
  ] as const) {
    for (const [op, { bits, off }] of Object.entries(ALU_OPS) as [AluOp, (typeof ALU_OPS)[AluOp]][]) {
      if (off !== 0) continue
      for (const x of [false, true])
        table[cls | bits | (x ? SRC_X : SRC_K)] = { kind: 'alu', op, signedOp: signed[op] ?? op, width, x }
    }
    table[cls | NEG] = { kind: 'neg', width }
  }
  table[CLASS.ALU | END | SRC_K] = { kind: 'end', to: 'le' }
  table[CLASS.ALU | END | SRC_X] = { kind: 'end', to: 'be' }
  table[CLASS.ALU64 | END | SRC_K] = { kind: 'end', to: 'swap' }
  for (const [cls, width] of [
    [CLASS.JMP, 64],
    [CLASS.JMP32, 32],
  ] as const)
    for (const [op, { bits }] of Object.entries(JMP_OPS) as [JmpOp, (typeof JMP_OPS)[JmpOp]][])
      for (const x of [false, true]) table[cls | bits | (x ? SRC_X : SRC_K)] = { kind: 'jump', op, width, x }
  table[CLASS.JMP | JA] = { kind: 'goto', long: false }
  table[CLASS.JMP32 | JA] = { kind: 'goto', long: true }
  table[CLASS.JMP | JCOND] = { kind: 'may_goto' }
  table[CLASS.JMP | CALL] = { kind: 'call' }
  table[CLASS.JMP | CALL | SRC_X] = { kind: 'callx' }
  table[CLASS.JMP | EXIT] = { kind: 'exit' }
  table[CLASS.LD | MODE.IMM | SIZE_BITS[8]] = { kind: 'ld_imm64' }
  for (const size of SIZES) {
    const bits = SIZE_BITS[size]
    table[CLASS.LDX | MODE.MEM | bits] = { kind: 'load', size, signed: false }
    if (size < 8) table[CLASS.LDX | MODE.MEMSX | bits] = { kind: 'load', size, signed: true }
    table[CLASS.ST | MODE.MEM | bits] = { kind: 'store', size, x: false }
    table[CLASS.STX | MODE.MEM | bits] = { kind: 'store', size, x: true }
    table[CLASS.STX | MODE.ATOMIC | bits] = { kind: 'atomic', size }
    if (size < 8) {
      table[CLASS.LD | MODE.ABS | bits] = { kind: 'packet', name: 'LD_ABS' }
      table[CLASS.LD | MODE.IND | bits] = { kind: 'packet', name: 'LD_IND' }
    }
  }
  return table
}
