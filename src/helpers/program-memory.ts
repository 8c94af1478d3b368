// How helpers reach what their pointers lead to: places in the window directly, objects of the kernel through Translate, with the
// errno of copy_from_kernel_nofault() for addresses that are neither.
import { copy } from '../maps/base.ts'
import { EFAULT, ERANGE, ErrnoError } from '../util/errno.ts'
import { type AddressSpace, LAYOUT, MEM_BASE_HI, type Translate } from '../vm/memory.ts'
import type { HelperEnv } from './env.ts'

const PAGE = 4096

/** Longer than any stretch of kernel objects: nothing is set aside for what cannot be there. */
const OBJECT_MAX = 1 << 20

/** Reads and writes from this size on cost fuel by their size. */
const LARGE = 256

/** Scratch places: helpers with two operands have one for each. */
const SLOTS = 2

export class ProgramMemory {
  readonly space: AddressSpace
  /** Where text() found its bytes. */
  at = 0
  readonly #translate: Translate
  readonly #burn: HelperEnv['burn']
  readonly #scratch: { at: number; size: number }[]

  constructor({ space, translate, burn }: HelperEnv) {
    this.space = space
    this.#translate = translate
    this.#burn = burn
    this.#scratch = Array.from({ length: SLOTS }, () => ({ at: 0, size: 0 }))
  }

  /**
   * Offset of `size` bytes at hi:lo that a helper reads: in place, or copied to scratch place `slot`, valid until the next call with it.
   * @throws ErrnoError EFAULT where nothing is: the verifier of the kernel would have refused the program
   */
  read(lo: number, hi: number, size: number, slot: 0 | 1 = 0): number {
    if (size >= LARGE) this.#burn(size)
    const at = this.space.offsetOf(lo, hi, size)
    if (at >= 0) return at
    if (size === 0) return 0
    if (size > OBJECT_MAX) return this.#fault('read', lo, hi, size)
    const to = this.scratch(size, slot)
    const errno = this.#copyObject(to, lo, hi, size)
    return errno === 0 ? to : this.#fault('read', lo, hi, size)
  }

  /** Offset of `size` bytes at hi:lo that a helper writes. @throws ErrnoError EFAULT outside of what programs may write */
  write(lo: number, hi: number, size: number): number {
    if (size >= LARGE) this.#burn(size)
    const at = this.space.offsetOf(lo, hi, size)
    return at >= LAYOUT.STACK || size === 0 ? Math.max(at, 0) : this.#fault('write', lo, hi, size)
  }

  #fault(verb: string, lo: number, hi: number, size: number): never {
    const address = ((BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)).toString(16)
    throw new ErrnoError(EFAULT, `a helper shall ${verb} ${size} bytes at 0x${address}, where the program has no memory`)
  }

  /** A place of at least `size` bytes that nothing but slot `slot` uses. */
  scratch(size: number, slot: 0 | 1): number {
    const place = this.#scratch[slot]!
    if (place.size < size) {
      if (place.size > 0) this.space.free(place.at, place.size)
      place.size = 0
      const room = Math.max(512, size)
      place.at = this.space.alloc(room)
      place.size = room
    }
    return place.at
  }

  /**
   * copy_from_kernel_nofault(): copies to offset `to`; 0, -ERANGE for NULL, user and non-canonical addresses, -EFAULT for others where
   * nothing is. What is at `to` then is undefined.
   */
  copy(to: number, lo: number, hi: number, size: number): number {
    const at = this.space.offsetOf(lo, hi, size)
    if (at >= 0) {
      copy(this.space, to, at, size)
      return 0
    }
    return this.#copyObject(to, lo, hi, size)
  }

  #copyObject(to: number, lo: number, hi: number, size: number): number {
    if (!isKernelHalf(hi)) return -ERANGE
    let low = lo >>> 0
    let high = hi >>> 0
    for (let done = 0; done < size; ) {
      let chunk = Math.min(size - done, PAGE - (low & (PAGE - 1)))
      let from = this.#translate(low, high, chunk)
      // A stretch that goes beyond what is there in this page: word by word.
      if (from === 0 && chunk > 8 - (low & 7)) {
        chunk = 8 - (low & 7)
        from = this.#translate(low, high, chunk)
      }
      if (from === 0) return -EFAULT
      copy(this.space, to + done, from, chunk)
      done += chunk
      low += chunk
      if (low >= 0x1_0000_0000) {
        low -= 0x1_0000_0000
        high = (high + 1) >>> 0
      }
    }
    return 0
  }

  /** Where the byte at hi:lo can be read now; -1 where nothing is. */
  byteAt(lo: number, hi: number): number {
    const at = this.space.offsetOf(lo, hi, 1)
    if (at >= 0) return at
    const from = isKernelHalf(hi) ? this.#translate(lo, hi, 1) : 0
    return from === 0 ? -1 : from
  }

  /**
   * The length of the text at hi:lo, at most `max`, without its NUL; its bytes are at offset `at` until the next call, in place or in
   * scratch place 0. Or -ERANGE, -EFAULT as copy().
   */
  text(lo: number, hi: number, max: number): number {
    if (hi >>> 0 === MEM_BASE_HI) {
      const at = this.space.offsetOf(lo, hi, 1)
      if (at < 0) return -EFAULT
      const { u8 } = this.space
      this.at = at
      const end = Math.min(at + max, u8.length)
      let i = at
      while (i < end && u8[i] !== 0) i++
      if (i - at >= LARGE) this.#burn(i - at)
      return i - at
    }
    if (!isKernelHalf(hi)) return -ERANGE
    const most = Math.min(max, OBJECT_MAX)
    const to = this.scratch(Math.min(most, PAGE), 0)
    const room = this.#scratch[0]!.size
    this.at = to
    let low = lo >>> 0
    let high = hi >>> 0
    for (let done = 0; done < most; ) {
      let chunk = Math.min(most - done, 8 - (low & 7))
      // A text that outgrows its place is read anew, into a larger one.
      if (done + chunk > room) {
        this.scratch(Math.min(most, room * 2), 0)
        return this.text(lo, hi, max)
      }
      let from = this.#translate(low, high, chunk)
      if (from === 0 && chunk > 1) {
        chunk = 1
        from = this.#translate(low, high, 1)
      }
      if (from === 0) return -EFAULT
      const { u8 } = this.space
      for (let i = 0; i < chunk; i++, done++) {
        const byte = u8[from + i]!
        if (byte === 0) return done
        u8[to + done] = byte
      }
      low += chunk
      if (low >= 0x1_0000_0000) {
        low -= 0x1_0000_0000
        high = (high + 1) >>> 0
      }
    }
    return most
  }
}

/** copy_from_kernel_nofault_allowed() of x86-64: the upper half of the canonical addresses. */
export const isKernelHalf = (hi: number): boolean => hi >>> 0 >= 0xffff_8000
