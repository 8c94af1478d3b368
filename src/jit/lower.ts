// Instructions of one subprogram to WebAssembly. Registers are i64 locals; r10 is the i32 offset of the frame.
//
// An access through r10 plus a constant inside the frame needs no check. Through any other register, the register's high half decides: in
// the window its low half plus the distance is the offset, and WebAssembly's own bounds check ends what goes beyond the memory;
// outside, loads are translated and stores are faults. What was checked once is remembered (facts.ts).
import { FP, type Insn } from '../insn/insn.ts'
import { type AluOp, ATOMIC_OPS, PSEUDO } from '../insn/opcode.ts'
import { FUEL_SLICE, FUNC_HI, type HelperCode } from '../vm/engine.ts'
import { FRAME_SIZE, LAYOUT, MEM_BASE_HI } from '../vm/memory.ts'
import { MAX_LOOPS, type Prepared, TAIL_CALL } from '../vm/prepare.ts'
import { checkFrame, isLoop, LOCAL, loadOp, type ProgramModule, REG_LOCALS } from './abi.ts'
import { SIMPLE, writeCondition, writeDivision, writeSwap } from './arith.ts'
import { buildCfg, type Cfg } from './cfg.ts'
import { Facts, writtenBy } from './facts.ts'
import { type BlockWriter, writeBlocks } from './structure.ts'
import { type Code, I64, OP } from './wasm-module.ts'

/** What a call of a helper counts when a loop has it: about as long as so many instructions take. */
const HELPER_FUEL = 20

/** How far a load looks ahead for a store. */
const STORE_AHEAD = 8

/** The function that an instruction calls. */
export type HelperOf = (insn: Extract<Insn, { kind: 'call' }>) => HelperCode

/** The store of a size. */
const STORE_OPS = { 1: OP.i64_store8, 2: OP.i64_store16, 4: OP.i64_store32, 8: OP.i64_store } as const

/**
 * Writes subprogram `index` as the next function of the module; its control flow. `marks` gets the position in the code of each
 * instruction.
 */
export function writeSubprog(prog: Prepared, index: number, module: ProgramModule, helperOf: HelperOf, marks?: Int32Array): Cfg {
  return new Lowering(prog, index, module, helperOf, marks).write()
}

class Lowering implements BlockWriter {
  readonly #prog: Prepared
  readonly #module: ProgramModule
  readonly #code: Code
  readonly #helperOf: HelperOf
  readonly #marks: Int32Array | undefined
  readonly #cfg: Cfg
  readonly #facts: Facts
  /** Fuel of the blocks in front of each. */
  readonly #fuelBefore: Int32Array
  /** The fuel is kept in a local, and in the memory while something else runs. */
  readonly #hasLoops: boolean
  readonly #hasMayGoto: boolean

  constructor(prog: Prepared, index: number, module: ProgramModule, helperOf: HelperOf, marks: Int32Array | undefined) {
    const { start, end } = prog.subprogs[index]!
    this.#prog = prog
    this.#module = module
    this.#code = module.code
    this.#helperOf = helperOf
    this.#marks = marks
    this.#cfg = buildCfg(prog.insns, start, end)
    this.#facts = new Facts(this.#cfg, prog.insns)
    this.#hasLoops = this.#cfg.isLoop.includes(1)
    this.#fuelBefore = new Int32Array(this.#cfg.count + 1)
    let [fuel, mayGoto] = [0, false]
    for (let b = 0; b < this.#cfg.count; b++) {
      for (let i = this.#cfg.start[b]!; i < this.#cfg.end[b]!; i++) {
        const insn = prog.insns[i]!
        fuel += insn?.kind === 'call' ? HELPER_FUEL : 1
        mayGoto ||= insn?.kind === 'may_goto'
      }
      this.#fuelBefore[b + 1] = fuel
    }
    this.#hasMayGoto = mayGoto
  }

  write(): Cfg {
    const code = this.#code
    this.#module.beginSubprog()
    checkFrame(code, this.#module.imports.depth)
    if (this.#hasLoops) this.#loadFuel()
    if (this.#hasMayGoto) {
      code.i32(MAX_LOOPS)
      code.set(LOCAL.MAY_GOTO)
    }
    writeBlocks(this.#cfg, code, this, LOCAL.PC)
    this.#module.endSubprog()
    return this.#cfg
  }

  enter(block: number): void {
    this.#facts.enter(block)
  }

  body(block: number): void {
    const { insns } = this.#prog
    for (let index = this.#cfg.start[block]!; index < this.#cfg.end[block]!; index++) {
      const insn = insns[index]!
      if (insn === null) continue
      if (this.#marks) this.#marks[index] = this.#code.length
      this.#insn(insn, index)
      this.#facts.step(insn)
    }
    this.#facts.leave(block)
  }

  condition(block: number, negated: boolean): void {
    const code = this.#code
    const insn = this.#prog.insns[this.#cfg.end[block]! - 1]!
    if (insn.kind === 'may_goto') {
      // Counts down to 0 and stays there.
      code.get(LOCAL.MAY_GOTO)
      code.tee(LOCAL.ADDR)
      code.get(LOCAL.ADDR)
      code.i32(0)
      code.u8(OP.i32_ne)
      code.u8(OP.i32_sub)
      code.set(LOCAL.MAY_GOTO)
      code.get(LOCAL.ADDR)
      if (!negated) code.u8(OP.i32_eqz)
      return
    }
    if (insn.kind !== 'jump') throw new Error(`${insn.kind} has no condition`)
    const { op, width, dst, src, imm } = insn
    this.#push(dst, width)
    this.#pushRhs(src, imm, width)
    writeCondition(code, op, width, negated)
  }

  backEdge(from: number, to: number): void {
    this.#burn(this.#fuelBefore[from + 1]! - this.#fuelBefore[to]!)
  }

  /** Takes fuel from the local. */
  #burn(units: number): void {
    const code = this.#code
    code.get(LOCAL.FUEL)
    code.i32(Math.min(units, FUEL_SLICE))
    code.u8(OP.i32_sub)
    code.tee(LOCAL.FUEL)
    code.i32(0)
    code.u8(OP.i32_lt_s)
    code.openLikely(0)
    this.#storeFrameEnd()
    code.call(this.#module.imports.refuel)
    code.set(LOCAL.FUEL)
    code.u8(OP.end)
  }

  #loadFuel(): void {
    this.#code.i32(0)
    this.#code.mem(OP.i32_load, LAYOUT.FUEL)
    this.#code.set(LOCAL.FUEL)
  }

  #storeFuel(): void {
    this.#code.i32(0)
    this.#code.get(LOCAL.FUEL)
    this.#code.mem(OP.i32_store, LAYOUT.FUEL)
  }

  /** Leaves a register, all of it or its low half. */
  #push(reg: number, width: 32 | 64 = 64): void {
    const code = this.#code
    if (reg === FP) {
      code.get(LOCAL.FRAME)
      code.i32(FRAME_SIZE)
      code.u8(OP.i32_add)
      if (width === 32) return
      code.u8(OP.i64_extend_i32_u)
      code.i64Halves(0, MEM_BASE_HI)
      return code.u8(OP.i64_or)
    }
    code.get(REG_LOCALS[reg]!)
    if (width === 32) code.u8(OP.i32_wrap_i64)
  }

  #pushRhs(src: number | null, imm: number, width: 32 | 64 = 64): void {
    if (src !== null) this.#push(src, width)
    else if (width === 64) this.#code.i64(imm)
    else this.#code.i32(imm)
  }

  /** Takes a value of this width into a register; 32 bits are zero-extended. */
  #pop(reg: number, width: 32 | 64 = 64): void {
    if (width === 32) this.#code.u8(OP.i64_extend_i32_u)
    this.#code.set(REG_LOCALS[reg]!)
  }

  #insn(insn: Insn, index: number): void {
    const code = this.#code
    switch (insn.kind) {
      case 'alu': {
        const { op, width, dst, src, imm } = insn
        const simple = SIMPLE[op]
        if (op === 'mov') this.#pushRhs(src, imm, width)
        else if (simple !== undefined) {
          this.#push(dst, width)
          this.#pushRhs(src, imm, width)
          code.u8(simple[width === 64 ? 0 : 1])
        } else {
          const left = (): void => this.#push(dst, width)
          const right = (): void => this.#pushRhs(src, imm, width)
          writeDivision(code, op, width, left, right, src === null ? imm : undefined)
        }
        return this.#pop(dst, width)
      }
      case 'neg':
        if (insn.width === 64) code.i64(0)
        else code.i32(0)
        this.#push(insn.dst, insn.width)
        code.u8(insn.width === 64 ? OP.i64_sub : OP.i32_sub)
        return this.#pop(insn.dst, insn.width)
      case 'movsx': {
        const wide = { 8: OP.i64_extend8_s, 16: OP.i64_extend16_s, 32: OP.i64_extend32_s } as const
        this.#push(insn.src)
        code.u8(wide[insn.bits])
        if (insn.width === 32) code.u8(OP.i32_wrap_i64)
        return this.#pop(insn.dst, insn.width)
      }
      case 'end': {
        const { to, bits, dst } = insn
        if (to === 'le' && bits === 64) return
        this.#push(dst)
        if (to !== 'le') writeSwap(code, bits)
        else {
          code.i64Halves(bits === 32 ? -1 : 0xffff, 0)
          code.u8(OP.i64_and)
        }
        return this.#pop(dst)
      }
      case 'ld_imm64':
        if (insn.pseudo === PSEUDO.FUNC) code.i64Halves((this.#prog.subprogAt.get(index + 1 + insn.lo)! + 1) * 16, FUNC_HI)
        else code.i64Halves(insn.lo, insn.hi)
        return this.#pop(insn.dst)
      case 'load':
        this.#load(insn, index)
        return this.#pop(insn.dst)
      case 'store': {
        const { size, base, off, src, imm } = insn
        const distance = this.#pushWritable(base, off, size, index)
        this.#pushRhs(src, imm)
        return code.mem(STORE_OPS[size], distance)
      }
      case 'atomic':
        return this.#atomic(insn, index)
      case 'call':
        return this.#call(insn, index)
      case 'exit':
        if (this.#hasLoops) this.#storeFuel()
        this.#push(0)
        return code.u8(OP.return)
      case 'jump':
      case 'goto':
      case 'may_goto':
        return
      case 'addr_space_cast':
      case 'callx':
        throw new Error(`${insn.kind} was let through by prepare()`)
    }
  }

  /** Leaves what is loaded. */
  #load({ size, signed, base, off }: Extract<Insn, { kind: 'load' }>, index: number): void {
    const code = this.#code
    const op = loadOp(size, signed)
    const inFrame = this.#facts.inFrame(base, off, size)
    if (inFrame !== undefined) {
      code.get(LOCAL.FRAME)
      return code.mem(op, FRAME_SIZE + inFrame)
    }
    const store = this.#storeAhead(base, index)
    if (store >= 0) this.#checkStore(base, (this.#prog.insns[store] as Extract<Insn, { kind: 'store' | 'atomic' }>).off, store)
    if (base === FP || this.#facts.inWindow(base)) return code.mem(op, this.#pushOffset(base, off))
    this.#pushHighHalf(base)
    code.i32(MEM_BASE_HI)
    code.u8(OP.i32_eq)
    code.openLikely(1, I64)
    code.mem(op, this.#pushOffset(base, off))
    code.u8(OP.else)
    code.get(REG_LOCALS[base]!)
    code.i64(off)
    code.u8(OP.i64_add)
    code.call(this.#module.slowLoad(op))
    code.u8(OP.end)
  }

  /**
   * The instruction that stores through the same base soon behind a load, with nothing in between that can be seen from outside: its
   * check then comes first, and the load needs none. -1 when there is none.
   */
  #storeAhead(base: number, index: number): number {
    if (base === FP) return -1
    const { insns } = this.#prog
    if (writtenBy(insns[index]!) === 1 << base) return -1
    for (let ahead = index + 1; ahead <= index + STORE_AHEAD; ahead++) {
      const insn = insns[ahead]
      switch (insn?.kind) {
        case 'store':
        case 'atomic':
          return insn.base === base ? ahead : -1
        case 'alu':
        case 'neg':
        case 'movsx':
        case 'end':
          if (insn.dst === base) return -1
          break
        default:
          return -1
      }
    }
    return -1
  }

  #pushHighHalf(reg: number): void {
    this.#push(reg)
    this.#code.i64(32)
    this.#code.u8(OP.i64_shr_u)
    this.#code.u8(OP.i32_wrap_i64)
  }

  /** Leaves the offset of an access in the window; what is to be added is returned, since it must not wrap at 32 bits. */
  #pushOffset(base: number, off: number): number {
    this.#push(base, 32)
    if (off >= 0) return off
    this.#code.i32(off)
    this.#code.u8(OP.i32_add)
    return 0
  }

  /** The same for a store, with the checks it needs. */
  #pushWritable(base: number, off: number, size: number, index: number): number {
    const code = this.#code
    const inFrame = this.#facts.inFrame(base, off, size)
    if (inFrame !== undefined) {
      code.get(LOCAL.FRAME)
      return FRAME_SIZE + inFrame
    }
    this.#checkStore(base, off, index)
    return this.#pushOffset(base, off)
  }

  /** Ends the program when a store through `base` would hit nothing. */
  #checkStore(base: number, off: number, index: number): void {
    const code = this.#code
    if (base !== FP && !this.#facts.inWindow(base)) {
      this.#pushHighHalf(base)
      code.i32(MEM_BASE_HI)
      code.u8(OP.i32_ne)
      this.#fault(base, off, index)
    }
    if (!this.#facts.mayStore(base, off) && off < LAYOUT.STACK) {
      this.#push(base, 32)
      code.i32(LAYOUT.STACK - off)
      code.u8(OP.i32_lt_u)
      this.#fault(base, off, index)
    }
    this.#facts.checked(base, Math.min(off, LAYOUT.STACK))
  }

  /** Ends the program when the i32 on the stack is not 0. */
  #fault(base: number, off: number, index: number): void {
    const code = this.#code
    code.openLikely(0)
    code.i32(index)
    this.#push(base)
    code.i64(off)
    code.u8(OP.i64_add)
    code.tee(LOCAL.WIDE)
    code.u8(OP.i32_wrap_i64)
    code.get(LOCAL.WIDE)
    code.i64(32)
    code.u8(OP.i64_shr_u)
    code.u8(OP.i32_wrap_i64)
    code.call(this.#module.imports.store)
    code.u8(OP.unreachable)
    code.u8(OP.end)
  }

  #atomic({ op, size, base, off, src }: Extract<Insn, { kind: 'atomic' }>, index: number): void {
    const code = this.#code
    const distance = this.#pushWritable(base, off, size, index)
    const load = loadOp(size, false)
    const store = STORE_OPS[size]
    code.tee(LOCAL.ADDR)
    code.mem(load, distance)
    code.set(LOCAL.WIDE)
    if (op === 'cmpxchg') {
      code.get(LOCAL.WIDE)
      this.#push(0)
      if (size === 4) {
        code.i64Halves(-1, 0)
        code.u8(OP.i64_and)
      }
      code.u8(OP.i64_eq)
      code.open(OP.if)
      code.get(LOCAL.ADDR)
      this.#push(src)
      code.mem(store, distance)
      code.u8(OP.end)
      code.get(LOCAL.WIDE)
      return this.#pop(0)
    }
    code.get(LOCAL.ADDR)
    if (op !== 'xchg') code.get(LOCAL.WIDE)
    this.#push(src)
    if (op !== 'xchg') code.u8(SIMPLE[op.replace('fetch_', '') as AluOp]![0])
    code.mem(store, distance)
    if (!ATOMIC_OPS[op].fetch) return
    code.get(LOCAL.WIDE)
    this.#pop(src)
  }

  #call(insn: Extract<Insn, { kind: 'call' }>, index: number): void {
    if (insn.to === 'local') return this.#callLocal(this.#prog.subprogAt.get(index + 1 + insn.imm)!)
    const code = this.#code
    if (this.#hasLoops) this.#storeFuel()
    this.#storeFrameEnd()
    if (insn.to === 'helper' && insn.imm === TAIL_CALL) {
      this.#storeArgs(3)
      code.call(this.#module.imports.tailCall)
      code.open(OP.if)
      this.#loadRet()
      code.u8(OP.return)
      code.u8(OP.end)
      code.i64(0)
      this.#pop(0)
    } else this.#callHelper(this.#helperOf(insn))
    if (this.#hasLoops) this.#loadFuel()
  }

  #callHelper(helper: HelperCode): void {
    const code = this.#code
    this.#storeArgs(helper.argCount)
    if (isLoop(helper)) {
      for (let reg = 1; reg <= 4; reg++) this.#push(reg)
      this.#pushFrameEnd()
      code.call(this.#module.loopHelper)
      return this.#pop(0)
    }
    code.call(this.#module.helpers.get(helper)!)
    switch (helper.ret) {
      case 'int':
        code.truncSatF64()
        break
      case 'mem':
        code.tee(LOCAL.ADDR)
        code.u8(OP.i64_extend_i32_u)
        code.i64Halves(0, MEM_BASE_HI)
        code.u8(OP.i64_or)
        code.i64(0)
        code.get(LOCAL.ADDR)
        code.u8(OP.select)
        break
      case 'u64':
        this.#loadRet()
        break
      case 'void':
        code.i64(0)
    }
    this.#pop(0)
  }

  #loadRet(): void {
    this.#code.i32(0)
    this.#code.mem(OP.i64_load, LAYOUT.RET)
  }

  #storeArgs(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#code.i32(0)
      this.#push(1 + i)
      this.#code.mem(OP.i64_store, LAYOUT.ARGS + i * 8)
    }
  }

  /** Says where frames of what a helper runs begin. */
  #storeFrameEnd(): void {
    const code = this.#code
    code.i32(0)
    this.#pushFrameEnd()
    code.mem(OP.i32_store, LAYOUT.SP)
  }

  #pushFrameEnd(): void {
    this.#push(FP, 32)
  }

  #callLocal(callee: number): void {
    const code = this.#code
    const { start, end } = this.#prog.subprogs[callee]!
    if (!this.#hasLoops) this.#loadFuel()
    this.#burn(end - start)
    this.#storeFuel()
    for (let reg = 1; reg <= 5; reg++) this.#push(reg)
    this.#pushFrameEnd()
    code.call(this.#module.subprog(callee))
    this.#pop(0)
    if (this.#hasLoops) this.#loadFuel()
  }
}
