// What the files of helpers have in common: the environment with the tools made for it, and registers as numbers.
import type { BpfMap } from '../maps/map.ts'
import { EINVAL, ErrnoError } from '../util/errno.ts'
import { type AddressSpace, LAYOUT } from '../vm/memory.ts'
import { FormatCache, MemoryReader } from './bprintf-memory.ts'
import type { HelperEnv } from './env.ts'
import { ProgramMemory } from './program-memory.ts'
import type { HELPERS, HelperName, HelperProto } from './protos.ts'
import { StackSymbols } from './stack.ts'

/** Names of helpers that can be had: those without a reason why not, but for the one that the engines do themselves. */
export type AvailableHelper = {
  [N in HelperName]: (typeof HELPERS)[N] extends { readonly missing: string } ? never : N
}[HelperName] &
  Exclude<HelperName, 'tail_call'>

/** What a helper does: HelperCode.run(). */
export type Run = () => number

/** Some helpers by name; a file of them gives those that it has. */
export type Helpers = { readonly [N in AvailableHelper]: Run }

const TWO32 = 0x1_0000_0000

export class HelperContext {
  readonly env: HelperEnv
  readonly space: AddressSpace
  readonly memory: ProgramMemory
  readonly formats: FormatCache
  readonly reader: MemoryReader
  readonly stackSymbols = new StackSymbols()

  constructor(env: HelperEnv) {
    this.env = env
    this.space = env.space
    this.memory = new ProgramMemory(env)
    this.formats = new FormatCache(env.space)
    this.reader = new MemoryReader(this.memory, {
      symbolize: address => env.machine.symbolize(address) ?? this.stackSymbols.find(address),
    })
  }

  /** r`n` modulo 2^32, signed. */
  lo(n: number): number {
    return this.space.args[n * 2 - 2]!
  }

  /** The high half of r`n`, signed. */
  hi(n: number): number {
    return this.space.args[n * 2 - 1]!
  }

  /** r`n` modulo 2^32, unsigned: a size, a CPU, an index. */
  u32(n: number): number {
    return this.space.args[n * 2 - 2]! >>> 0
  }

  /** r`n` as an unsigned number; above 2^53 the low bits are lost. */
  u64(n: number): number {
    const { args } = this.space
    return (args[n * 2 - 1]! >>> 0) * TWO32 + (args[n * 2 - 2]! >>> 0)
  }

  big(n: number): bigint {
    const { args } = this.space
    return (BigInt(args[n * 2 - 1]! >>> 0) << 32n) | BigInt(args[n * 2 - 2]! >>> 0)
  }

  isNull(n: number): boolean {
    const { args } = this.space
    return (args[n * 2 - 1]! | args[n * 2 - 2]!) === 0
  }

  /** Offset of the `size` bytes that r`n` points to, for reading; see ProgramMemory.read(). */
  input(n: number, size: number, slot: 0 | 1 = 0): number {
    const { args } = this.space
    return this.memory.read(args[n * 2 - 2]!, args[n * 2 - 1]!, size, slot)
  }

  /** Offset of the `size` bytes that r`n` points to, for writing. */
  output(n: number, size: number): number {
    const { args } = this.space
    return this.memory.write(args[n * 2 - 2]!, args[n * 2 - 1]!, size)
  }

  /** The map in r`n`. @throws ErrnoError EINVAL for what is none: the verifier would have refused the program */
  map(n: number): BpfMap {
    const { args } = this.space
    const map = this.env.mapAt(args[n * 2 - 2]!, args[n * 2 - 1]!)
    if (map === null) throw new ErrnoError(EINVAL, `a helper wants a map, r${n} is 0x${this.big(n).toString(16)}`)
    return map
  }

  /** Sets r`n`, for a callback. */
  setArg(n: number, lo: number, hi: number): void {
    const { args } = this.space
    args[n * 2 - 2] = lo
    args[n * 2 - 1] = hi
  }

  /** Writes r0 of a helper that returns `u64`. */
  ret(value: bigint): number {
    this.space.view.setBigUint64(LAYOUT.RET, BigInt.asUintN(64, value), true)
    return 0
  }

  /** The same, by halves. */
  retHalves(lo: number, hi: number): number {
    const { view } = this.space
    view.setInt32(LAYOUT.RET, lo, true)
    view.setInt32(LAYOUT.RET + 4, hi, true)
    return 0
  }
}

/** How a prototype's result becomes r0; see RetKind. */
export function retKindOf({ ret }: HelperProto): 'int' | 'u64' | 'mem' | 'void' {
  switch (ret) {
    case 'int':
    case 'u64':
    case 'void':
      return ret
    case 'map_value_or_null':
    case 'ringbuf_mem_or_null':
    case 'dynptr_mem_or_null':
      return 'mem'
    default:
      return 'u64'
  }
}
