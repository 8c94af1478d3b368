// Formats of bpf_seq_printf, bpf_snprintf and bpf_trace_vprintk: which the kernel takes (bpf_bprintf_prepare), compiled once.
import { encodeText } from '../util/bytes.ts'
import { EINVAL } from '../util/errno.ts'

/** What a conversion prints. */
export type Kind =
  | 'literal'
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

/** One conversion, with the literal text before it; `literal` alone is the end of a format. */
export interface Spec {
  readonly before: Uint8Array
  readonly kind: Kind
  /** 64-bit instead of 32-bit integer. */
  readonly long: boolean
  readonly zero: boolean
  readonly plus: boolean
  readonly minus: boolean
  readonly space: boolean
  /** 0 when there is none. */
  readonly width: number
  /** %pks and %pus: width and flags are ignored. */
  readonly plain: boolean
}

export interface Format {
  readonly specs: readonly Spec[]
  readonly tail: Uint8Array
  /** For messages. */
  readonly text: string
}

const PERCENT = 0x25
const isSpace = (c: number): boolean => c === 0x20 || (c >= 0x09 && c <= 0x0d)
const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39
const isAlnum = (c: number): boolean => isDigit(c) || (c >= 0x41 && c <= 0x5a) || (c >= 0x61 && c <= 0x7a)
const isPrint = (c: number): boolean => c >= 0x20 && c <= 0x7e
const isPunct = (c: number): boolean => isPrint(c) && c !== 0x20 && !isAlnum(c)
/** What may follow %p, %s, %pks and %pus. */
const endsSpec = (c: number): boolean => c === 0 || isSpace(c) || isPunct(c)

const POINTERS: Readonly<Record<string, Kind>> = { x: 'raw', K: 'pointer', S: 'symbol+', s: 'symbol', B: 'backtrace' }
const ADDRESSES: Readonly<Record<string, Kind>> = { I4: 'ip4', i4: 'ip4-padded', I6: 'ip6', i6: 'ip6-plain' }
const INTEGERS: Readonly<Record<string, Kind>> = { d: 'signed', i: 'signed', u: 'unsigned', x: 'hex', X: 'HEX' }

const cache = new Map<string, Format | number>()
/** A program that makes its formats at run time does not grow the cache for ever. */
const CACHE_MAX = 4096

/** The compiled format, or a negative errno. A text is compiled once. */
export function parseFormat(fmt: string | Uint8Array): Format | number {
  if (typeof fmt !== 'string') return compile(fmt)
  let format = cache.get(fmt)
  if (format === undefined) {
    format = compile(encodeText(fmt))
    if (cache.size >= CACHE_MAX) cache.clear()
    cache.set(fmt, format)
  }
  return format
}

function compile(bytes: Uint8Array): Format | number {
  const nul = bytes.indexOf(0)
  const fmt = nul < 0 ? bytes : bytes.subarray(0, nul)
  const at = (i: number): number => fmt[i] ?? 0
  const specs: Spec[] = []
  let literal: number[] = []
  for (let i = 0; i < fmt.length; i++) {
    const c = at(i)
    if (c < 0x80 && !isPrint(c) && !isSpace(c)) return -EINVAL
    if (c !== PERCENT) {
      literal.push(c)
      continue
    }
    if (at(i + 1) === PERCENT) {
      literal.push(PERCENT)
      i++
      continue
    }
    const spec = parseSpec(at, i + 1)
    if (!spec) return -EINVAL
    specs.push({ ...spec.spec, before: Uint8Array.from(literal) })
    literal = []
    i = spec.last
  }
  return { specs, tail: Uint8Array.from(literal), text: Buffer.from(fmt).toString() }
}

/** One conversion from behind its percent sign; `last` is the index of its last character. */
function parseSpec(at: (i: number) => number, start: number): { spec: Omit<Spec, 'before'>; last: number } | null {
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
  let width = 0
  for (; isDigit(at(i)); i++) width = Math.min(width * 10 + at(i) - 0x30, 0x7fff_ffff)
  const made = (kind: Kind, last: number, more: { long?: boolean; plain?: boolean } = {}) => ({
    spec: { kind, width, ...flags, long: more.long ?? false, plain: more.plain ?? false },
    last,
  })
  const letter = String.fromCharCode(at(i))
  if (letter === 'p') return parsePointer(at, i, made)
  if (letter === 's') return endsSpec(at(i + 1)) ? made('string', i) : null
  if (letter === 'c') return made('char', i)
  let long = false
  for (let l = 0; l < 2 && at(i) === 0x6c; l++, i++) long = true
  const kind = INTEGERS[String.fromCharCode(at(i))]
  return kind ? made(kind, i, { long }) : null
}

type Made = { spec: Omit<Spec, 'before'>; last: number }

function parsePointer(
  at: (i: number) => number,
  p: number,
  made: (kind: Kind, last: number, more?: { plain?: boolean }) => Made,
): Made | null {
  const first = String.fromCharCode(at(p + 1))
  const second = String.fromCharCode(at(p + 2))
  if ((first === 'k' || first === 'u') && second === 's')
    return endsSpec(at(p + 3)) ? made('string', p + 2, { plain: true }) : null
  const ip = ADDRESSES[first + second]
  // When it prints, the kernel passes over all letters and digits behind an accepted pointer.
  const swallow = (from: number): number => {
    let last = from
    while (isAlnum(at(last + 1))) last++
    return last
  }
  if (ip) return made(ip, swallow(p + 2), { plain: true })
  const kind = POINTERS[first]
  if (kind) return made(kind, swallow(p + 1), { plain: kind === 'backtrace' })
  return endsSpec(at(p + 1)) ? made('pointer', p) : null
}
