// Instructions as the kernel's disassembler prints them in the log of its verifier (kernel/bpf/disasm.c), without index and newline.
import { encode } from './encode.ts'
import type { Insn } from './insn.ts'
import { ALU_OPS, JMP_OPS, type Size } from './opcode.ts'

/** Names that only the loader knows; what is missing is printed as the kernel prints what it does not know. */
export interface PrintNames {
  helper?(id: number): string | undefined
  kfunc?(id: number): string | undefined
}

/** One line, such as `(b7) r0 = 1`. Jumps are relative: `goto pc+3`. */
export function print(insn: Insn, names: PrintNames = {}): string {
  const opcode = encode([insn])[0]!
  return `(${opcode.toString(16).padStart(2, '0')}) ${PRINT[insn.kind](insn as never, names)}`
}

/** A program with the index of each instruction in front. */
export const printAll = (insns: readonly (Insn | null)[], names: PrintNames = {}): string =>
  insns.flatMap((insn, index) => (insn === null ? [] : [`${index}: ${print(insn, names)}\n`])).join('')

type Printers = { [K in Insn['kind']]: (insn: Extract<Insn, { kind: K }>, names: PrintNames) => string }

const plus = (n: number): string => (n < 0 ? `${n}` : `+${n}`)
const reg = (width: 32 | 64, number: number): string => `${width === 64 ? 'r' : 'w'}${number}`
const type = (size: Size, letter = 'u'): string => `${letter}${size * 8}`
const mem = (size: Size, base: number, off: number): string => `(${type(size)} *)(r${base} ${plus(off)})`
/** Suffix of atomic names. */
const wide = (size: Size): string => (size === 8 ? '64' : '')

const PRINT: Printers = {
  alu: ({ op, width, dst, src, imm }) => `${reg(width, dst)} ${ALU_OPS[op].text} ${src === null ? imm : reg(width, src)}`,
  neg: ({ width, dst }) => `${reg(width, dst)} = -${reg(width, dst)}`,
  movsx: ({ width, bits, dst, src }) => `${reg(width, dst)} = (s${bits})${reg(width, src)}`,
  end: ({ to, bits, dst }) => `r${dst} = ${to === 'swap' ? 'bswap' : to}${bits} r${dst}`,
  addr_space_cast: ({ dst, src, imm }) => `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`,
  ld_imm64: ({ dst, lo, hi }) => `r${dst} = 0x${((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)).toString(16)}`,
  load: ({ size, signed, acquire, dst, base, off }) =>
    acquire
      ? `r${dst} = load_acquire(${mem(size, base, off)})`
      : `r${dst} = *(${type(size, signed ? 's' : 'u')} *)(r${base} ${plus(off)})`,
  store: ({ size, release, base, off, src, imm }) =>
    release ? `store_release(${mem(size, base, off)}, r${src})` : `*${mem(size, base, off)} = ${src === null ? imm : `r${src}`}`,
  atomic: ({ op, size, base, off, src }) => {
    const at = mem(size, base, off)
    switch (op) {
      case 'cmpxchg':
        return `r0 = atomic${wide(size)}_cmpxchg(${at}, r0, r${src})`
      case 'xchg':
        return `r${src} = atomic${wide(size)}_xchg(${at}, r${src})`
      case 'add':
      case 'or':
      case 'and':
      case 'xor':
        return `lock *${at} ${ALU_OPS[op].text} r${src}`
      default:
        return `r${src} = atomic${wide(size)}_${op}(${at}, r${src})`
    }
  },
  jump: ({ op, width, dst, off, src, imm }) => {
    const right = src === null ? `0x${(imm >>> 0).toString(16)}` : reg(width, src)
    return `if ${reg(width, dst)} ${JMP_OPS[op].text} ${right} goto pc${plus(off)}`
  },
  goto: ({ long, off }) => `goto${long ? 'l' : ''} pc${plus(off)}`,
  may_goto: ({ off }) => `may_goto pc${plus(off)}`,
  call: ({ to, imm }, names) => {
    switch (to) {
      case 'local':
        return `call pc${plus(imm)}`
      case 'kfunc':
        return `call ${names.kfunc?.(imm) ?? 'kernel-function'}#${imm}`
      case 'helper':
        return `call ${names.helper?.(imm) ?? 'unknown'}#${imm}`
    }
  },
  callx: ({ dst }) => `callx r${dst}`,
  exit: () => 'exit',
}
