// How the format rules put bytes into a buffer: digits go straight in, without strings or BigInts on the usual way.
import { NO_WIDTH, type Spec } from './bprintf-parse.ts'

/** The output so far: bytes from `limit` on are counted, not written. */
export interface Sink {
  buf: Uint8Array
  limit: number
  /** Where the next byte goes; may be beyond `limit`. */
  at: number
}

const [SPACE, PLUS, MINUS, ZERO] = [0x20, 0x2b, 0x2d, 0x30]
const [LOWER, UPPER] = [0x61, 0x41]
const TWO32 = 0x1_0000_0000
const BILLION = 1_000_000_000

/** Digits of one number, right-aligned; what renderDecimal() and renderHex() return is where they begin. */
const digits = new Uint8Array(24)

/** Appends `length` bytes from `from` on. */
export function putBytes(sink: Sink, bytes: Uint8Array, from = 0, length = bytes.length): void {
  const { buf, limit } = sink
  let at = sink.at
  sink.at += length
  const fits = Math.min(length, limit - at)
  if (fits > 64) buf.set(bytes.subarray(from, from + fits), at)
  else for (let i = from, end = from + fits; i < end; i++, at++) buf[at] = bytes[i]!
}

/** Appends ASCII text. */
export function putAscii(sink: Sink, text: string, max = text.length): void {
  const { buf, limit } = sink
  const length = Math.min(text.length, max)
  let at = sink.at
  sink.at += length
  const fits = Math.min(length, limit - at)
  for (let i = 0; i < fits; i++, at++) buf[at] = text.charCodeAt(i)
}

function putFill(sink: Sink, byte: number, count: number): void {
  const { buf, limit } = sink
  let at = sink.at
  sink.at += count
  const fits = Math.min(count, limit - at)
  if (fits > 64) buf.fill(byte, at, at + fits)
  else for (let i = 0; i < fits; i++, at++) buf[at] = byte
}

/** Appends `length` bytes from `from` on, filled up with spaces to `width` columns. */
export function putPadded(sink: Sink, bytes: Uint8Array, from: number, length: number, width: number, left: boolean): void {
  const pad = width - length
  if (pad > 0 && !left) putFill(sink, SPACE, pad)
  putBytes(sink, bytes, from, length)
  if (pad > 0 && left) putFill(sink, SPACE, pad)
}

/** Appends %d, %u, %x, %X and their long forms; the value is given as two halves of 32 bits, signed or not. */
export function putInteger(sink: Sink, spec: Spec, lo: number, hi: number): void {
  const { kind, long, base } = spec
  let low = lo >>> 0
  let high = long ? hi >>> 0 : 0
  if (base === 16) {
    putDigits(sink, renderHex(high, low, kind === 'hex' ? LOWER : UPPER), 0, spec.width, spec.minus, spec.zero)
    return
  }
  let sign = 0
  if (kind === 'signed') {
    if ((long ? high : low) >= 0x8000_0000) {
      sign = MINUS
      low = -low >>> 0
      if (long) high = (low === 0 ? -high : ~high) >>> 0
    } else if (spec.plus) sign = PLUS
    else if (spec.space) sign = SPACE
  }
  putDigits(sink, renderDecimal(high, low), sign, spec.width, spec.minus, spec.zero)
}

/** Appends a 64-bit address as %p and %px do: in 16 columns with leading zeros when no width is given ("%-p": trailing spaces). */
export function putAddress(sink: Sink, spec: Spec, lo: number, hi: number): void {
  const from = renderHex(hi >>> 0, lo >>> 0, LOWER)
  if (spec.width === NO_WIDTH) putDigits(sink, from, 0, 16, spec.minus, true)
  else putDigits(sink, from, 0, spec.width, spec.minus, spec.zero)
}

function renderDecimal(high: number, low: number): number {
  let at = digits.length
  let rest = low
  if (high !== 0) {
    let wide = high * TWO32 + low
    if (high >= 0x20_0000) {
      // Above 2^53 a number is not exact, but 2^48 and 2^32, each modulo 10^9, times 16 bits are.
      const [upper, lower] = [high >>> 16, high & 0xffff]
      const sum = upper * 976_710_656 + lower * 294_967_296 + low
      wide = upper * 281_474 + lower * 4 + Math.floor(sum / BILLION)
      let nine = sum % BILLION
      for (let i = 0; i < 9; i++) {
        const next = (nine / 10) >>> 0
        digits[--at] = ZERO + nine - next * 10
        nine = next
      }
    }
    while (wide >= TWO32) {
      const next = Math.floor(wide / 10)
      digits[--at] = ZERO + (wide - next * 10) // in this order: ZERO + wide may exceed 2^53
      wide = next
    }
    rest = wide
  }
  do {
    const next = (rest / 10) >>> 0
    digits[--at] = ZERO + rest - next * 10
    rest = next
  } while (rest > 0)
  return at
}

function renderHex(high: number, low: number, letters: number): number {
  let at = digits.length
  let rest = low
  if (high !== 0) {
    for (let i = 0; i < 8; i++, rest >>>= 4) digits[--at] = hexDigit(rest & 15, letters)
    rest = high
  }
  do {
    digits[--at] = hexDigit(rest & 15, letters)
    rest >>>= 4
  } while (rest > 0)
  return at
}

const hexDigit = (value: number, letters: number): number => (value < 10 ? ZERO + value : letters + value - 10)

/** number() of lib/vsprintf.c, for digits that are rendered already. `zero` counts only where `left` does not. */
function putDigits(sink: Sink, from: number, sign: number, width: number, left: boolean, zero: boolean): void {
  const pad = width - (digits.length - from) - (sign ? 1 : 0)
  if (pad > 0 && !left && !zero) putFill(sink, SPACE, pad)
  if (sign) putFill(sink, sign, 1)
  if (pad > 0 && !left && zero) putFill(sink, ZERO, pad)
  const { buf, limit } = sink
  let at = sink.at
  const end = at + digits.length - from
  sink.at = end
  for (let i = from; at < end && at < limit; i++, at++) buf[at] = digits[i]!
  if (pad > 0 && left) putFill(sink, SPACE, pad)
}
