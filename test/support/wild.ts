// Random programs that no verifier would take: any instruction, any register as an address, jumps anywhere. Both engines must do the same
// with them, faults included.
import { encode } from '../../src/insn/encode.ts'
import { type Insn, slotsOf } from '../../src/insn/insn.ts'
import { ALU_OPS, type AluOp, ATOMIC_OPS, type AtomicOp, JMP_OPS, type JmpOp, SIZES } from '../../src/insn/opcode.ts'
import { LAYOUT, MEM_BASE_HI } from '../../src/vm/memory.ts'
import { Random } from './random.ts'

/** Helpers that a wild program may call: id, arguments. */
export const WILD_HELPERS = [1, 2, 3, 4] as const

/** Distances and immediates at which something happens. */
const OFFS = [0, 0, 1, 7, 8, -1, -8, -16, -504, -512, -513, 504, 4095, 32760, -32768, 16, 24, 64]
const IMMS = [0, 1, -1, 2, 8, -8, 16, -16, 32, 63, 64, 255, 4096, -512, 0x7fff_ffff, -0x8000_0000]
/** Offsets in the window. */
const PLACES = [0, 4095, 4096, LAYOUT.RET, LAYOUT.SP, LAYOUT.STACK - 1, LAYOUT.STACK, LAYOUT.HEAP, 0x7fff_fff8, -1, -16]

/** Bytes of the program of a seed: a main program and up to two subprograms. */
export function generateWild(seed: number): Uint8Array {
  const random = new Random(seed)
  const sizes = Array.from({ length: 1 + random.below(3) }, () => 8 + random.below(30))
  const parts = sizes.map(size => {
    const insns: Insn[] = Array.from({ length: size }, () => wildInsn(random))
    insns.push(random.once(8) ? { kind: 'goto', long: false, off: -1 - random.below(size) } : { kind: 'exit' })
    return insns
  })
  return encode(link(random, parts))
}

/** Aims jumps and calls, which are at random so far, at the beginnings of instructions and of subprograms. */
function link(random: Random, parts: readonly Insn[][]): Insn[] {
  const starts: number[] = []
  let at = 0
  const places = parts.map(part => {
    starts.push(at)
    return part.map(insn => {
      const place = at
      at += slotsOf(insn)
      return place
    })
  })
  return parts.flatMap((part, p) =>
    part.map((insn, i) => {
      const next = places[p]![i]! + slotsOf(insn)
      switch (insn.kind) {
        case 'jump':
        case 'goto':
        case 'may_goto': {
          // Mostly forward, so that most programs end.
          const from = random.once(4) ? 0 : i
          return { ...insn, off: places[p]![from + random.below(part.length - from)]! - next }
        }
        case 'call':
          return insn.to === 'local' ? { ...insn, imm: random.pick(starts) - next } : insn
        case 'ld_imm64':
          return insn.pseudo === 4 ? { ...insn, lo: random.pick(starts) - places[p]![i]! - 1 } : insn
        default:
          return insn
      }
    }),
  )
}

function wildInsn(random: Random): Insn {
  const dst = random.below(10)
  const src = random.below(11)
  const width = random.once(2) ? 32 : 64
  const off = random.pick(OFFS)
  const imm = random.pick(IMMS)
  const base = random.once(3) ? random.below(11) : random.pick([1, 6, 7, 10])
  const size = random.pick(SIZES)
  switch (random.below(16)) {
    case 0:
    case 1: {
      const op = random.pick(Object.keys(ALU_OPS)) as AluOp
      return { kind: 'alu', op, width, dst, src: random.once(2) ? src : null, imm: 0, ...(random.once(2) && { src: null, imm }) }
    }
    // What programs do with addresses.
    case 2:
      return { kind: 'alu', op: 'mov', width: 64, dst, src: random.pick([1, 10, base]), imm: 0 }
    case 3:
      return { kind: 'alu', op: random.pick(['add', 'sub']), width: 64, dst: random.pick([1, 6, 7, dst]), src: null, imm }
    case 4:
      return random.pick<Insn>([
        { kind: 'ld_imm64', dst, lo: random.pick(PLACES), hi: MEM_BASE_HI | 0, pseudo: 0 },
        { kind: 'ld_imm64', dst, lo: random.pick(PLACES), hi: random.pick([0, -1, 0xffff_8880 | 0]), pseudo: 0 },
        { kind: 'ld_imm64', dst, lo: 0, hi: 0, pseudo: 4 },
      ])
    case 5:
      return random.pick<Insn>([
        { kind: 'neg', width, dst },
        { kind: 'end', to: random.pick(['le', 'be', 'swap']), bits: random.pick([16, 32, 64]), dst },
        { kind: 'movsx', width, bits: random.pick([8, 16]), dst, src },
      ])
    case 6:
    case 7:
    case 8:
      return { kind: 'load', size, signed: size < 8 && random.once(3), acquire: false, dst, base, off }
    case 9:
    case 10:
      return { kind: 'store', size, release: false, base, off, src: random.once(2) ? src : null, imm: 0 }
    case 11: {
      const op = random.pick(Object.keys(ATOMIC_OPS)) as AtomicOp
      return { kind: 'atomic', op, size: random.pick([4, 8]), base, off, src: dst }
    }
    case 12:
    case 13: {
      const op = random.pick(Object.keys(JMP_OPS)) as JmpOp
      return { kind: 'jump', op, width, dst: random.below(11), off: 0, src: random.once(2) ? src : null, imm: 0 }
    }
    case 14:
      return random.pick<Insn>([
        { kind: 'goto', long: random.once(2), off: 0 },
        { kind: 'may_goto', off: 0 },
        { kind: 'exit' },
        { kind: 'jump', op: 'ne', width: 64, dst, off: 0, src: null, imm: 0 },
      ])
    default:
      return random.pick<Insn>([
        { kind: 'call', to: 'local', imm: 0, off: 0 },
        { kind: 'call', to: 'helper', imm: random.pick(WILD_HELPERS), off: 0 },
        { kind: 'call', to: 'helper', imm: 12, off: 0 },
      ])
  }
}
