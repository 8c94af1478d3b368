// What the reference interpreter (src/vm/interpreter.ts) and the WebAssembly compiler (src/jit) have in common.
import type { AddressSpace, Translate } from './memory.ts'

/**
 * How the number that a helper's function returns becomes r0: `int` a signed integer below 2^53 in size, `mem` an offset in the memory (0 is
 * NULL), `u64` none: the helper wrote r0 to LAYOUT.RET, `void` none: r0 is 0.
 */
export type RetKind = 'int' | 'mem' | 'u64' | 'void'

/** A helper or kfunc as the engines call it: it reads r1 to r5 at LAYOUT.ARGS (AddressSpace.args). */
export interface HelperCode {
  readonly name: string
  /** How many of r1 to r5 it takes; the engines store no more. */
  readonly argCount: number
  readonly ret: RetKind
  readonly run: () => number
}

/** A subprogram: instructions `start` to `end` (exclusive); [0] of a program is its entry. */
export interface Subprog {
  readonly name: string
  readonly start: number
  readonly end: number
}

/**
 * A program as the engines take it: 8 bytes an instruction, all references to maps and variables resolved to plain 64-bit immediates.
 * What is left: calls of helpers (src_reg 0, imm is the id), of subprograms (src_reg 1, imm relative in instructions), of kfuncs
 * (src_reg 2, imm is an index into `kfuncs`), and 64-bit immediates with src_reg 4 (BPF_PSEUDO_FUNC), relative in instructions.
 */
export interface VmProgram {
  readonly name: string
  readonly insns: Uint8Array
  readonly subprogs: readonly Subprog[]
  readonly kfuncs: readonly HelperCode[]
}

/** What programs of one address space share. */
export interface VmHost {
  readonly space: AddressSpace
  readonly translate: Translate
  /** The helper with this id. @throws what compile() then throws, for one that may not be called */
  helper(id: number): HelperCode
  /**
   * bpf_tail_call (helper id 12): r1 ctx, r2 program array, r3 index, at LAYOUT.ARGS. Runs the other program to its end with r0 at LAYOUT.RET and returns true,
   * or returns false when the slot is empty or the limit of 33 is reached.
   */
  tailCall(): boolean
  /**
   * Called when the fuel of FUEL_SLICE units is used up (one a back edge or call and what stands between): returns to go on with
   * another slice, throws (ErrnoError ETIMEDOUT) to end the program.
   */
  outOfFuel(): void
}

/** Units, about one an instruction, between two calls of VmHost.outOfFuel(): some ms. */
export const FUEL_SLICE = 4_000_000

/** A compiled program. Running it twice at a time (from a helper) nests. */
export interface Executable {
  /**
   * Runs the entry with r1 = the address hi:lo; r0 is at LAYOUT.RET then. Its low 32 bits are returned.
   * @throws ErrnoError EFAULT for a store that hits nothing, what helpers, Translate and outOfFuel() throw
   */
  run(lo: number, hi: number): number
  /**
   * A callback of bpf_loop, bpf_for_each_map_elem and their kin: the subprogram whose address a BPF_PSEUDO_FUNC immediate gave, with r1 to r5
   * at LAYOUT.ARGS. Low 32 bits of r0, which is at LAYOUT.RET.
   */
  callback(lo: number, hi: number): number
}

/** Compiles a program. @throws BpfError for instructions that do not exist, jumps out of the program, unknown helpers */
export type Compile = (program: VmProgram, host: VmHost) => Executable

/** High half of the addresses that BPF_PSEUDO_FUNC immediates give; the low half is the index of the subprogram + 1 times 16. */
export const FUNC_HI = 0xffff_a000
