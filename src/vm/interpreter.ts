// The reference engine: one instruction after the other on 64-bit integers. Slow and plain; what the WebAssembly compiler does must
// be what this does.
import { type AluOp, ATOMIC_OPS, type AtomicOp, type JmpOp, PSEUDO, type Size } from '../insn/opcode.ts'
import { type Compile, type Executable, FUEL_SLICE, FUNC_HI, type HelperCode, type VmHost, type VmProgram } from './engine.ts'
import { addressText, fault } from './error.ts'
import { FRAME_SIZE, LAYOUT, MEM_BASE, MEM_BASE_HI } from './memory.ts'
import {
  burnCallback,
  fillFuel,
  funcIndex,
  MAX_FRAMES,
  MAX_LOOPS,
  type Prepared,
  prepare,
  reachableCalls,
  TAIL_CALL,
} from './prepare.ts'

/** The interpreter as an engine. */
export const compileInterpreter: Compile = (program, host) => new Interpreter(program, host)

class Interpreter implements Executable {
  readonly #prog: Prepared
  readonly #host: VmHost
  readonly #kfuncs: readonly HelperCode[]
  readonly #helpers = new Map<number, HelperCode>()

  constructor(program: VmProgram, host: VmHost) {
    this.#prog = prepare(program)
    this.#host = host
    this.#kfuncs = program.kfuncs
    for (const { to, imm } of reachableCalls(this.#prog))
      if (to === 'helper' && imm !== TAIL_CALL) this.#helpers.set(imm, host.helper(imm))
    fillFuel(host.space)
  }

  run(lo: number, hi: number): number {
    return this.#enter(0, [join(lo, hi), 0n, 0n, 0n, 0n])
  }

  callback(lo: number, hi: number): number {
    const index = funcIndex(lo, hi, this.#prog.subprogs.length)
    if (index < 0) fault('VM_CALLBACK', { prog: this.#prog.name, address: addressText(lo, hi) })
    burnCallback(this.#host)
    const { view } = this.#host.space
    return this.#enter(
      index,
      [0, 8, 16, 24, 32].map(at => view.getBigUint64(LAYOUT.ARGS + at, true)),
    )
  }

  /** A call from outside: its frame lies behind those of the program that called the helper that calls. */
  #enter(subprog: number, args: readonly bigint[]): number {
    const { space } = this.#host
    const sp = space.view.getUint32(LAYOUT.SP, true) || LAYOUT.STACK
    try {
      const r0 = this.#call(subprog, args, sp)
      space.view.setBigUint64(LAYOUT.RET, r0, true)
      return Number(BigInt.asIntN(32, r0))
    } finally {
      space.view.setUint32(LAYOUT.SP, sp, true)
    }
  }

  /** Runs a subprogram in the frame at offset `frame`; its r0. */
  #call(subprog: number, args: readonly bigint[], frame: number): bigint {
    const { name, insns, subprogs, subprogAt } = this.#prog
    if (frame < LAYOUT.STACK || frame > LAYOUT.STACK_END - FRAME_SIZE) fault('VM_DEPTH', { prog: name, max: MAX_FRAMES })
    // What is stored is taken modulo 2^64.
    const regs = new BigUint64Array(11)
    for (const [i, arg] of args.entries()) regs[1 + i] = arg
    regs[10] = MEM_BASE + BigInt(frame + FRAME_SIZE)
    let mayGoto = MAX_LOOPS
    for (let pc = subprogs[subprog]!.start; ; ) {
      const index = pc
      const insn = insns[index]!
      this.#burn()
      pc += 1
      switch (insn.kind) {
        case 'alu':
          regs[insn.dst] = alu(insn.op, insn.width, regs[insn.dst]!, rhsOf(insn, regs))
          break
        case 'neg':
          regs[insn.dst] = BigInt.asUintN(insn.width, -regs[insn.dst]!)
          break
        case 'movsx':
          regs[insn.dst] = BigInt.asUintN(insn.width, BigInt.asIntN(insn.bits, regs[insn.src]!))
          break
        case 'end': {
          const value = BigInt.asUintN(insn.bits, regs[insn.dst]!)
          regs[insn.dst] = insn.to === 'le' ? value : swapBytes(value, insn.bits)
          break
        }
        case 'ld_imm64':
          regs[insn.dst] = insn.pseudo === PSEUDO.FUNC ? funcAddress(subprogAt.get(index + 1 + insn.lo)!) : join(insn.lo, insn.hi)
          pc += 1
          break
        case 'load': {
          const value = this.#load(regs[insn.base]!, insn.off, insn.size, index)
          regs[insn.dst] = insn.signed ? BigInt.asIntN(insn.size * 8, value) : value
          break
        }
        case 'store': {
          const at = this.#writable(regs[insn.base]!, insn.off, insn.size, index)
          this.#write(at, insn.size, rhsOf(insn, regs))
          break
        }
        case 'atomic': {
          const at = this.#writable(regs[insn.base]!, insn.off, insn.size, index)
          this.#atomic(insn.op, insn.size, at, insn.src, regs)
          break
        }
        case 'jump':
          if (holds(insn.op, insn.width, regs[insn.dst]!, rhsOf(insn, regs))) pc += insn.off
          break
        case 'goto':
          pc += insn.off
          break
        case 'may_goto':
          if (mayGoto === 0) pc += insn.off
          else mayGoto--
          break
        case 'call': {
          if (insn.to === 'local') {
            regs[0] = this.#call(subprogAt.get(pc + insn.imm)!, [...regs.subarray(1, 6)], frame + FRAME_SIZE)
            break
          }
          this.#host.space.view.setUint32(LAYOUT.SP, frame + FRAME_SIZE, true)
          if (insn.to === 'helper' && insn.imm === TAIL_CALL) {
            this.#putArgs(regs, 3)
            if (this.#host.tailCall()) return this.#host.space.view.getBigUint64(LAYOUT.RET, true)
            regs[0] = 0n
          } else regs[0] = this.#callHelper(insn.to === 'kfunc' ? this.#kfuncs[insn.imm]! : this.#helpers.get(insn.imm)!, regs)
          break
        }
        case 'exit':
          return regs[0]!
        case 'addr_space_cast':
        case 'callx':
          throw new Error(`${insn.kind} was let through by prepare()`)
      }
    }
  }

  #burn(): void {
    const { space } = this.#host
    const left = space.view.getInt32(LAYOUT.FUEL, true) - 1
    space.view.setInt32(LAYOUT.FUEL, left < 0 ? FUEL_SLICE : left, true)
    if (left < 0) this.#host.outOfFuel()
  }

  #putArgs(regs: BigUint64Array, count: number): void {
    for (let i = 0; i < count; i++) this.#host.space.view.setBigUint64(LAYOUT.ARGS + i * 8, regs[1 + i]!, true)
  }

  #callHelper(helper: HelperCode, regs: BigUint64Array): bigint {
    this.#putArgs(regs, helper.argCount)
    const result = helper.run()
    switch (helper.ret) {
      case 'int':
        return BigInt(Math.trunc(result))
      case 'mem':
        return result === 0 ? 0n : MEM_BASE + BigInt(result >>> 0)
      case 'u64':
        return this.#host.space.view.getBigUint64(LAYOUT.RET, true)
      case 'void':
        return 0n
    }
  }

  /**
   * The base register decides whether an access goes to the window. Inside, the offset wraps at 32 bits and what lies beyond the
   * memory is a fault; outside, the load is translated.
   */
  #load(base: bigint, off: number, size: Size, insn: number): bigint {
    if (highHalf(base) === MEM_BASE_HI) return this.#read(this.#within((lowHalf(base) >>> 0) + off, size, insn), size)
    const address = base + BigInt(off)
    return this.#read(this.#within(this.#host.translate(lowHalf(address), highHalf(address) | 0, size) >>> 0, size, insn), size)
  }

  /** The offset of a store or an atomic operation; what belongs to the engine, below the stack, is not written. */
  #writable(base: bigint, off: number, size: Size, insn: number): number {
    const at = (lowHalf(base) >>> 0) + off
    if (highHalf(base) === MEM_BASE_HI && at >= LAYOUT.STACK) return this.#within(at, size, insn)
    const address = addressText(lowHalf(base + BigInt(off)), highHalf(base + BigInt(off)))
    return fault('VM_STORE', { prog: this.#prog.name, insn, address })
  }

  #within(at: number, size: Size, insn: number): number {
    const offset = at < 0 ? at + 2 ** 32 : at
    return offset + size <= this.#host.space.u8.length ? offset : fault('VM_BOUNDS', { prog: this.#prog.name, insn })
  }

  #read(at: number, size: Size): bigint {
    const { view } = this.#host.space
    if (size === 8) return view.getBigUint64(at, true)
    return BigInt(size === 4 ? view.getUint32(at, true) : size === 2 ? view.getUint16(at, true) : view.getUint8(at))
  }

  #write(at: number, size: Size, value: bigint): void {
    const { view } = this.#host.space
    if (size === 8) view.setBigUint64(at, value, true)
    else if (size === 4) view.setUint32(at, lowHalf(value), true)
    else if (size === 2) view.setUint16(at, lowHalf(value), true)
    else view.setUint8(at, lowHalf(value))
  }

  #atomic(op: AtomicOp, size: 4 | 8, at: number, src: number, regs: BigUint64Array): void {
    const old = this.#read(at, size)
    const operand = BigInt.asUintN(size * 8, regs[src]!)
    if (op === 'cmpxchg') {
      if (old === BigInt.asUintN(size * 8, regs[0]!)) this.#write(at, size, operand)
      regs[0] = old
      return
    }
    this.#write(at, size, op === 'xchg' ? operand : ATOMIC[op](old, operand, size === 8 ? 64 : 32))
    if (ATOMIC_OPS[op].fetch) regs[src] = old
  }
}

type Fn = (a: bigint, b: bigint, width: 32 | 64) => bigint

/** Operands are unsigned and cut to the width; so is the result. Shifts take the low 5 or 6 bits. */
const ALU: Readonly<Record<AluOp, Fn>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  sdiv: (a, b, width) => (b === 0n ? 0n : BigInt.asIntN(width, a) / BigInt.asIntN(width, b)),
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  lsh: (a, b, width) => a << (b & BigInt(width - 1)),
  rsh: (a, b, width) => a >> (b & BigInt(width - 1)),
  mod: (a, b) => (b === 0n ? a : a % b),
  smod: (a, b, width) => (b === 0n ? a : BigInt.asIntN(width, a) % BigInt.asIntN(width, b)),
  xor: (a, b) => a ^ b,
  mov: (_, b) => b,
  arsh: (a, b, width) => BigInt.asIntN(width, a) >> (b & BigInt(width - 1)),
}

const ATOMIC: Readonly<Record<Exclude<AtomicOp, 'xchg' | 'cmpxchg'>, Fn>> = {
  add: ALU.add,
  or: ALU.or,
  and: ALU.and,
  xor: ALU.xor,
  fetch_add: ALU.add,
  fetch_or: ALU.or,
  fetch_and: ALU.and,
  fetch_xor: ALU.xor,
}

const HOLDS: Readonly<Record<JmpOp, (a: bigint, b: bigint, width: 32 | 64) => boolean>> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  set: (a, b) => (a & b) !== 0n,
  sgt: (a, b, width) => BigInt.asIntN(width, a) > BigInt.asIntN(width, b),
  sge: (a, b, width) => BigInt.asIntN(width, a) >= BigInt.asIntN(width, b),
  slt: (a, b, width) => BigInt.asIntN(width, a) < BigInt.asIntN(width, b),
  sle: (a, b, width) => BigInt.asIntN(width, a) <= BigInt.asIntN(width, b),
}

const alu = (op: AluOp, width: 32 | 64, a: bigint, b: bigint): bigint =>
  BigInt.asUintN(width, ALU[op](BigInt.asUintN(width, a), BigInt.asUintN(width, b), width))

const holds = (op: JmpOp, width: 32 | 64, a: bigint, b: bigint): boolean =>
  HOLDS[op](BigInt.asUintN(width, a), BigInt.asUintN(width, b), width)

const rhsOf = ({ src, imm }: { src: number | null; imm: number }, regs: BigUint64Array): bigint =>
  src === null ? BigInt.asUintN(64, BigInt(imm)) : regs[src]!

const join = (lo: number, hi: number): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)
/** Signed. */
const lowHalf = (value: bigint): number => Number(BigInt.asIntN(32, value))
/** Unsigned. */
const highHalf = (value: bigint): number => Number(BigInt.asUintN(32, value >> 32n))
const funcAddress = (subprog: number): bigint => join((subprog + 1) * 16, FUNC_HI)

function swapBytes(value: bigint, bits: number): bigint {
  let swapped = 0n
  for (let i = 0; i < bits; i += 8) swapped = (swapped << 8n) | ((value >> BigInt(i)) & 0xffn)
  return swapped
}
