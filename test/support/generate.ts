// Random programs that the kernel's verifier takes: arithmetic, branches (also into loops), bounded loops, memory on the stack and behind
// r1, atomics, subprograms. At its end a program stores its registers behind r1, so that all 64 bits can be compared.
import { encode } from '../../src/insn/encode.ts'
import { type Insn, slotsOf } from '../../src/insn/insn.ts'
import { ALU_OPS, type AluOp, ATOMIC_OPS, type AtomicOp, JMP_OPS, type JmpOp, type Size } from '../../src/insn/opcode.ts'
import { Random } from './random.ts'

/** Bytes behind r1. */
export const CONTEXT_SIZE = 128
/** Registers with numbers in them; r6 holds the context, r8 and r9 count loops. */
const SCALARS = [0, 1, 2, 3, 4, 5, 7]
const [CTX, FRAME] = [6, 10]
/** Bytes of the stack that are used. */
const STACK_SIZE = 64
const MAX_DEPTH = 2

/** Numbers at which something changes. */
const EDGES = [0, 1, 2, -1, -2, 7, 8, 31, 32, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, -0x8000, 0xffff, 0x7fff_ffff, -0x8000_0000]

export interface Generated {
  readonly seed: number
  readonly insns: readonly Insn[]
  readonly bytes: Uint8Array
  readonly context: Uint8Array
}

/** The program of a seed. */
export function generate(seed: number): Generated {
  const random = new Random(seed)
  const insns = new Generator(random).program()
  const context = new Uint8Array(CONTEXT_SIZE)
  const view = new DataView(context.buffer)
  for (let at = 0; at < CONTEXT_SIZE; at += 8) {
    const edge = BigInt(random.pick(EDGES))
    const noise = (BigInt(random.u32()) << 32n) | BigInt(random.u32())
    view.setBigInt64(at, BigInt.asIntN(64, random.once(2) ? edge : random.once(3) ? edge << 32n : noise), true)
  }
  return { seed, insns, bytes: encode(insns), context }
}

/** An instruction whose jump goes to a label. */
interface Jump {
  readonly insn: Insn
  readonly label: Label
}
interface Label {
  at: number
}

class Generator {
  readonly #random: Random
  #out: (Insn | Jump)[] = []
  #slots = 0
  #depth = 0
  #left: number
  readonly #subprogs: Label[] = []
  readonly #called = new Set<Label>()

  constructor(random: Random) {
    this.#random = random
    this.#left = 20 + random.below(30)
    for (let i = random.below(3); i > 0; i--) this.#subprogs.push({ at: 0 })
  }

  program(): Insn[] {
    this.#put({ kind: 'alu', op: 'mov', width: 64, dst: CTX, src: 1, imm: 0 })
    for (const [i, reg] of SCALARS.filter(reg => reg !== 1).entries()) this.#put(load(8, reg, CTX, i * 8))
    this.#put(load(8, 1, CTX, 56))
    this.#initStack()
    this.#statements()
    for (const [i, reg] of SCALARS.entries()) this.#put(store(8, CTX, i * 8, reg))
    for (let i = 0; i < STACK_SIZE / 8; i++) {
      this.#put(load(8, 1, FRAME, -8 * (i + 1)))
      this.#put(store(8, CTX, 64 + i * 8, 1))
    }
    this.#put({ kind: 'exit' })
    // The verifier refuses what nothing reaches.
    for (const label of this.#called) {
      this.#place(label)
      this.#subprog()
    }
    return this.#link()
  }

  /** Numbers in the registers of a subprogram, then statements without calls. */
  #subprog(): void {
    for (const reg of SCALARS) if (reg === 0 || reg > 5) this.#put(mov(reg, this.#random.pick([1, 2, 3, 4, 5])))
    // Behind the arguments nothing is the context; the stack takes its place.
    this.#put(mov(CTX, FRAME))
    this.#put({ kind: 'alu', op: 'add', width: 64, dst: CTX, src: null, imm: -STACK_SIZE })
    this.#initStack()
    this.#left = 5 + this.#random.below(10)
    this.#depth = MAX_DEPTH
    this.#statements()
    this.#put({ kind: 'exit' })
  }

  #initStack(): void {
    for (let at = 8; at <= STACK_SIZE; at += 8) this.#put(store(8, FRAME, -at, this.#random.pick(SCALARS)))
  }

  #put(insn: Insn, label?: Label): void {
    this.#out.push(label ? { insn, label } : insn)
    this.#slots += slotsOf(insn)
    this.#left--
  }

  #place(label: Label): void {
    label.at = this.#slots
  }

  #link(): Insn[] {
    let at = 0
    return this.#out.map(item => {
      const insn = 'label' in item ? item.insn : item
      at += slotsOf(insn)
      if (!('label' in item)) return insn
      const off = item.label.at - at
      return insn.kind === 'call' ? { ...insn, imm: off } : ({ ...insn, off } as Insn)
    })
  }

  #statements(): void {
    // Jumps of this list forward to a later statement of it.
    const pending: { readonly label: Label; left: number }[] = []
    for (let i = 2 + this.#random.below(8); i > 0 && this.#left > 0; i--) {
      for (const jump of pending.splice(0)) {
        if (jump.left-- === 0) this.#place(jump.label)
        else pending.push(jump)
      }
      if (this.#random.once(6)) {
        const label = { at: 0 }
        this.#put(this.#condition(), label)
        pending.push({ label, left: 1 + this.#random.below(3) })
      }
      this.#statement()
    }
    for (const { label } of pending) this.#place(label)
  }

  #statement(): void {
    const nested = this.#depth < MAX_DEPTH
    switch (this.#random.below(nested ? 16 : 12)) {
      case 12:
      case 13:
        return this.#if()
      case 14:
        return this.#loop()
      case 15:
        return this.#subprogs.length > 0 ? this.#call() : this.#loop()
      case 0:
      case 1:
        return this.#memory()
      case 2:
        return this.#atomic()
      case 3:
        return this.#pointer()
      case 4:
        return this.#put(this.#unary())
      default:
        return this.#put(this.#alu())
    }
  }

  #scalar(): number {
    return this.#random.pick(SCALARS)
  }

  #imm(): number {
    return this.#random.once(2) ? this.#random.pick(EDGES) : this.#random.u32() | 0
  }

  #width(): 32 | 64 {
    return this.#random.once(2) ? 32 : 64
  }

  #alu(): Insn {
    const op = this.#random.pick(Object.keys(ALU_OPS)) as AluOp
    const width = this.#width()
    const src = this.#random.once(2) ? this.#scalar() : null
    let imm = src === null ? this.#imm() : 0
    // The verifier refuses shifts beyond the width, and division by a constant 0.
    if (src === null && ['lsh', 'rsh', 'arsh'].includes(op)) imm &= width - 1
    if (src === null && ['div', 'mod', 'sdiv', 'smod'].includes(op)) imm ||= 3
    return { kind: 'alu', op, width, dst: this.#scalar(), src, imm }
  }

  #unary(): Insn {
    const dst = this.#scalar()
    const width = this.#width()
    switch (this.#random.below(4)) {
      case 0:
        return { kind: 'neg', width, dst }
      case 1:
        return { kind: 'end', to: this.#random.pick(['le', 'be', 'swap']), bits: this.#random.pick([16, 32, 64]), dst }
      case 2:
        return { kind: 'ld_imm64', dst, lo: this.#imm(), hi: this.#imm(), pseudo: 0 }
      default:
        return { kind: 'movsx', width, bits: this.#random.pick(width === 64 ? [8, 16, 32] : [8, 16]), dst, src: this.#scalar() }
    }
  }

  /** A place of this size on the stack or behind r6. */
  #place8(size: Size): { base: number; off: number } {
    const index = this.#random.below(STACK_SIZE / size) * size
    return this.#random.once(2) ? { base: FRAME, off: index - STACK_SIZE } : { base: CTX, off: index }
  }

  #memory(): void {
    const size = this.#random.pick([1, 2, 4, 8] as const)
    const { base, off } = this.#place8(size)
    if (this.#random.once(2)) {
      const signed = size < 8 && this.#random.once(2)
      return this.#put({ kind: 'load', size, signed, acquire: false, dst: this.#scalar(), base, off })
    }
    if (this.#random.once(2)) return this.#put(store(size, base, off, this.#scalar()))
    this.#put({ kind: 'store', size, release: false, base, off, src: null, imm: this.#imm() })
  }

  /** Atomics work on the stack. */
  #atomic(): void {
    const size = this.#random.pick([4, 8] as const)
    const off = this.#random.below(STACK_SIZE / size) * size - STACK_SIZE
    const op = this.#random.pick(Object.keys(ATOMIC_OPS)) as AtomicOp
    this.#put({ kind: 'atomic', op, size, base: FRAME, off, src: this.#scalar() })
    // 6.18 forgets to clear the high half of r0 when it finds what it expects and another way to the same place was verified first.
    if (op === 'cmpxchg' && size === 4) this.#put({ kind: 'alu', op: 'mov', width: 32, dst: 0, src: 0, imm: 0 })
  }

  /** An access through a pointer into the stack, at a constant or at a variable place. The registers get numbers again. */
  #pointer(): void {
    const [pointer, index] = [2, 3]
    const size = this.#random.pick([1, 2, 4, 8] as const)
    this.#put(mov(pointer, FRAME))
    let off = this.#random.below(STACK_SIZE / size) * size - STACK_SIZE
    if (this.#random.once(2)) {
      this.#put({ kind: 'alu', op: 'and', width: 64, dst: index, src: null, imm: STACK_SIZE - 8 })
      this.#put({ kind: 'alu', op: 'add', width: 64, dst: pointer, src: index, imm: 0 })
      off = this.#random.below(8 / size) * size - STACK_SIZE
    } else {
      const shift = this.#random.below(100) - 50
      this.#put({ kind: 'alu', op: 'add', width: 64, dst: pointer, src: null, imm: shift })
      off -= shift
    }
    if (this.#random.once(3)) this.#put(store(size, pointer, off, this.#random.pick([0, 1, 4, 5, 7])))
    else if (this.#random.once(2)) {
      this.#put(load(size, 4, pointer, off))
      this.#put({ kind: 'alu', op: 'add', width: this.#width(), dst: 4, src: this.#random.pick([0, 1, 5, 7]), imm: 0 })
      this.#put(store(size, pointer, off, 4))
    } else
      this.#put({
        kind: 'load',
        size,
        signed: false,
        acquire: false,
        dst: this.#random.pick([0, 1, 4, 5, 7]),
        base: pointer,
        off,
      })
    this.#put(mov(pointer, 4))
  }

  #condition(): Insn {
    const op = this.#random.pick(Object.keys(JMP_OPS)) as JmpOp
    const src = this.#random.once(2) ? this.#scalar() : null
    return { kind: 'jump', op, width: this.#width(), dst: this.#scalar(), off: 0, src, imm: src === null ? this.#imm() : 0 }
  }

  #nested(write: () => void): void {
    this.#depth++
    write()
    this.#depth--
  }

  #if(): void {
    const [otherwise, end] = [{ at: 0 }, { at: 0 }]
    this.#put(this.#condition(), otherwise)
    this.#nested(() => this.#statements())
    const long = this.#random.once(4)
    const both = this.#random.once(2)
    if (both) this.#put({ kind: 'goto', long, off: 0 }, end)
    this.#place(otherwise)
    if (both) this.#nested(() => this.#statements())
    this.#place(end)
    this.#put(this.#alu())
  }

  /** A loop that runs up to 5 times; some are entered in the middle, some left or begun again there. */
  #loop(): void {
    const counter = 8 + this.#depth
    const [head, middle, last, end] = [{ at: 0 }, { at: 0 }, { at: 0 }, { at: 0 }]
    this.#put({ kind: 'alu', op: 'mov', width: 64, dst: counter, src: null, imm: 1 + this.#random.below(5) })
    if (this.#random.once(4)) this.#put(this.#condition(), middle)
    this.#place(head)
    this.#nested(() => this.#statements())
    this.#place(middle)
    if (this.#random.once(3)) this.#put(this.#condition(), this.#random.once(2) ? end : last)
    this.#put(this.#alu())
    this.#place(last)
    this.#put({ kind: 'alu', op: 'sub', width: this.#width(), dst: counter, src: null, imm: 1 })
    this.#put({ kind: 'jump', op: 'ne', width: 64, dst: counter, off: 0, src: null, imm: 0 }, head)
    this.#place(end)
    this.#put(this.#alu())
  }

  /** The call leaves r1 to r5 without values. */
  #call(): void {
    const callee = this.#random.pick(this.#subprogs)
    this.#called.add(callee)
    this.#put({ kind: 'call', to: 'local', imm: 0, off: 0 }, callee)
    for (let reg = 1; reg <= 5; reg++)
      this.#put(this.#random.once(2) ? mov(reg, this.#random.pick([0, 7])) : load(8, reg, CTX, this.#random.below(8) * 8))
  }
}

const mov = (dst: number, src: number): Insn => ({ kind: 'alu', op: 'mov', width: 64, dst, src, imm: 0 })
const load = (size: Size, dst: number, base: number, off: number): Insn => ({
  kind: 'load',
  size,
  signed: false,
  acquire: false,
  dst,
  base,
  off,
})
const store = (size: Size, base: number, off: number, src: number): Insn => ({
  kind: 'store',
  size,
  release: false,
  base,
  off,
  src,
  imm: 0,
})
