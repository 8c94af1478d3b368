// Kfuncs on strings that need not be readable: bpf_strcmp and its kin (kernel/bpf/helpers.c). A string ends at its NUL or fails with -E2BIG
// behind 65536 bytes; where it cannot be read, -ERANGE (user addresses, NULL) or -EFAULT.
import { E2BIG, EFAULT, ENOENT, ERANGE } from '../util/errno.ts'
import type { HelperContext } from './context.ts'
import type { Kfuncs } from './kfunc-context.ts'
import { isKernelHalf } from './program-memory.ts'

type Names =
  | 'bpf_strcmp'
  | 'bpf_strcasecmp'
  | 'bpf_strchr'
  | 'bpf_strchrnul'
  | 'bpf_strnchr'
  | 'bpf_strrchr'
  | 'bpf_strlen'
  | 'bpf_strnlen'
  | 'bpf_strspn'
  | 'bpf_strcspn'
  | 'bpf_strstr'
  | 'bpf_strnstr'

/** XATTR_SIZE_MAX */
const MAX = 65536
/** Bytes after which fuel is taken for them. */
const BURN_EACH = 256

/** A string up to its end: what ended it, and the bytes in front of that. */
interface Text {
  readonly bytes: Uint8Array
  readonly end: 'nul' | 'fault' | 'long'
}

export function stringKfuncs(c: HelperContext): Pick<Kfuncs, Names> {
  /** The string in r`n`, at most `max` bytes. */
  const read = (n: number, max = MAX): Text => {
    const [lo, hi] = [c.lo(n) >>> 0, c.hi(n) >>> 0]
    const bytes: number[] = []
    for (let i = 0; i < max; i++) {
      if (i % BURN_EACH === BURN_EACH - 1) c.env.burn(BURN_EACH * 16)
      const low = lo + i
      const at = c.memory.byteAt(low >>> 0, low >= 0x1_0000_0000 ? (hi + 1) >>> 0 : hi)
      if (at < 0) return { bytes: Uint8Array.from(bytes), end: 'fault' }
      const byte = c.space.u8[at]!
      if (byte === 0) return { bytes: Uint8Array.from(bytes), end: 'nul' }
      bytes.push(byte)
    }
    return { bytes: Uint8Array.from(bytes), end: 'long' }
  }
  /** Runs `body` unless one of the first `count` arguments is no address of the kernel. */
  const onStrings = (count: 1 | 2, body: () => number) => (): number => {
    for (let n = 1; n <= count; n++) if (!isKernelHalf(c.hi(n))) return -ERANGE
    return body()
  }

  const compare = (fold: (byte: number) => number): number => {
    const [left, right] = [read(1), read(2)]
    for (let i = 0; i < MAX; i++) {
      if (isBehind(left, i) || isBehind(right, i)) return -EFAULT
      const [a, b] = [fold(left.bytes[i] ?? 0), fold(right.bytes[i] ?? 0)]
      if (a !== b) return a < b ? -1 : 1
      if (a === 0) return 0
    }
    return -E2BIG
  }
  const find = (wanted: number, count: number): number => {
    const { bytes, end } = read(1, Math.min(count, MAX))
    const at = bytes.indexOf(wanted)
    if (at >= 0 || (wanted === 0 && end === 'nul')) return at < 0 ? bytes.length : at
    return end === 'nul' || (end === 'long' && count < MAX) ? -ENOENT : ERRNO[end]
  }
  const length = (count: number): number => {
    const { bytes, end } = read(1, Math.min(count, MAX))
    return end === 'fault' || (end === 'long' && count >= MAX) ? ERRNO[end] : bytes.length
  }
  /** How far the string goes on with bytes that are in the set (`inside`), or that are not. */
  const span = (inside: boolean): number => {
    const [text, set] = [read(1), read(2)]
    const isIn = new Uint8Array(256)
    for (const byte of set.bytes) isIn[byte] = 1
    for (const [i, byte] of text.bytes.entries()) {
      if (isIn[byte] === 0 && set.end !== 'nul') return ERRNO[set.end]
      if ((isIn[byte] === 1) !== inside) return i
    }
    return text.end === 'nul' ? text.bytes.length : ERRNO[text.end]
  }
  /** bpf_strnstr(). A string of the size that is searched in may be longer than MAX: matches begin below. */
  const search = (count: number): number => {
    const [text, wanted] = [read(1, Math.min(count, 2 * MAX)), read(2)]
    const { at, rest } = findBytes(text.bytes, wanted.bytes)
    if (at >= 0) return at >= MAX ? -E2BIG : wanted.end === 'nul' ? at : ERRNO[wanted.end]
    if (rest >= MAX) return -E2BIG
    return text.end === 'fault' ? -EFAULT : -ENOENT
  }

  return {
    bpf_strcmp: onStrings(2, () => compare(byte => byte)),
    bpf_strcasecmp: onStrings(2, () => compare(toLower)),
    bpf_strchr: onStrings(1, () => find(c.u32(2) & 0xff, MAX)),
    bpf_strchrnul: onStrings(1, () => {
      const { bytes, end } = read(1)
      const at = bytes.indexOf(c.u32(2) & 0xff)
      return at >= 0 ? at : end === 'nul' ? bytes.length : ERRNO[end]
    }),
    bpf_strnchr: onStrings(1, () => find(c.u32(3) & 0xff, c.u64(2))),
    bpf_strrchr: onStrings(1, () => {
      const { bytes, end } = read(1)
      const wanted = c.lo(2)
      if (end !== 'nul') return ERRNO[end]
      if (wanted === 0) return bytes.length
      // A byte is unsigned here, the character is an int: a negative one is in no string.
      const at = wanted > 0 && wanted < 256 ? bytes.lastIndexOf(wanted) : -1
      return at < 0 ? -ENOENT : at
    }),
    bpf_strlen: onStrings(1, () => length(MAX)),
    bpf_strnlen: onStrings(1, () => length(c.u64(2))),
    bpf_strspn: onStrings(2, () => span(true)),
    bpf_strcspn: onStrings(2, () => span(false)),
    bpf_strstr: onStrings(2, () => search(MAX)),
    bpf_strnstr: onStrings(2, () => search(c.u64(3))),
  }
}

const ERRNO = { fault: -EFAULT, long: -E2BIG } as const

/** Whether index `i` cannot be read. */
const isBehind = ({ bytes, end }: Text, i: number): boolean => end === 'fault' && i >= bytes.length

/**
 * The first place `at` of `wanted` in `text` (Knuth, Morris, Pratt: strings that repeat themselves take no longer than others); -1 for
 * none, and `rest` is then the first place where what is left of `text` begins like `wanted`.
 */
function findBytes(text: Uint8Array, wanted: Uint8Array): { readonly at: number; readonly rest: number } {
  const { length } = wanted
  if (length === 0) return { at: 0, rest: 0 }
  /** For each length of a part that fits: of the next shorter one. */
  const shorter = new Int32Array(length + 1)
  shorter[0] = -1
  for (let i = 0, fits = -1; i < length; ) {
    while (fits >= 0 && wanted[fits] !== wanted[i]) fits = shorter[fits]!
    shorter[++i] = ++fits
  }
  let fits = 0
  for (let i = 0; i < text.length; i++) {
    while (fits >= 0 && wanted[fits] !== text[i]) fits = shorter[fits]!
    if (++fits === length) return { at: i + 1 - length, rest: 0 }
  }
  return { at: -1, rest: text.length - fits }
}

/** tolower() of the kernel, whose letters are those of Latin-1. */
const toLower = (byte: number): number =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7) ? byte + 0x20 : byte
