// What a compiled module imports, its locals, and its functions that are the same for every program: slow loads, the entries from outside.
import { FUNC_HI, type HelperCode } from '../vm/engine.ts'
import { FRAME_SIZE, LAYOUT, TLB_ENTRY } from '../vm/memory.ts'
import { CALLBACK_FUEL, MAX_LOOPS } from '../vm/prepare.ts'
import { type Code, F64, I32, I64, ModuleWriter, OP, type ValType } from './wasm-module.ts'

/** Parameters of a subprogram: r1 to r5, the offset of its frame. It returns r0. */
const SUBPROG: readonly ValType[] = [I64, I64, I64, I64, I64, I32]

/** Locals of a subprogram. Registers by number; r10 is the frame's offset + 512 and has none. */
export const REG_LOCALS: readonly number[] = [6, 0, 1, 2, 3, 4, 7, 8, 9, 10]
export const LOCAL = { FRAME: 5, WIDE: 11, WIDE2: 12, ADDR: 13, FUEL: 14, MAY_GOTO: 15, PC: 16 } as const
const LOCALS = [
  [7, I64],
  [4, I32],
] as const

/** Imported functions by name, with their types. */
const IMPORTS = {
  /** Translate */
  translate: [[I32, I32, I32], [I32]],
  /** A store that hits nothing: instruction, address by halves. Throws. */
  store: [[I32, I32, I32], []],
  /** No frame is left. Throws. */
  depth: [[], []],
  /** The fuel is used up; the new fuel. */
  refuel: [[], [I32]],
  tailCall: [[], [I32]],
} as const satisfies Record<string, readonly [readonly ValType[], readonly ValType[]]>
export type ImportName = keyof typeof IMPORTS

const RET_TYPES = { int: [F64], mem: [I32], u64: [], void: [] } as const satisfies Record<HelperCode['ret'], readonly ValType[]>

/** True for bpf_loop, which is done without the helper. */
export const isLoop = ({ name, argCount, ret }: HelperCode): boolean => name === 'bpf_loop' && argCount === 4 && ret === 'int'

/** Names of the exports. */
export const [RUN, CALLBACK] = ['run', 'callback']

/** The loads that exist, with the instruction that does each. */
const LOADS = [
  { size: 1, signed: false, op: OP.i64_load8_u },
  { size: 2, signed: false, op: OP.i64_load16_u },
  { size: 4, signed: false, op: OP.i64_load32_u },
  { size: 8, signed: false, op: OP.i64_load },
  { size: 1, signed: true, op: OP.i64_load8_s },
  { size: 2, signed: true, op: OP.i64_load16_s },
  { size: 4, signed: true, op: OP.i64_load32_s },
] as const

/** The wasm load of a size. */
export const loadOp = (size: number, signed: boolean): number =>
  LOADS.find(load => load.size === size && load.signed === signed)!.op

/** A module in the making, with everything in place that subprograms refer to. */
export class ProgramModule {
  readonly #module = new ModuleWriter()
  readonly code: Code
  readonly imports: Readonly<Record<ImportName, number>>
  /** Function index of each helper. */
  readonly helpers = new Map<HelperCode, number>()
  /** Function index of the load of each size, by wasm load. */
  readonly #slowLoads = new Map<number, number>()
  /** Function index of bpf_loop without the helper: takes r1 to r4 and the frame of callbacks, gives r0. -1 when it is not called. */
  readonly loopHelper: number
  readonly #subprogType: number
  readonly #firstSubprog: number
  readonly #subprogCount: number

  constructor(helpers: readonly HelperCode[], subprogCount: number) {
    const module = this.#module
    this.code = module.code
    module.importMemory('env', 'memory', 1)
    const imports: Record<string, number> = {}
    for (const [name, [params, results]] of Object.entries(IMPORTS))
      imports[name] = module.importFunc('env', name, module.type(params, results))
    this.imports = imports as Record<ImportName, number>
    for (const [i, helper] of helpers.entries())
      this.helpers.set(helper, module.importFunc('helper', `${i}`, module.type([], RET_TYPES[helper.ret])))
    for (const { size, op } of LOADS) this.#slowLoads.set(op, this.#slowLoad(size, op))
    this.#subprogType = module.type(SUBPROG, [I64])
    this.#subprogCount = subprogCount
    const bpfLoop = helpers.find(isLoop)
    this.loopHelper = bpfLoop ? this.#loop(this.helpers.get(bpfLoop)!) : -1
    this.#firstSubprog = module.nextFunc
  }

  /** Function index of the load outside the window with this wasm load: takes the address, gives the value. */
  slowLoad(op: number): number {
    return this.#slowLoads.get(op)!
  }

  /** Function index of a subprogram. */
  subprog(index: number): number {
    return this.#firstSubprog + index
  }

  /** Begins the next subprogram in `code`. */
  beginSubprog(): void {
    this.#module.beginFunc(this.#subprogType, LOCALS)
  }

  endSubprog(): void {
    this.#module.endFunc()
  }

  /** The module, when all subprograms are written. */
  finish(): { readonly bytes: Uint8Array; readonly codeAt: number } {
    const module = this.#module
    module.table(Array.from({ length: this.#subprogCount }, (_, i) => this.subprog(i)))
    module.exportFunc(RUN, this.#run())
    module.exportFunc(CALLBACK, this.#callback())
    return module.finish()
  }

  /** Load of `size` bytes at a 64-bit address outside the window: through the TLB, else through Translate. */
  #slowLoad(size: number, op: number): number {
    const { code } = this
    const [address, entry, inPage] = [0, 1, 2]
    const func = this.#module.beginFunc(this.#module.type([I64], [I64]), [[2, I32]])
    code.open(OP.block)
    code.get(address)
    code.i64(12)
    code.u8(OP.i64_shr_u)
    code.u8(OP.i32_wrap_i64)
    code.i32(TLB_ENTRY.COUNT - 1)
    code.u8(OP.i32_and)
    code.i32(TLB_ENTRY.SIZE)
    code.u8(OP.i32_mul)
    code.tee(entry)
    code.mem(OP.i64_load, LAYOUT.TLB + TLB_ENTRY.PAGE)
    code.get(address)
    code.i64(12)
    code.u8(OP.i64_shr_u)
    code.u8(OP.i64_ne)
    code.brIf(0)
    code.get(address)
    code.u8(OP.i32_wrap_i64)
    code.i32(4095)
    code.u8(OP.i32_and)
    code.tee(inPage)
    code.i32(4096 - size)
    code.u8(OP.i32_gt_u)
    code.brIf(0)
    // The shadow of all bytes is 0xff.
    code.get(entry)
    code.mem(OP.i32_load, LAYOUT.TLB + TLB_ENTRY.SHADOW)
    code.get(inPage)
    code.u8(OP.i32_add)
    code.mem(loadOp(size, size < 8))
    code.i64(-1)
    code.u8(OP.i64_ne)
    code.brIf(0)
    code.get(entry)
    code.mem(OP.i32_load, LAYOUT.TLB + TLB_ENTRY.BYTES)
    code.get(inPage)
    code.u8(OP.i32_add)
    code.mem(op)
    code.u8(OP.return)
    code.u8(OP.end)
    code.get(address)
    code.u8(OP.i32_wrap_i64)
    this.#highHalf(address)
    code.i32(size)
    code.call(this.imports.translate)
    code.mem(op)
    this.#module.endFunc()
    return func
  }

  #highHalf(local: number): void {
    this.code.get(local)
    this.code.i64(32)
    this.code.u8(OP.i64_shr_u)
    this.code.u8(OP.i32_wrap_i64)
  }

  /**
   * bpf_loop: callbacks are called from here, without the way over the helper, which does what is no plain loop: flags, too many times, an
   * address that is no function. Its arguments are stored.
   */
  #loop(helper: number): number {
    const { code } = this
    const [times, fn, ctx, flags, frame, index, i] = [0, 1, 2, 3, 4, 5, 6]
    const func = this.#module.beginFunc(this.#module.type([I64, I64, I64, I64, I32], [I64]), [[2, I32]])
    code.get(flags)
    code.i64(0)
    code.u8(OP.i64_ne)
    code.get(times)
    code.u8(OP.i32_wrap_i64)
    code.i32(MAX_LOOPS)
    code.u8(OP.i32_gt_u)
    code.u8(OP.i32_or)
    this.#highHalf(fn)
    code.i32(FUNC_HI)
    code.u8(OP.i32_ne)
    code.u8(OP.i32_or)
    // The low half of the address of subprogram n is (n + 1) * 16: what is not, is a large number when it is turned.
    code.get(fn)
    code.u8(OP.i32_wrap_i64)
    code.i32(16)
    code.u8(OP.i32_sub)
    code.i32(28)
    code.u8(OP.i32_rotl)
    code.tee(index)
    code.i32(this.#subprogCount)
    code.u8(OP.i32_ge_u)
    code.u8(OP.i32_or)
    code.openLikely(0)
    code.call(helper)
    code.truncSatF64()
    code.u8(OP.return)
    code.u8(OP.end)
    code.open(OP.loop)
    code.get(i)
    code.get(times)
    code.u8(OP.i32_wrap_i64)
    code.u8(OP.i32_ge_u)
    code.open(OP.if)
    code.get(i)
    code.u8(OP.i64_extend_i32_u)
    code.u8(OP.return)
    code.u8(OP.end)
    this.#burnCallback()
    code.get(i)
    code.u8(OP.i64_extend_i32_u)
    code.get(ctx)
    for (let n = 0; n < 3; n++) code.i64(0)
    code.get(frame)
    code.get(index)
    this.#callSubprog()
    code.u8(OP.i32_wrap_i64)
    code.get(i)
    code.i32(1)
    code.u8(OP.i32_add)
    code.set(i)
    code.u8(OP.i32_eqz)
    code.brIf(0)
    code.u8(OP.end)
    code.get(i)
    code.u8(OP.i64_extend_i32_u)
    this.#module.endFunc()
    return func
  }

  /** burnCallback() of the other engine. */
  #burnCallback(): void {
    const { code } = this
    code.i32(0)
    code.i32(0)
    code.mem(OP.i32_load, LAYOUT.FUEL)
    code.i32(CALLBACK_FUEL)
    code.u8(OP.i32_sub)
    code.mem(OP.i32_store, LAYOUT.FUEL)
    code.i32(0)
    code.mem(OP.i32_load, LAYOUT.FUEL)
    code.i32(0)
    code.u8(OP.i32_lt_s)
    code.openLikely(0)
    code.call(this.imports.refuel)
    code.u8(OP.drop)
    code.u8(OP.end)
  }

  /** Calls the subprogram whose index is on top of the stack. */
  #callSubprog(): void {
    this.code.u8(OP.call_indirect)
    this.code.u32(this.#subprogType)
    this.code.u8(0)
  }

  /** run(lo, hi): the entry with r1 = hi:lo. */
  #run(): number {
    const { code } = this
    const [lo, hi, frame] = [0, 1, 2]
    const func = this.#module.beginFunc(this.#module.type([I32, I32], [I32]), [
      [1, I32],
      [1, I64],
    ])
    this.#takeFrame(frame)
    code.get(lo)
    code.u8(OP.i64_extend_i32_u)
    code.get(hi)
    code.u8(OP.i64_extend_i32_u)
    code.i64(32)
    code.u8(OP.i64_shl)
    code.u8(OP.i64_or)
    for (let i = 0; i < 4; i++) code.i64(0)
    code.get(frame)
    code.call(this.subprog(0))
    this.#giveResult(frame, 3)
    this.#module.endFunc()
    return func
  }

  /** callback(subprogram): one with r1 to r5 from LAYOUT.ARGS. */
  #callback(): number {
    const { code } = this
    const [index, frame] = [0, 1]
    const func = this.#module.beginFunc(this.#module.type([I32], [I32]), [
      [1, I32],
      [1, I64],
    ])
    this.#takeFrame(frame)
    for (let i = 0; i < 5; i++) {
      code.i32(0)
      code.mem(OP.i64_load, LAYOUT.ARGS + i * 8)
    }
    code.get(frame)
    code.get(index)
    this.#callSubprog()
    this.#giveResult(frame, 2)
    this.#module.endFunc()
    return func
  }

  /** Where the next frame begins; the subprogram checks that it is one. */
  #takeFrame(frame: number): void {
    const { code } = this
    code.i32(0)
    code.mem(OP.i32_load, LAYOUT.SP)
    code.tee(frame)
    code.i32(LAYOUT.STACK)
    code.get(frame)
    code.u8(OP.select)
    code.set(frame)
  }

  /** r0, on top of the stack, to LAYOUT.RET; its low half is the result. The frame is free again. */
  #giveResult(frame: number, r0: number): void {
    const { code } = this
    code.set(r0)
    code.i32(0)
    code.get(r0)
    code.mem(OP.i64_store, LAYOUT.RET)
    code.i32(0)
    code.get(frame)
    code.mem(OP.i32_store, LAYOUT.SP)
    code.get(r0)
    code.u8(OP.i32_wrap_i64)
  }
}

/** The check at the beginning of a subprogram: its frame lies on the stack. */
export function checkFrame(code: Code, depth: number): void {
  code.get(LOCAL.FRAME)
  code.i32(LAYOUT.STACK)
  code.u8(OP.i32_sub)
  code.i32(LAYOUT.STACK_END - LAYOUT.STACK - FRAME_SIZE)
  code.u8(OP.i32_gt_u)
  code.open(OP.if)
  code.call(depth)
  code.u8(OP.unreachable)
  code.u8(OP.end)
}
