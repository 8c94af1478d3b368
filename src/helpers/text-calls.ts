// Helpers on text: bpf_strncmp, bpf_strtol, bpf_strtoul (kernel/bpf/helpers.c, lib/kstrtox.c).
import { EINVAL, ERANGE } from '../util/errno.ts'
import type { HelperContext, Helpers } from './context.ts'

type Names = 'strncmp' | 'strtol' | 'strtoul'

/** BPF_STRTOX_BASE_MASK */
const BASE_MASK = 0x1f
/** Longest run of digits that is looked at: the kernel copies the text to a buffer of 64 bytes. */
const DIGITS_MAX = 63
const U64_MAX = 0xffff_ffff_ffff_ffffn
const I64_MIN = 1n << 63n

export function textHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { space, memory } = c
  return {
    strncmp() {
      const size = c.u32(2)
      const left = c.input(1, size, 1)
      const length = memory.text(c.lo(3), c.hi(3), size)
      const right = memory.at
      const { u8 } = space
      for (let i = 0; i < size; i++) {
        const [a, b] = [u8[left + i]!, i < length ? u8[right + i]! : 0]
        if (a !== b) return a < b ? -1 : 1
        if (a === 0) break
      }
      return 0
    },
    strtol() {
      const to = c.output(4, 8)
      space.view.setBigInt64(to, 0n, true)
      const parsed = parseNumber(c)
      if (typeof parsed === 'number') return parsed
      const { negative, value, used } = parsed
      if (negative ? value > I64_MIN : value >= I64_MIN) return -ERANGE
      space.view.setBigInt64(to, negative ? -value : value, true)
      return used
    },
    strtoul() {
      const to = c.output(4, 8)
      space.view.setBigUint64(to, 0n, true)
      const parsed = parseNumber(c)
      if (typeof parsed === 'number') return parsed
      if (parsed.negative) return -EINVAL
      space.view.setBigUint64(to, parsed.value, true)
      return parsed.used
    },
  }
}

interface Parsed {
  readonly negative: boolean
  readonly value: bigint
  /** Bytes that were read, spaces and sign too. */
  readonly used: number
}

const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 9 && byte <= 13) || byte === 0xa0

/** __bpf_strtoull() of the `r2` bytes at r1 with flags r3: the number, or a negative errno. */
function parseNumber(c: HelperContext): Parsed | number {
  const size = c.u32(2)
  const flags = c.u64(3)
  let base = flags & BASE_MASK
  if (size === 0 || flags !== base || ![0, 8, 10, 16].includes(base)) return -EINVAL
  const at = c.input(1, size)
  const { u8 } = c.space
  let i = 0
  while (i < size && isSpace(u8[at + i]!)) i++
  const negative = i < size && u8[at + i] === 0x2d
  if (negative) i++
  if (i === size) return -EINVAL
  const end = Math.min(size, i + DIGITS_MAX)
  const digit = (k: number): number => (k < end ? digitOf(u8[at + k]!) : -1)
  const isX = i + 1 < end && (u8[at + i + 1]! | 0x20) === 0x78
  if (base === 0) base = digit(i) === 0 ? (isX && digit(i + 2) >= 0 ? 16 : 8) : 10
  if (base === 16 && digit(i) === 0 && isX) i += 2
  const first = i
  let value = 0n
  for (let d = digit(i); d >= 0 && d < base; d = digit(++i)) value = value * BigInt(base) + BigInt(d)
  if (value > U64_MAX) return -ERANGE
  return i === first ? -EINVAL : { negative, value, used: i }
}

/** The value of a hexadecimal digit, -1 for another byte. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1
}
