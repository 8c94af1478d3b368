// /proc/kallsyms: the kernel's symbols by address and by name. Kept for a while, since modules and BPF programs come and go.
import type { Platform } from '../platform/platform.ts'
import { latin1 } from './text.ts'

/** How long, in ms, a table is taken to be true. */
const KEEP_MS = 10_000
const NEWLINE = 0x0a
/** High 16 bits of every address of the kernel: here they are numbers of the other 48. */
const KERNEL_HIGH = 0xffff

/** A symbol that an address lies in. */
export interface Symbolized {
  readonly name: string
  /** Of the address in the symbol. */
  readonly offset: bigint
  /** Bytes up to the next symbol. */
  readonly size: bigint
  readonly module?: string
}

interface Table {
  /** Low 48 bits of each symbol's address, and where its name begins, in file order. */
  readonly address: Float64Array
  readonly name: Uint32Array
  /** Indexes ascending by address, file order among equals. */
  readonly sorted: Uint32Array
}

export class Kallsyms {
  readonly #bytes: Uint8Array
  #table: Table | undefined
  readonly #byName = new Map<string, bigint | null>()

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Takes the addresses out of the text: only who looks symbols up by address needs that. */
  #parse(): Table {
    const bytes = this.#bytes
    const most = Math.ceil(bytes.length / 20)
    const [address, name] = [new Float64Array(most), new Uint32Array(most)]
    let count = 0
    for (let at = 0; at + 19 < bytes.length && count < most; count++) {
      let [high, low] = [0, 0]
      for (let i = 4; i < 8; i++) high = high * 16 + digit(bytes[at + i]!)
      for (let i = 8; i < 16; i++) low = low * 16 + digit(bytes[at + i]!)
      address[count] = high * 2 ** 32 + low
      name[count] = at + 19
      at = bytes.indexOf(NEWLINE, at + 19) + 1
      if (at === 0) at = bytes.length
    }
    const sorted = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => address[a]! - address[b]! || a - b)
    return { address, name, sorted }
  }

  /** True when the kernel hides addresses (kptr_restrict). */
  get hidden(): boolean {
    return this.#bytes.length < 16 || latin1(this.#bytes, 0, 16) === '0'.repeat(16)
  }

  /** Address of the first symbol with this name; null when there is none, or addresses are hidden. */
  addressOf(name: string): bigint | null {
    if (this.hidden) return null
    let address = this.#byName.get(name)
    if (address === undefined) {
      address = this.#find(name)
      this.#byName.set(name, address)
    }
    return address
  }

  /** The symbol that an address lies in; null when it is none of the kernel's. */
  symbolize(address: bigint): Symbolized | null {
    if (this.hidden || address >> 48n !== BigInt(KERNEL_HIGH)) return null
    this.#table ??= this.#parse()
    const { address: addresses, sorted } = this.#table
    const wanted = Number(address & 0xffff_ffff_ffffn)
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (addresses[sorted[middle]!]! <= wanted) low = middle + 1
      else high = middle
    }
    if (low === 0 || low === sorted.length) return null
    const start = addresses[sorted[low - 1]!]!
    let first = low - 1
    while (first > 0 && addresses[sorted[first - 1]!] === start) first-- // the first of aliases, as get_symbol_pos
    const text = this.#text(sorted[first]!)
    const [name, module] = text.split('\t') as [string, string | undefined]
    return {
      ...{ name, offset: BigInt(wanted - start), size: BigInt(addresses[sorted[low]!]! - start) },
      ...(module === undefined ? {} : { module: module.slice(1, -1) }),
    }
  }

  /** Looks through the text: one symbol is found faster so than all are put into a map. */
  #find(name: string): bigint | null {
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length)
    const found = ['\n', '\t'].map(end => text.indexOf(` ${name}${end}`)).filter(at => at >= 18)
    if (found.length === 0) return null
    const at = Math.min(...found)
    return BigInt(`0x${latin1(this.#bytes, at - 18, at - 2)}`)
  }

  #text(index: number): string {
    const from = this.#table!.name[index]!
    const end = this.#bytes.indexOf(NEWLINE, from)
    return latin1(this.#bytes, from, end < 0 ? this.#bytes.length : end)
  }
}

/** The hexadecimal number of `width` digits at `at`: an address. */
export function hexAt(bytes: Uint8Array, at: number, width: number): bigint {
  let [high, low] = [0, 0]
  const middle = at + width - 8
  for (let i = at; i < middle; i++) high = high * 16 + digit(bytes[i]!)
  for (let i = Math.max(at, middle); i < at + width; i++) low = low * 16 + digit(bytes[i]!)
  return (BigInt(high) << 32n) | BigInt(low)
}

const digit = (c: number): number => (c < 0x40 ? c - 0x30 : (c | 0x20) - 0x57)

const tables = new WeakMap<Platform, { readonly takenMs: number; readonly table: Kallsyms }>()

/** The kernel's symbols as they are now, or were a moment ago; an empty table when they may not be read. */
export function kallsyms(platform: Platform): Kallsyms {
  const now = platform.nowMs()
  const known = tables.get(platform)
  if (known && now - known.takenMs < KEEP_MS) return known.table
  let bytes = new Uint8Array(0)
  try {
    bytes = platform.read('/proc/kallsyms').slice()
  } catch {
    // Not there, or not for this user: no address is known.
  }
  const table = new Kallsyms(bytes)
  tables.set(platform, { takenMs: now, table })
  return table
}
