// A program with the subprograms that it calls, as bpf_object__reloc_code() lays them out: each is appended where it is first referred
// to, and those that it refers to come right behind it.
import { CALL_KIND, PSEUDO } from '../insn/opcode.ts'
import { CALL, codeAt, immAt, setImm, setSrc, srcAt } from '../insn/raw.ts'
import { fail } from './error.ts'
import type { FuncSpec } from './spec.ts'

/** A function with its CO-RE relocations applied. */
export interface Code {
  readonly func: FuncSpec
  readonly insns: Uint8Array
}

/** A function in a linked program: instructions from `at` on. */
export interface Placed<C extends Code> {
  readonly code: C
  readonly at: number
}

export interface Linked<C extends Code> {
  readonly insns: Uint8Array
  /** The entry first, then by `at`. */
  readonly parts: readonly Placed<C>[]
}

/** Subprograms by the instruction of `.text` that they begin at. */
export type Subprogs = ReadonlyMap<number, FuncSpec>

/** How deep calls may lie in each other when they are followed; the verifier takes 8. */
const MAX_DEPTH = 64

/** Lays out `entry`; `codeOf` gives the code of functions, `room` the instructions that there may be. */
export function link<C extends Code>(entry: C, subprogs: Subprogs, codeOf: (func: FuncSpec) => C, room: number): Linked<C> {
  const parts: Placed<C>[] = []
  const places = new Map<FuncSpec, number>()
  const calls: { readonly at: number; readonly target: FuncSpec; readonly pointer: boolean }[] = []
  let total = 0

  const append = (code: C, depth: number): void => {
    const at = total
    total += code.insns.length / 8
    if (total > room) fail('TOO_LONG', { limit: MAX_INSNS, prog: entry.func.name })
    parts.push({ code, at })
    places.set(code.func, at)
    for (const { insn, target, pointer } of callsOf(code, subprogs)) {
      if (!places.has(target)) {
        if (depth >= MAX_DEPTH) fail('CALL_DEPTH', { prog: code.func.name, insn, limit: MAX_DEPTH })
        append(codeOf(target), depth + 1)
      }
      calls.push({ at: at + insn, target, pointer })
    }
  }
  append(entry, 0)

  const insns = new Uint8Array(total * 8)
  for (const { code, at } of parts) insns.set(code.insns, at * 8)
  for (const { at, target, pointer } of calls) {
    if (pointer) setSrc(insns, at, PSEUDO.FUNC)
    setImm(insns, at, places.get(target)! - at - 1)
  }
  return { insns, parts }
}

/** Instructions that all programs of an object may have together; the kernel takes as many for each. */
export const MAX_INSNS = 1_000_000

/** Calls of subprograms and addresses of them in a function, in order. */
function* callsOf({ func, insns }: Code, subprogs: Subprogs): Generator<{ insn: number; target: FuncSpec; pointer: boolean }> {
  const at = (insn: number, index: number): FuncSpec =>
    subprogs.get(index) ?? fail('NO_SUBPROG', { prog: func.name, insn, at: index })
  for (let insn = 0; insn < insns.length / 8; insn++) {
    const reference = func.references.get(insn)
    if (codeAt(insns, insn) === CALL && srcAt(insns, insn) === CALL_KIND.LOCAL) {
      if (reference?.kind === 'kfunc') continue
      // Without a relocation, a static function of the same section is meant.
      const index =
        reference?.kind === 'call' ? reference.off / 8 + immAt(insns, insn) + 1 : func.start + insn + immAt(insns, insn) + 1
      if (!reference && func.entry) fail('NO_SUBPROG', { prog: func.name, insn, at: index })
      yield { insn, target: at(insn, index), pointer: false }
    } else if (reference?.kind === 'func')
      yield { insn, target: at(insn, (reference.off + immAt(insns, insn)) / 8), pointer: true }
  }
}
