// Which poisoned instructions a program can come to. The program is walked through as the verifier does it, with what is known of
// registers: constants, values of frozen maps, what CO-RE relocations have put into instructions. Branches on known numbers are taken
// one way. States that say less than one already seen are dropped; where many meet, they are joined.
import { CALL_KIND, CLASS, LOAD_ACQ, MODE, PSEUDO, SRC_X } from '../insn/opcode.ts'
import { CALL, codeAt, dstAt, EXIT, imm64At, immAt, JA, JA32, JCOND, LD_IMM64, offAt, SIZE_BYTES, srcAt } from '../insn/raw.ts'
import { foldAlu, foldEnd, foldJump, signed } from './fold.ts'
import { Frame, type Known, mixed, number, STACK, same } from './known.ts'

/** A linked program: references are as in ResolvedProg.insns. */
export interface Walked {
  readonly insns: Uint8Array
  readonly subprogs: readonly { readonly start: number; readonly end: number; readonly global: boolean }[]
  /** Poisoned instructions. */
  readonly poisoned: ReadonlySet<number>
  /** `size` bytes at `off` of a map's value that never changes, as an unsigned number; null for others. */
  readonly constant: (map: number, off: number, size: number) => bigint | null
  /** Steps that may still be made, WALK_STEPS when there is none; those made are taken off. */
  readonly budget?: { steps: number }
}

/** Different states that are kept for one instruction before they are joined. */
const MAX_STATES = 32
/** Steps that one object shall have: instructions and comparisons of states. Behind them every branch counts as taken. */
export const WALK_STEPS = 1_000_000
/** Calls in each other. */
const MAX_CALLS = 8

class TooLong extends Error {}

/** The poisoned instructions that can be come to, ascending. */
export function reachablePoison(program: Walked): number[] {
  const walk = new Walk(program)
  try {
    walk.call(0, [null, null, null, null, null], 0)
  } catch (err) {
    if (!(err instanceof TooLong)) throw err
    return reachableAtAll(program)
  }
  return [...walk.reached].sort((a, b) => a - b)
}

/** By jumps and calls alone. */
function reachableAtAll({ insns, poisoned, subprogs }: Walked): number[] {
  const count = insns.length / 8
  const seen = new Uint8Array(count)
  const todo = [0]
  const starts = new Set(subprogs.map(({ start }) => start))
  for (let pc = todo.pop(); pc !== undefined; pc = todo.pop()) {
    if (pc < 0 || pc >= count || seen[pc]) continue
    seen[pc] = 1
    const code = codeAt(insns, pc)
    const target = pc + 1 + immAt(insns, pc)
    if ((code === CALL && srcAt(insns, pc) === CALL_KIND.LOCAL) || (code === LD_IMM64 && srcAt(insns, pc) === PSEUDO.FUNC))
      if (starts.has(target)) todo.push(target)
    if (code === EXIT || poisoned.has(pc)) continue
    if (code === JA32) todo.push(target)
    else if (code === JA) todo.push(pc + 1 + offAt(insns, pc))
    else {
      if (isJump(code)) todo.push(pc + 1 + offAt(insns, pc))
      todo.push(pc + (code === LD_IMM64 ? 2 : 1))
    }
  }
  return [...poisoned].filter(pc => seen[pc] === 1).sort((a, b) => a - b)
}

const isJump = (code: number): boolean =>
  ((code & 7) === CLASS.JMP || (code & 7) === CLASS.JMP32) && code !== CALL && code !== EXIT

/** What is known where an instruction begins. */
interface State {
  readonly pc: number
  readonly frame: Frame
}

class Walk {
  readonly reached = new Set<number>()
  readonly #program: Walked
  readonly #starts: ReadonlyMap<number, number>
  readonly #budget: { steps: number }
  /** Results of functions by their arguments: null while it is being found, undefined in it: it never returns. */
  readonly #results = new Map<string, { value: Known | undefined }>()

  constructor(program: Walked) {
    this.#program = program
    this.#budget = program.budget ?? { steps: WALK_STEPS }
    this.#starts = new Map(program.subprogs.map(({ start }, i) => [start, i]))
  }

  #spend(steps: number): void {
    this.#budget.steps -= steps
    if (this.#budget.steps < 0) throw new TooLong()
  }

  /** Walks through the subprogram that starts at `start`; what it returns, undefined when it does not. */
  call(start: number, args: readonly Known[], depth: number): Known | undefined {
    const key = `${start} ${args.map(describe).join(' ')}`
    const before = this.#results.get(key)
    if (before) return before.value
    // One that calls itself, which the verifier refuses, may return anything.
    const result: { value: Known | undefined } = { value: null }
    this.#results.set(key, result)
    if (depth < MAX_CALLS) result.value = this.#function(start, args, depth)
    return result.value
  }

  #function(start: number, args: readonly Known[], depth: number): Known | undefined {
    const { end } = this.#program.subprogs[this.#starts.get(start) ?? 0]!
    const seen = new Map<number, { states: Frame[]; joined: Frame | null }>()
    const todo: State[] = [{ pc: start, frame: Frame.entry(args) }]
    let result: Known | undefined
    const add = (pc: number, frame: Frame): void => {
      if (pc < start || pc >= end) return
      const here = seen.get(pc) ?? { states: [], joined: null }
      seen.set(pc, here)
      this.#spend(((4 + here.states.length) * (8 + frame.slots.size)) >> 5)
      if (here.joined?.covers(frame) || here.states.some(state => state.covers(frame))) return
      if (here.states.length < MAX_STATES) {
        here.states.push(frame.copy())
        todo.push({ pc, frame })
        return
      }
      here.joined = here.joined ? here.joined.join(frame) : frame
      todo.push({ pc, frame: here.joined.copy() })
    }
    for (let state = todo.pop(); state; state = todo.pop()) {
      let { pc } = state
      const { frame } = state
      while (pc >= start && pc < end) {
        this.#spend(1)
        if (this.#program.poisoned.has(pc)) {
          this.reached.add(pc)
          break
        }
        const code = codeAt(this.#program.insns, pc)
        if (code === EXIT) {
          const r0 = frame.regs[0]!
          const value = r0?.kind === 'number' || r0?.kind === 'map' ? r0 : null
          result = result === undefined || same(result, value) ? value : null
          break
        }
        const next = isJump(code) ? this.#jump(pc, code, frame) : this.#step(pc, code, frame, depth)
        if (next.length === 0) break
        // Loops go through here: every state behind a jump is compared with those seen before.
        if (next.length > 1 || isJump(code)) {
          for (const there of next) add(there.pc, there.frame)
          break
        }
        pc = next[0]!.pc
      }
    }
    return result
  }

  /** A jump: where it can go. */
  #jump(pc: number, code: number, frame: Frame): State[] {
    const { insns } = this.#program
    const target = pc + 1 + (code === JA32 ? immAt(insns, pc) : offAt(insns, pc))
    if (code === JA || code === JA32) return [{ pc: target, frame }]
    const through = { pc: pc + 1, frame }
    if (code === JCOND) return [through, { pc: target, frame: frame.copy() }]
    const bits = (code & 7) === CLASS.JMP32 ? 32 : 64
    const dst = dstAt(insns, pc)
    const a = frame.regs[dst]!
    const b = (code & SRC_X) !== 0 ? frame.regs[srcAt(insns, pc)]! : number(BigInt(immAt(insns, pc)))
    const op = code & 0xf0
    const taken = compare(op, a, b, bits)
    if (taken !== null) return [taken ? { pc: target, frame } : through]
    const other = frame.copy()
    // What a comparison for equality says of an unknown number.
    if (b?.kind === 'number' && a === null && bits === 64) {
      if (op === 0x10) other.regs[dst] = b
      if (op === 0x50) frame.regs[dst] = b
    }
    return [through, { pc: target, frame: other }]
  }

  /** Any other instruction: changes the frame. */
  #step(pc: number, code: number, frame: Frame, depth: number): State[] {
    const { insns } = this.#program
    const { regs } = frame
    const dst = dstAt(insns, pc)
    const src = srcAt(insns, pc)
    switch (code & 7) {
      case CLASS.ALU:
      case CLASS.ALU64:
        if (dst < 10) regs[dst] = alu(insns, pc, code, regs)
        break
      case CLASS.LDX: {
        const size = SIZE_BYTES[code & 0x18]!
        const value = this.#load(frame, regs[src] ?? null, offAt(insns, pc), size)
        const extended = (code & 0xe0) === MODE.MEMSX && value?.kind === 'number' ? number(signed(value.value, size * 8)) : value
        if (dst < 10) regs[dst] = extended
        break
      }
      case CLASS.ST:
      case CLASS.STX:
        this.#store(pc, code, frame)
        break
      case CLASS.LD:
        if (code !== LD_IMM64) {
          regs.fill(null, 0, 6)
          break
        }
        if (dst < 10) regs[dst] = this.#immediate(pc, src, depth)
        return [{ pc: pc + 2, frame }]
      default:
        if (code === CALL && !this.#callAt(pc, src, frame, depth)) return []
    }
    return [{ pc: pc + 1, frame }]
  }

  #immediate(pc: number, src: number, depth: number): Known {
    const { insns } = this.#program
    if (src === 0) return number(imm64At(insns, pc))
    if (src === PSEUDO.MAP_VALUE) return { kind: 'map', map: immAt(insns, pc), off: immAt(insns, pc + 1) }
    // Whoever takes the address of a function may have it called with anything.
    const target = pc + 1 + immAt(insns, pc)
    if (src === PSEUDO.FUNC && this.#starts.has(target)) this.call(target, [STACK, STACK, STACK, STACK, STACK], depth + 1)
    return null
  }

  #load(frame: Frame, base: Known, off: number, size: number): Known {
    switch (base?.kind) {
      case 'map': {
        const value = this.#program.constant(base.map, base.off + off, size)
        return value === null ? null : number(value)
      }
      case 'frame':
        return frame.load(base.off + off, size)
      case 'stack':
        return frame.loadAnywhere()
      default:
        return null
    }
  }

  #store(pc: number, code: number, frame: Frame): void {
    const { insns } = this.#program
    const { regs } = frame
    const size = SIZE_BYTES[code & 0x18]!
    const base = regs[dstAt(insns, pc)] ?? null
    const src = srcAt(insns, pc)
    const atomic = (code & 7) === CLASS.STX && (code & 0xe0) === MODE.ATOMIC
    if (atomic && immAt(insns, pc) === LOAD_ACQ) {
      regs[dstAt(insns, pc)] = src === 10 ? frame.loadAnywhere() : mixed(regs[src] ?? null, null)
      return
    }
    const value = atomic ? null : (code & 7) === CLASS.ST ? number(BigInt(immAt(insns, pc))) : (regs[src] ?? null)
    if (base?.kind === 'frame') frame.store(base.off + offAt(insns, pc), size, value)
    else if (base?.kind === 'stack') frame.forgetAll()
    if (!atomic) return
    // Those that fetch give the old value: cmpxchg in r0, the others in src.
    const op = immAt(insns, pc)
    if (op === 0xf1) regs[0] = null
    else if ((op & 1) !== 0 && src < 10) regs[src] = null
  }

  /** A call; false when it does not return. */
  #callAt(pc: number, src: number, frame: Frame, depth: number): boolean {
    const { insns, subprogs } = this.#program
    const args = frame.regs.slice(1, 6)
    let result: Known | undefined = null
    if (src === CALL_KIND.LOCAL) {
      const target = pc + 1 + immAt(insns, pc)
      const callee = subprogs[this.#starts.get(target) ?? -1]
      if (!callee) return false
      // Global functions are verified once, for all arguments.
      const seen = callee.global ? args.map(() => STACK) : args.map(arg => (arg?.kind === 'frame' ? STACK : arg))
      result = this.call(target, seen, depth + 1)
      if (callee.global) result = null
    }
    for (const [i, arg] of args.entries()) {
      if (arg?.kind === 'stack') frame.forgetAll()
      if (arg?.kind !== 'frame') continue
      const size = args[i + 1]
      const bytes = src === 0 && size?.kind === 'number' && size.value > 0n && size.value <= 512n ? Number(size.value) : 512
      frame.forget(arg.off, arg.off + bytes)
    }
    frame.regs.fill(null, 1, 6)
    frame.regs[0] = result ?? null
    return result !== undefined
  }
}

const describe = (value: Known): string =>
  value === null
    ? '-'
    : value.kind === 'number'
      ? `${value.value}`
      : value.kind === 'map'
        ? `m${value.map}+${value.off}`
        : value.kind === 'frame'
          ? `f${value.off}`
          : 's'

/** Whether a jump is taken; null when that is not known. */
function compare(op: number, a: Known, b: Known, bits: number): boolean | null {
  if (a?.kind === 'number' && b?.kind === 'number') return foldJump(op, a.value, b.value, bits)
  // Addresses of maps and of the frame are not 0.
  const isAddress = a?.kind === 'map' || a?.kind === 'frame'
  if (!isAddress || bits !== 64 || b?.kind !== 'number' || b.value !== 0n) return null
  return op === 0x10 ? false : op === 0x50 ? true : null
}

function alu(insns: Uint8Array, pc: number, code: number, regs: readonly Known[]): Known {
  const wide = (code & 7) === CLASS.ALU64
  const bits = wide ? 64 : 32
  const a = regs[dstAt(insns, pc)] ?? null
  const op = code & 0xf0
  const imm = immAt(insns, pc)
  const off = offAt(insns, pc)
  if (op === 0xd0) {
    if (a?.kind !== 'number' || (imm !== 16 && imm !== 32 && imm !== 64)) return null
    return number(foldEnd(a.value, imm, wide || (code & SRC_X) !== 0))
  }
  const b: Known = (code & SRC_X) !== 0 ? (regs[srcAt(insns, pc)] ?? null) : number(BigInt(imm))
  if (op === 0xb0 && wide && off === 0) return b
  if (op === 0xb0 && b?.kind === 'number') return number(foldAlu(op, 0n, b.value, bits, off) ?? 0n)
  if (op === 0xb0) return mixed(b, null)
  if (a?.kind === 'number' && (b?.kind === 'number' || op === 0x80)) {
    const value = foldAlu(op, a.value, b?.kind === 'number' ? b.value : 0n, bits, off)
    return value === null ? null : number(value)
  }
  if (op === 0x50 && b?.kind === 'number' && b.value === 0n) return number(0n)
  // Address and number.
  const moved = wide && (op === 0 || op === 0x10) && b?.kind === 'number' && (a?.kind === 'map' || a?.kind === 'frame')
  if (!moved) return mixed(a, b)
  const distance = Number(signed(b.value, 32)) * (op === 0 ? 1 : -1)
  return signed(b.value, 64) === signed(b.value, 32) ? { ...a, off: a.off + distance } : mixed(a, b)
}
