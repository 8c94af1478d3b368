// bpf_seq_printf_btf() and bpf_snprintf_btf(): objects of our BTF as text, read from wherever a program's pointer leads.
import { formatTyped } from '../btf/format-typed.ts'
import type { Btf } from '../btf/types.ts'
import { hashHalves } from '../helpers/bprintf-args.ts'
import type { HelperEnv } from '../helpers/env.ts'
import { ProgramMemory } from '../helpers/program-memory.ts'
import { ENOENT } from '../util/errno.ts'

/** Most bytes that are read at a time; see formatTyped(). */
const COPY = 32
const LOW = 0xffff_ffffn

/** `%p`: NULL and errnos as they are, other addresses hashed. */
function digits(pointer: bigint): string {
  const signed = BigInt.asIntN(64, pointer)
  const shown = signed <= 0n && signed >= -4095n ? pointer : BigInt(hashHalves(Number(pointer & LOW), Number(pointer >> 32n)))
  return shown.toString(16).padStart(16, '0')
}

/** HelperEnv.printTyped over an address space. */
export function typedPrinter(env: Pick<HelperEnv, 'space' | 'translate'>, btf: Btf): HelperEnv['printTyped'] {
  const memory = new ProgramMemory(env)
  return (type, lo, hi, flags) => {
    if (type >= btf.types.length) return -ENOENT
    const start = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)
    const read = (off: number, size: number): Uint8Array | number => {
      const at = BigInt.asUintN(64, start + BigInt(off))
      const to = memory.scratch(COPY, 0)
      const errno = memory.copy(to, Number(at & LOW) | 0, Number(at >> 32n) | 0, size)
      return errno === 0 ? env.space.u8.subarray(to, to + size) : errno
    }
    const { text, status } = formatTyped(btf, type, read, flags, digits)
    return status === 0 ? text : status
  }
}
