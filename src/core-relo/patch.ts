// Changing an instruction as a relocation says: bpf_core_patch_insn().
import { CLASS, SIZE_BITS, SRC_X } from '../insn/opcode.ts'
import {
  CALL,
  codeAt,
  imm64At,
  immAt,
  isLdImm64,
  offAt,
  SIZE_BYTES,
  setImm,
  setImm64,
  setInsn,
  setOff,
  srcAt,
} from '../insn/raw.ts'
import { type AtRelo, fail, type Where } from './error.ts'
import type { CoreResult } from './relocate.ts'
import type { Missing } from './why.ts'

/** Poisoned instructions are calls of this helper: 0xbad2310. */
export const POISON_CALL = 195896080

/** Changes instruction `insn` as `result`, relocation `index` of its section, says. The reason when it is poisoned. @throws BpfError */
export function patchInsn(
  insns: Uint8Array,
  insn: number,
  result: CoreResult,
  index: number,
  where: () => Where,
): Missing | null {
  const at = (): AtRelo => ({ ...where(), relo: index, what: result.what })
  const { local, target, missing, badWidth } = result
  const poison = (why: Missing): Missing => {
    if (isLdImm64(insns, insn)) setInsn(insns, insn + 1, CALL, 0, 0, POISON_CALL)
    setInsn(insns, insn, CALL, 0, 0, POISON_CALL)
    return why
  }
  if (missing || !local || !target) return poison(missing ?? (() => fail('CORE_SIZE', { ...at(), why: 'no value' })))

  const check = (got: bigint): void => {
    // type_id_local is set whatever the instruction holds: linking changes ids.
    if (local.checked && BigInt.asUintN(64, got) !== local.value)
      fail('CORE_VALUE', { ...at(), want: `${BigInt.asIntN(64, local.value)}`, got: `${got}` })
  }
  const code = codeAt(insns, insn)
  const refuse = (): never => fail('CORE_INSN', { ...at(), code })
  switch (code & 7) {
    case CLASS.ALU:
    case CLASS.ALU64:
      if ((code & SRC_X) !== 0) refuse()
      check(BigInt(immAt(insns, insn)))
      setImm(insns, insn, Number(BigInt.asIntN(32, target.value)))
      return null
    case CLASS.LDX:
    case CLASS.ST:
    case CLASS.STX: {
      check(BigInt(offAt(insns, insn)))
      if (target.value > 0x7fffn) fail('CORE_OFFSET', { ...at(), got: `${target.value}` })
      if (badWidth) {
        const { struct, field } = result.fields.at(-1) ?? { struct: result.what, field: 'at the end' }
        return poison(place => fail('CORE_ACCESS_SIZE', { ...place, struct, field, want: local.bytes, got: target.bytes }))
      }
      setOff(insns, insn, Number(target.value))
      if (target.bytes === local.bytes) return null
      const got = SIZE_BYTES[code & 0x18]!
      if (got !== local.bytes) fail('CORE_MEMORY', { ...at(), want: local.bytes, got })
      const bits =
        (SIZE_BITS as Readonly<Record<number, number>>)[target.bytes] ?? fail('CORE_MEMORY', { ...at(), want: target.bytes, got })
      insns[insn * 8] = (code & ~0x18) | bits
      return null
    }
    case CLASS.LD:
      if (!isLdImm64(insns, insn) || srcAt(insns, insn) !== 0 || offAt(insns, insn) !== 0) refuse()
      check(imm64At(insns, insn))
      setImm64(insns, insn, target.value)
      return null
    default:
      return refuse()
  }
}
