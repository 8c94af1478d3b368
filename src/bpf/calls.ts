// Which helpers and kfuncs a program may call: those it can come to must exist here, be allowed to it, and fit its license.
import { placeText } from '../core-relo/error.ts'
import { reachablePoison } from '../core-relo/reach.ts'
import { type Caller, checkHelper, checkKfunc } from '../helpers/make.ts'
import { CALL_KIND } from '../insn/opcode.ts'
import { CALL, codeAt, immAt, srcAt } from '../insn/raw.ts'
import type { MapSpec, ResolvedObject, ResolvedProg } from '../object/spec.ts'
import { BpfError } from '../util/error.ts'

/** Imms of calls that stand for what was not found at load (POISON_CALL in core-relo): resolveObject() has judged them. */
const FIRST_POISON = 195896080
/** bpf_tail_call is the engine's. */
const TAIL_CALL = 12

/**
 * Checks the calls of a program (check_helper_call, check_kfunc_call).
 * @throws BpfError naming the program, the C line and the function, with the errno of the kernel's verifier
 */
export function checkCalls(object: ResolvedObject, prog: ResolvedProg): void {
  const { insns } = prog
  const caller: Caller = {
    license: object.license,
    gpl: object.gpl,
    sleepable: prog.sleepable,
    target: prog.target ?? '',
  }
  const refused = new Map<number, BpfError>()
  for (let pc = 0; pc < insns.length / 8; pc++) {
    if (codeAt(insns, pc) !== CALL) continue
    const [src, imm] = [srcAt(insns, pc), immAt(insns, pc)]
    const kfunc = src === CALL_KIND.KFUNC
    if (!kfunc && (src !== 0 || imm === TAIL_CALL || imm >= FIRST_POISON)) continue
    try {
      if (kfunc) checkKfunc(prog.kfuncs[imm]!, caller)
      else checkHelper(imm, caller)
    } catch (err) {
      if (!(err instanceof BpfError)) throw err
      refused.set(pc, err)
    }
  }
  if (refused.size === 0) return
  const constant = (map: number, off: number, size: number): bigint | null => constantAt(object.maps[map], off, size)
  const first = reachablePoison({ insns, subprogs: prog.subprogs, poisoned: new Set(refused.keys()), constant })[0]
  if (first === undefined) return
  const err = refused.get(first)!
  const line = prog.lines.findLast(({ insn }) => insn <= first)
  const place = placeText({ prog: prog.name, insn: first, ...(line && { file: line.file, line: line.line, text: line.text }) })
  throw new BpfError(err.code, err.data, `${place}: ${err.message}`, err.errno)
}

function constantAt(map: MapSpec | undefined, off: number, size: number): bigint | null {
  if (!map?.readonly || !map.initial || off < 0 || off + size > map.initial.length) return null
  let value = 0n
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(map.initial[off + i]!)
  return value
}
