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

/** A byte that cannot be read. */
class Fault extends Error {}

export function stringKfuncs(c: HelperContext): Pick<Kfuncs, Names> {
  /** Bytes of the string in r`n`, by index. @throws Fault */
  const string = (n: number): ((i: number) => number) => {
    const [lo, hi] = [c.lo(n) >>> 0, c.hi(n) >>> 0]
    return i => {
      const low = lo + i
      const high = low >= 0x1_0000_0000 ? (hi + 1) >>> 0 : hi
      const at = c.memory.byteAt(low >>> 0, high)
      if (at < 0) throw new Fault()
      return c.space.u8[at]!
    }
  }
  /** Runs `body` unless one of the first `count` arguments is no address of the kernel. */
  const onStrings = (count: 1 | 2, body: () => number) => (): number => {
    for (let n = 1; n <= count; n++) if (!isKernelHalf(c.hi(n))) return -ERANGE
    try {
      return body()
    } catch (err) {
      if (err instanceof Fault) return -EFAULT
      throw err
    }
  }

  const compare = (fold: (byte: number) => number): number => {
    const [left, right] = [string(1), string(2)]
    for (let i = 0; i < MAX; i++) {
      const [a, b] = [fold(left(i)), fold(right(i))]
      if (a !== b) return a < b ? -1 : 1
      if (a === 0) return 0
    }
    return -E2BIG
  }
  const find = (wanted: number, count: number): number => {
    const text = string(1)
    const end = Math.min(count, MAX)
    for (let i = 0; i < end; i++) {
      const byte = text(i)
      if (byte === wanted) return i
      if (byte === 0) return -ENOENT
    }
    return end === MAX ? -E2BIG : -ENOENT
  }
  const length = (count: number): number => {
    const text = string(1)
    const end = Math.min(count, MAX)
    for (let i = 0; i < end; i++) if (text(i) === 0) return i
    return end === MAX ? -E2BIG : end
  }
  /** How far the string goes on with bytes that are in the set (`inside`), or that are not. */
  const span = (inside: boolean): number => {
    const [text, set] = [string(1), string(2)]
    for (let i = 0; i < MAX; i++) {
      const byte = text(i)
      if (byte === 0) return i
      let k = 0
      let other = 0
      for (; k < MAX; k++) {
        other = set(k)
        if (other === 0 || other === byte) break
      }
      if (k === MAX) return -E2BIG
      if ((other !== 0) !== inside) return i
    }
    return -E2BIG
  }
  const search = (count: number): number => {
    const [text, wanted] = [string(1), string(2)]
    for (let i = 0; i < MAX; i++) {
      let k = 0
      for (; i + k <= count && k < MAX; k++) {
        const byte = wanted(k)
        if (byte === 0) return i
        if (i + k === count) break
        const other = text(i + k)
        if (other === 0) return -ENOENT
        if (other !== byte) break
      }
      if (k === MAX) return -E2BIG
      if (i + k === count) return -ENOENT
    }
    return -E2BIG
  }

  return {
    bpf_strcmp: onStrings(2, () => compare(byte => byte)),
    bpf_strcasecmp: onStrings(2, () => compare(toLower)),
    bpf_strchr: onStrings(1, () => find(c.u32(2) & 0xff, MAX)),
    bpf_strchrnul: onStrings(1, () => {
      const text = string(1)
      const wanted = c.u32(2) & 0xff
      for (let i = 0; i < MAX; i++) {
        const byte = text(i)
        if (byte === 0 || byte === wanted) return i
      }
      return -E2BIG
    }),
    bpf_strnchr: onStrings(1, () => find(c.u32(3) & 0xff, c.u64(2))),
    bpf_strrchr: onStrings(1, () => {
      const text = string(1)
      const wanted = c.lo(2)
      let last = -ENOENT
      for (let i = 0; i < MAX; i++) {
        const byte = text(i)
        if (byte === wanted) last = i
        if (byte === 0) return last
      }
      return -E2BIG
    }),
    bpf_strlen: onStrings(1, () => length(MAX)),
    bpf_strnlen: onStrings(1, () => length(c.u64(2))),
    bpf_strspn: onStrings(2, () => span(true)),
    bpf_strcspn: onStrings(2, () => span(false)),
    bpf_strstr: onStrings(2, () => search(MAX)),
    bpf_strnstr: onStrings(2, () => search(c.u64(3))),
  }
}

/** tolower() of the kernel, whose letters are those of Latin-1. */
const toLower = (byte: number): number =>
  (byte >= 0x41 && byte <= 0x5a) || (byte >= 0xc0 && byte <= 0xde && byte !== 0xd7) ? byte + 0x20 : byte
