// Formats and arguments of BPF programs: both lie in memory, and are used there.
import type { AddressSpace } from '../vm/memory.ts'
import { type ArgReader, type FmtEnv, ZEROS } from './bprintf-args.ts'
import { type Format, parseFormat } from './bprintf-parse.ts'
import type { ProgramMemory } from './program-memory.ts'

/** Arguments of 8 bytes each. One reader serves all calls: place() says where the next one has its arguments. */
export class MemoryReader implements ArgReader {
  count = 0
  readonly env: FmtEnv
  lo = 0
  hi = 0
  bytes: Uint8Array
  from = 0
  #at = 0
  readonly #memory: ProgramMemory
  readonly #space: AddressSpace

  /** @param env what %p and %pS need; strings and bytes are read from `memory` */
  constructor(memory: ProgramMemory, env: FmtEnv) {
    this.env = env
    this.#memory = memory
    this.#space = memory.space
    this.bytes = memory.space.u8
  }

  /** The arguments are the `count` words at offset `at`. */
  place(at: number, count: number): this {
    this.#at = at
    this.count = count
    return this
  }

  load(index: number): void {
    const at = this.#at + index * 8
    const { view } = this.#space
    this.lo = view.getInt32(at, true)
    this.hi = view.getInt32(at + 4, true)
  }

  text(index: number, max: number): number {
    this.load(index)
    const length = this.#memory.text(this.lo, this.hi, max)
    this.bytes = this.#space.u8
    this.from = this.#memory.at
    return length < 0 ? 0 : length
  }

  memory(index: number, size: 4 | 16): void {
    this.load(index)
    const to = this.#memory.scratch(size, 0)
    const failed = this.#memory.copy(to, this.lo, this.hi, size) < 0
    this.bytes = failed ? ZEROS : this.#space.u8
    this.from = failed ? 0 : to
  }
}

/** Formats that are not in use any more are forgotten when there are more than this. */
const CACHE_MAX = 1024

interface Cached {
  /** Of the text with its NUL. */
  readonly length: number
  /** The same as words of 4 bytes, as far as they are whole, and the bytes behind them. */
  readonly words: Int32Array
  readonly rest: Uint8Array
  readonly format: Format
}

/**
 * The compiled formats of an address space by their offsets. The bytes are compared at each call: memory that is no constant changes,
 * and that of objects that are gone is used again.
 */
export class FormatCache {
  readonly #space: AddressSpace
  readonly #formats = new Map<number, Cached>()

  constructor(space: AddressSpace) {
    this.#space = space
  }

  /** The format in the `size` bytes at offset `at`; null when there is no NUL in them. What lies beyond the memory is not looked at. */
  get(at: number, size: number): Format | null {
    const cached = this.#formats.get(at)
    const { u8 } = this.#space
    if (cached !== undefined && cached.length <= Math.min(size, u8.length - at) && this.#isSame(cached, at)) return cached.format
    const nul = u8.subarray(at, at + size).indexOf(0)
    if (nul < 0) return null
    const bytes = u8.slice(at, at + nul + 1)
    const format = parseFormat(bytes)
    if (this.#formats.size >= CACHE_MAX) this.#formats.clear()
    const words = new Int32Array(bytes.length >>> 2)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < words.length; i++) words[i] = view.getInt32(i * 4, true)
    this.#formats.set(at, { length: bytes.length, words, rest: bytes.subarray(words.length * 4), format })
    return format
  }

  #isSame({ words, rest }: Cached, start: number): boolean {
    const { view } = this.#space
    let at = start
    for (let i = 0; i < words.length; i++, at += 4) if (view.getInt32(at, true) !== words[i]) return false
    for (let i = 0; i < rest.length; i++, at++) if (view.getUint8(at) !== rest[i]) return false
    return true
  }
}
