// The address space of the BPF programs of one object: one linear memory in which their stacks, contexts, maps and globals lie, and
// the window of 64-bit addresses through which programs see it. Objects of the kernel lie outside the window; their addresses are
// translated, page by page, to places in the memory where their bytes are filled in when they are looked at.
import { ENOMEM, ErrnoError } from '../util/errno.ts'

const WASM_PAGE = 65536

/** Address of offset 0 of the memory, as programs see it: its low 32 bits are 0, so the low half of an address is the offset. */
export const MEM_BASE = 0xffff_c900_0000_0000n
/** High half of every address in the window. */
export const MEM_BASE_HI = 0xffff_c900

/** Fixed places in the memory, in bytes. The first page stays zero: what cannot be read is read from there. */
export const LAYOUT = {
  /** Never written. A translation that fails gives this offset, so that the load yields 0, as a faulting load of the kernel does. */
  ZERO: 0,
  /** r1 to r5 of a helper or callback call, 8 bytes each. */
  ARGS: 4096,
  /** r0: the result of a helper of return kind `u64`, and of a program or callback. */
  RET: 4136,
  /** u32: where the next frame begins; 0 stands for STACK. Engines keep it, so that what helpers call goes on behind their caller. */
  SP: 4144,
  /** i32: what is left of the fuel. */
  FUEL: 4148,
  /** 256 entries of 16 bytes, see TLB_ENTRY. */
  TLB: 8192,
  /** Stack frames, growing upwards: 512 bytes a frame. Programs may write from here on. */
  STACK: 16384,
  STACK_END: 16384 + 64 * 512,
  /** What is allocated begins here. */
  HEAP: 65536,
} as const

/**
 * One entry of the TLB at LAYOUT.TLB + (page & 255) * 16, page being address >> 12: u64 page number (0: empty), u32 offset of the
 * page's bytes, u32 offset of the page's shadow. A byte of the page may be read when its byte in the shadow is 0xff; otherwise
 * Translate is asked, which fills it in.
 */
export const TLB_ENTRY = { SIZE: 16, PAGE: 0, BYTES: 8, SHADOW: 12, COUNT: 256 } as const

/** Bytes of a frame, and how many frames there can be with callbacks nested in callbacks. */
export const FRAME_SIZE = 512

/**
 * Slow way of a load from `size` bytes at the address hi:lo outside the window: the offset where they can be read, LAYOUT.ZERO when
 * nothing is there. Fills in what is not there yet; may throw what reading the source throws.
 */
export type Translate = (lo: number, hi: number, size: number) => number

export class AddressSpace {
  readonly memory: WebAssembly.Memory
  /** Views of the whole memory; made anew when it grows, so do not keep them over an alloc(). */
  u8!: Uint8Array
  view!: DataView
  /** r1 to r5 as low and high halves: args[0], args[1] is r1. */
  args!: Int32Array
  /** Bytes that may be allocated. */
  readonly limit: number
  #top: number = LAYOUT.HEAP
  #used = 0
  /** Free blocks by size, first fit of equal sizes. */
  readonly #free = new Map<number, number[]>()

  /** @param limit bytes that maps and programs may take together, at most 4 GiB */
  constructor(limit = 0xffff_0000) {
    this.limit = limit
    const maximum = Math.min(65536, Math.ceil(limit / WASM_PAGE) + 2)
    try {
      this.memory = new WebAssembly.Memory({ initial: LAYOUT.HEAP / WASM_PAGE + 1, maximum })
    } catch {
      throw new ErrnoError(ENOMEM, 'want an address space for maps and programs, the machine has none left')
    }
    this.#refresh()
  }

  #refresh(): void {
    const { buffer } = this.memory
    this.u8 = new Uint8Array(buffer)
    this.view = new DataView(buffer)
    this.args = new Int32Array(buffer, LAYOUT.ARGS, 12)
  }

  /** Bytes that are allocated now. */
  get used(): number {
    return this.#used
  }

  /** Takes `size` bytes, zeroed, aligned to 8; its offset. @throws ErrnoError ENOMEM behind the limit */
  alloc(size: number): number {
    const bytes = Math.max(8, Math.ceil(size / 8) * 8)
    const reused = this.#free.get(bytes)?.pop()
    if (reused !== undefined) {
      this.#used += bytes
      this.u8.fill(0, reused, reused + bytes)
      return reused
    }
    const at = this.#top
    if (bytes > this.limit - this.#used || at + bytes > 0xffff_0000) this.#full(bytes)
    const missing = at + bytes - this.u8.length
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / WASM_PAGE))
      } catch {
        throw new ErrnoError(ENOMEM, `want ${bytes} bytes for maps and programs, the machine has none left`)
      }
      this.#refresh()
    }
    this.#top = at + bytes
    this.#used += bytes
    return at
  }

  /** Gives back what alloc() gave for this `size`. */
  free(at: number, size: number): void {
    const bytes = Math.max(8, Math.ceil(size / 8) * 8)
    this.#used -= bytes
    if (at + bytes === this.#top) {
      this.#top = at
      this.u8.fill(0, at, at + bytes)
      return
    }
    const list = this.#free.get(bytes)
    if (list) list.push(at)
    else this.#free.set(bytes, [at])
  }

  /** Counts bytes that lie beside the memory against the limit. @throws ErrnoError ENOMEM behind it */
  charge(bytes: number): void {
    if (bytes > this.limit - this.#used) this.#full(bytes)
    this.#used += bytes
  }

  /** Takes back what charge() counted. */
  uncharge(bytes: number): void {
    this.#used -= bytes
  }

  #full(bytes: number): never {
    const left = this.limit - this.#used
    throw new ErrnoError(ENOMEM, `want ${bytes} bytes for maps and programs, ${left} of ${this.limit} are left`)
  }

  /** The address of an offset, as programs see it. */
  toAddress(offset: number): bigint {
    return MEM_BASE + BigInt(offset)
  }

  /** The offset of `size` bytes at hi:lo (halves, signed or not) in the window; -1 outside. */
  offsetOf(lo: number, hi: number, size: number): number {
    if (hi >>> 0 !== MEM_BASE_HI) return -1
    const at = lo >>> 0
    return at >= LAYOUT.ARGS && at + size <= this.u8.length ? at : -1
  }
}
