// Parsing of the bytes that /proc gives.

const SPACE = 0x20
const MINUS = 0x2d
const ZERO = 0x30

/** The decimal number at `at`, exact below 2^53; ends at the first other character. */
export function decimalAt(bytes: Uint8Array, at: number): number {
  let i = at
  const negative = bytes[i] === MINUS
  if (negative) i++
  let value = 0
  for (let digit = bytes[i]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[++i]! - ZERO) value = value * 10 + digit
  return negative ? -value : value
}

/** The decimal number at `at`, exact for any size. */
export function bigDecimalAt(bytes: Uint8Array, at: number): bigint {
  const small = decimalAt(bytes, at)
  if (Number.isSafeInteger(small)) return BigInt(small)
  let end = at
  while (end < bytes.length && bytes[end]! > SPACE) end++
  return BigInt(latin1(bytes, at, end))
}

/** Bytes as characters of the same code: for text that is known to be ASCII. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
}

/** `Key:\tvalue` lines, as /proc/PID/status and fdinfo have them. */
export class Lines {
  readonly #text: string
  constructor(bytes: Uint8Array) {
    this.#text = `\n${latin1(bytes)}`
  }

  /** The value of a key, without white space around it; null when the kernel does not print the line. */
  get(key: string): string | null {
    const at = this.#text.indexOf(`\n${key}:`)
    if (at < 0) return null
    const start = at + key.length + 2
    const end = this.#text.indexOf('\n', start)
    return this.#text.slice(start, end < 0 ? undefined : end).trim()
  }

  /** The value as white space separated numbers; empty when the line is missing. */
  numbers(key: string): number[] {
    const value = this.get(key)
    return value ? value.split(/\s+/).map(Number) : []
  }

  /** The first number of the value, 0 when the line is missing. */
  number(key: string): number {
    const value = this.get(key)
    return value === null ? 0 : Number.parseInt(value, 10)
  }

  /** The value as a hexadecimal mask, 0 when the line is missing. */
  mask(key: string): bigint {
    const value = this.get(key)
    return value ? BigInt(`0x${value}`) : 0n
  }
}
