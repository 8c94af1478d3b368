// /proc/kallsyms as it was at one look, symbol by symbol: one object for all of them, whose fields are taken out of the bytes when they are looked at.
import type { Platform } from '../platform/platform.ts'
import { hexAt } from './kallsyms.ts'
import { seesAddresses } from './opener.ts'
import { latin1 } from './text.ts'

const NEWLINE = 0x0a
const SPACE = 0x20
const TAB = 0x09
/** What the kernel's iterator has in module_name when it looked for kprobes behind the last symbol. */
const AT_END = '__builtin__kprobes'

/** struct kallsym_iter of one open file. */
export class KsymSource {
  readonly id = 'of an open file'
  /** Whether the opener may see addresses (kallsyms_show_value), and this process can. */
  readonly showsValue: boolean
  readonly #bytes: Uint8Array
  /** Characters of an address. */
  readonly #width: number
  /** Where the line begins, its name ends, and its newline is. */
  #at = 0
  #nameEnd = 0
  #lineEnd = -1
  #position = -1
  #ended = false

  /** @param tid the opener. @throws ErrnoError when there is no /proc/kallsyms, or it may not be read */
  constructor(platform: Platform, tid: number) {
    this.#bytes = platform.read('/proc/kallsyms').slice()
    this.#width = Math.max(0, this.#bytes.indexOf(SPACE))
    const hidden = hexAt(this.#bytes, 0, this.#width) === 0n
    this.showsValue = !hidden && seesAddresses(platform, tid)
  }

  /** Goes to the next symbol; null behind the last one, which then stays to be looked at. */
  next(): this | null {
    this.#position++
    const bytes = this.#bytes
    const start = this.#lineEnd + 1
    let at = start + this.#width + 3
    if (at > bytes.length) {
      this.#ended = true
      return null
    }
    while (bytes[at]! > NEWLINE) at++
    this.#at = start
    this.#nameEnd = at
    this.#lineEnd = bytes[at] === TAB ? bytes.indexOf(NEWLINE, at) : at
    return this
  }

  /** Counted as the kernel does: of symbols of the kernel itself one more than their place. */
  get pos(): number {
    return this.#isCore && !this.#ended ? this.#position + 1 : this.#position
  }

  get value(): bigint {
    return hexAt(this.#bytes, this.#at, this.#width)
  }

  get name(): string {
    return latin1(this.#bytes, this.#nameStart, this.#nameEnd)
  }

  /** Empty for symbols of the kernel itself. */
  get module(): string {
    if (this.#ended) return AT_END
    return this.#isCore ? '' : latin1(this.#bytes, this.#nameEnd + 2, this.#lineEnd - 1)
  }

  /** Character code. Symbols of modules have small letters; /proc/kallsyms has a large one where they are exported. */
  get type(): number {
    return this.#isCore ? this.#letter : this.#letter | 0x20
  }

  get isExported(): boolean {
    return !this.#isCore && !this.#ended && (this.#letter & 0x20) === 0
  }

  get #nameStart(): number {
    return this.#at + this.#width + 3
  }
  get #letter(): number {
    return this.#bytes[this.#at + this.#width + 1]!
  }
  get #isCore(): boolean {
    return this.#nameEnd === this.#lineEnd
  }
}
