// Formats of bpf_seq_printf, bpf_snprintf and bpf_trace_vprintk: which the kernel takes (bpf_bprintf_prepare), compiled once.
import { decodeText, encodeText } from '../util/bytes.ts'
import { EINVAL } from '../util/errno.ts'

/** What a conversion prints. */
export type Kind =
  | 'signed'
  | 'unsigned'
  | 'hex'
  | 'HEX'
  | 'string'
  | 'char'
  /** %p and %pK: hashed */
  | 'pointer'
  /** %px */
  | 'raw'
  /** %pS, %ps: with and without offset */
  | 'symbol+'
  | 'symbol'
  /** %pB: of a return address */
  | 'backtrace'
  | 'ip4'
  | 'ip4-padded'
  | 'ip6'
  | 'ip6-plain'

/** One conversion, with the literal text before it. */
export interface Spec {
  readonly before: Uint8Array
  readonly kind: Kind
  /** Base of an integer: 10 or 16; 0 for what is none. */
  readonly base: number
  /** 64-bit instead of 32-bit integer. */
  readonly long: boolean
  readonly zero: boolean
  readonly plus: boolean
  readonly minus: boolean
  readonly space: boolean
  /** Columns, at most FIELD_WIDTH_MAX; NO_WIDTH when there is none, and where the kernel ignores it (%pks, %pus, %pB, addresses). */
  readonly width: number
}

export interface Format {
  /** The conversions in front of the first one that is refused; all of them when `error` is 0. */
  readonly specs: readonly Spec[]
  /** The literal text behind the last one. */
  readonly tail: Uint8Array
  /**
   * 0, or the errno (negative) of a format that is refused. The kernel checks and converts in one pass, so an argument in front
   * that finds no room fails first.
   */
  readonly error: number
  /** The format as text, for messages. */
  readonly text: string
}

const [PERCENT, LETTER_L, LETTER_P] = [0x25, 0x6c, 0x70]

// Classes of lib/ctype.c, which takes bytes from 0xa0 on for Latin-1: "%s" in front of a UTF-8 letter is refused.
const isSpace = (c: number): boolean => c === 0x20 || (c >= 0x09 && c <= 0x0d) || c === 0xa0
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39
const isAlnum = (c: number): boolean =>
  isDigit(c) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a) || (c >= 0xc0 && c !== 0xd7 && c !== 0xf7)
const isPrint = (c: number): boolean => (c >= 0x20 && c <= 0x7e) || c >= 0xa0
const isPunct = (c: number): boolean => isPrint(c) && !isSpace(c) && !isAlnum(c)

/** What may follow %p, %s, %pks and %pus. */
const endsSpec = (c: number): boolean => c === 0 || isSpace(c) || isPunct(c)
/** What may stand in a format: on 6.18 every byte that is not ASCII, older kernels refuse them. */
const isAllowed = (c: number): boolean => c >= 0x80 || isPrint(c) || isSpace(c)

const POINTERS: Readonly<Record<string, Kind>> = { x: 'raw', K: 'pointer', S: 'symbol+', s: 'symbol', B: 'backtrace' }
const ADDRESSES: Readonly<Record<string, Kind>> = { I4: 'ip4', i4: 'ip4-padded', I6: 'ip6', i6: 'ip6-plain' }
const INTEGERS: Readonly<Record<string, Kind>> = { d: 'signed', i: 'signed', u: 'unsigned', x: 'hex', X: 'HEX' }
/** The width of a conversion without one: "%px" fills up to 16 digits, "%4294967296px" (a width of 0) does not. */
export const NO_WIDTH = -1
/** FIELD_WIDTH_MAX of lib/vsprintf.c: wider ones are cut to it. */
const FIELD_WIDTH_MAX = 0x7f_ffff

const cache = new Map<string, Format>()
/** A program that makes its formats at run time does not grow the cache for ever. */
const CACHE_MAX = 4096

/** Compiles a format, up to its first NUL if there is one. A text is compiled once; bytes each time, so keep what this returns. */
export function parseFormat(fmt: string | Uint8Array): Format {
  if (typeof fmt !== 'string') return compile(fmt)
  let format = cache.get(fmt)
  if (format === undefined) {
    format = compile(encodeText(fmt))
    if (cache.size >= CACHE_MAX) cache.clear()
    cache.set(fmt, format)
  }
  return format
}

function compile(bytes: Uint8Array): Format {
  const nul = bytes.indexOf(0)
  const fmt = bytes.slice(0, nul < 0 ? bytes.length : nul)
  const at = (i: number): number => fmt[i] ?? 0
  const specs: Spec[] = []
  let literal: number[] = []
  const made = (error: number): Format => ({ specs, tail: Uint8Array.from(literal), error, text: decodeText(fmt) })
  for (let i = 0; i < fmt.length; i++) {
    const c = at(i)
    if (!isAllowed(c)) return made(-EINVAL)
    if (c !== PERCENT) {
      literal.push(c)
      continue
    }
    if (at(i + 1) === PERCENT) {
      literal.push(PERCENT)
      i++
      continue
    }
    const found = parseSpec(at, i + 1)
    if (!found) return made(-EINVAL)
    specs.push({ before: Uint8Array.from(literal), ...found.spec })
    literal = []
    i = found.last
  }
  return made(0)
}

/** A conversion without what stands before it; `last` is the index of its last character. */
interface Found {
  readonly spec: Omit<Spec, 'before'>
  readonly last: number
}

/** One conversion from behind its percent sign; null when it is refused. */
function parseSpec(at: (i: number) => number, start: number): Found | null {
  let i = start
  const flags = { zero: false, plus: false, minus: false, space: false }
  for (; ; i++) {
    const c = at(i)
    if (c === 0x30) flags.zero = true
    else if (c === 0x2b) flags.plus = true
    else if (c === 0x2d) flags.minus = true
    else if (c === 0x20) flags.space = true
    else break
  }
  let width = isDigit(at(i)) ? 0 : NO_WIDTH
  // skip_atoi() counts in an int that wraps; every negative width but -1 is as good as none.
  for (; isDigit(at(i)); i++) width = (Math.imul(width, 10) + at(i) - 0x30) | 0
  if (width < 0 && width !== NO_WIDTH) width = 0
  width = Math.min(width, FIELD_WIDTH_MAX)
  if (at(i) === LETTER_P) {
    const pointer = parsePointer(at, i)
    return (
      pointer && {
        spec: { kind: pointer.kind, base: 0, long: true, ...flags, width: pointer.plain ? NO_WIDTH : width },
        last: pointer.last,
      }
    )
  }
  const letter = String.fromCharCode(at(i))
  if (letter === 's')
    return endsSpec(at(i + 1)) ? { spec: { kind: 'string', base: 0, long: false, ...flags, width }, last: i } : null
  if (letter === 'c') return { spec: { kind: 'char', base: 0, long: false, ...flags, width }, last: i }
  let long = false
  for (let l = 0; l < 2 && at(i) === LETTER_L; l++, i++) long = true
  const kind = INTEGERS[String.fromCharCode(at(i))]
  const base = kind === 'hex' || kind === 'HEX' ? 16 : 10
  return kind ? { spec: { kind, base, long, ...flags, width }, last: i } : null
}

/** The kind behind the `p` at index `p`; `plain` says that the width is ignored. */
function parsePointer(at: (i: number) => number, p: number): { kind: Kind; plain: boolean; last: number } | null {
  const first = String.fromCharCode(at(p + 1))
  const second = String.fromCharCode(at(p + 2))
  if ((first === 'k' || first === 'u') && second === 's')
    return endsSpec(at(p + 3)) ? { kind: 'string', plain: true, last: p + 2 } : null
  // When it prints (bstr_printf), the kernel passes over all letters and digits behind an accepted pointer.
  const swallow = (from: number): number => {
    let last = from
    while (isAlnum(at(last + 1))) last++
    return last
  }
  const ip = ADDRESSES[first + second]
  if (ip) return { kind: ip, plain: true, last: swallow(p + 2) }
  const kind = POINTERS[first]
  if (kind) return { kind, plain: kind === 'backtrace', last: swallow(p + 1) }
  return endsSpec(at(p + 1)) ? { kind: 'pointer', plain: false, last: p } : null
}
