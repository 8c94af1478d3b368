// bpf_seq_printf_btf() and bpf_snprintf_btf() of objects that programs see.
import { bareType } from '../btf/query.ts'
import { formatTyped } from '../btf/show.ts'
import { hashAddress } from '../helpers/bprintf-args.ts'
import type { HelperEnv } from '../helpers/env.ts'
import { isKernelHalf } from '../helpers/program-memory.ts'
import type { KernelMemory } from '../kernel/memory.ts'
import { EFAULT, ENOENT, ERANGE } from '../util/errno.ts'
import { kernelTypes } from './kernel-types.ts'

/** The helper's way into the memory of one address space; see HelperEnv.printTyped. */
export function typedPrinter(kernel: KernelMemory): HelperEnv['printTyped'] {
  const { btf } = kernelTypes().btf
  const { space } = kernel
  return (type, lo, hi, flags) => {
    // The kernel does not survive a type that is void.
    if (bareType(btf, type).kind === 'void') return -ENOENT
    const read = (off: number, size: number): Uint8Array | null => {
      const low = (lo >>> 0) + off
      const high = low >= 2 ** 32 ? (hi + 1) | 0 : hi
      const at = space.offsetOf(low | 0, high, size)
      if (at >= 0) return space.u8.subarray(at, at + size)
      if (kernel.available(low | 0, high, size) < size) return null
      return space.u8.subarray(kernel.foundAt, kernel.foundAt + size)
    }
    const text = formatTyped(btf, type, { flags, read, hashPointer: hashAddress, declared: true })
    return text ?? (isKernelHalf(hi) ? -EFAULT : -ERANGE)
  }
}
