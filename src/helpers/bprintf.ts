// bpf_seq_printf, bpf_snprintf and their kin: one formatter for TypeScript programs and BPF programs. What is printed follows
// bpf_bprintf_prepare and bstr_printf of 6.18; see kernel-semantics.md section 3.3.

import type { SeqFile } from '../seq/seq-file.ts'
import { ADDRESS, type Addressed } from '../util/address.ts'
import { encodeText } from '../util/bytes.ts'
import { EINVAL, ENOSPC, EOVERFLOW } from '../util/errno.ts'
import { randomBytes } from '../util/random.ts'
import { type Format, parseFormat, type Spec } from './bprintf-parse.ts'

/** An argument: an integer, text or bytes for %s, bytes for %pI4 and %pI6, an object of the kernel, or NULL. */
export type FmtArg = number | bigint | boolean | string | Uint8Array | Addressed | null | undefined

/** What pointers lead to. Everything is optional: a TypeScript program passes values, not addresses. */
export interface FmtEnv {
  /** The bytes before a NUL at an address, at most `max`; null when they cannot be read. */
  readonly readStr?: (address: bigint, max: number) => Uint8Array | null
  readonly readMem?: (address: bigint, size: number) => Uint8Array | null
  /** The 32 bits that %p shows for an address. Default: a hash with a key of this process. */
  readonly hashPointer?: (address: bigint) => bigint
  readonly symbolize?: (
    address: bigint,
  ) => { readonly name: string; readonly offset: bigint; readonly size: bigint; readonly module?: string } | null
}

/** MAX_BPRINTF_VARARGS */
const MAX_ARGS = 12
/** MAX_BPRINTF_BIN_ARGS: bytes that all converted arguments of one call share. */
const ARG_SPACE = 512
const MASK64 = 0xffff_ffff_ffff_ffffn

/**
 * bpf_seq_printf(): 0; -EINVAL for a format that the kernel refuses, too few or more than 12 arguments; -ENOSPC for arguments that
 * exceed 512 bytes; -EOVERFLOW when the text does not fit or an earlier one did not.
 * @throws TypeError for a value that means nothing to its conversion (text for %d): place, wanted and got
 */
export function bpf_seq_printf(seq: SeqFile, fmt: string | Uint8Array, args: readonly FmtArg[], env: FmtEnv = {}): number {
  const format = parseFormat(fmt)
  if (typeof format === 'number') return format
  const limit = seq.size - 1
  const end = print(format, args, env, seq.buf, seq.count, limit)
  if (end < 0) return end
  if (end > limit) {
    seq.setOverflow()
    return -EOVERFLOW
  }
  seq.count = end
  return 0
}

/**
 * bpf_snprintf(): the full length with its NUL, whatever fits into `out`; what does is cut and NUL-terminated. Errors as
 * bpf_seq_printf().
 */
export function bpf_snprintf(out: Uint8Array, fmt: string | Uint8Array, args: readonly FmtArg[], env: FmtEnv = {}): number {
  const format = parseFormat(fmt)
  if (typeof format === 'number') return format
  const limit = Math.max(0, out.length - 1)
  const end = print(format, args, env, out, 0, limit)
  if (end < 0) return end
  if (out.length > 0) out[Math.min(end, limit)] = 0
  return end + 1
}

/** The output so far: bytes beyond `limit` are counted, not written. */
interface Sink {
  readonly buf: Uint8Array
  readonly limit: number
  at: number
}

/** Prints from `start` on; where the text ends (maybe beyond `limit`), or a negative errno. */
function print(format: Format, args: readonly FmtArg[], env: FmtEnv, buf: Uint8Array, start: number, limit: number): number {
  const { specs, tail } = format
  if (args.length < specs.length || args.length > MAX_ARGS) return -EINVAL
  const sink: Sink = { buf, limit, at: start }
  let used = 0
  for (let i = 0; i < specs.length; i++) {
    const spec = specs[i]!
    putBytes(sink, spec.before)
    used = convert(sink, spec, args[i], env, used, format, i)
    if (used < 0) return used
  }
  putBytes(sink, tail)
  return sink.at
}

/** Prints one argument; the argument space that is used then, or -ENOSPC. */
function convert(sink: Sink, spec: Spec, arg: FmtArg, env: FmtEnv, used: number, format: Format, index: number): number {
  switch (spec.kind) {
    case 'signed':
    case 'unsigned':
    case 'hex':
    case 'HEX': {
      const next = align4(used) + (spec.long ? 8 : 4)
      if (next > ARG_SPACE) return -ENOSPC
      putInteger(sink, spec, typeof arg === 'number' && Number.isInteger(arg) ? arg : integer(arg, format, index))
      return next
    }
    case 'string': {
      if (used >= ARG_SPACE) return -ENOSPC
      const bytes = text(arg, env, ARG_SPACE - used - 1, format, index)
      putPadded(sink, bytes, spec.plain ? 0 : spec.width, spec.minus)
      return used + bytes.length + 1
    }
    case 'char': {
      if (used >= ARG_SPACE) return -ENOSPC
      putPadded(sink, Uint8Array.of(Number(BigInt.asUintN(8, BigInt(integer(arg, format, index))))), spec.width, spec.minus)
      return used + 1
    }
    case 'ip4':
    case 'ip4-padded':
    case 'ip6':
    case 'ip6-plain': {
      const size = spec.kind.startsWith('ip4') ? 4 : 16
      if (ARG_SPACE - used < size) return -ENOSPC
      const bytes = ascii(ipText(spec.kind, memory(arg, env, size, format, index)))
      putBytes(sink, bytes)
      return used + bytes.length + 1
    }
    case 'backtrace': {
      if (used >= ARG_SPACE) return -ENOSPC
      const bytes = ascii(symbolText(address(arg, format, index), 'backtrace', env))
      putBytes(sink, bytes)
      return used + bytes.length + 1
    }
    default: {
      const next = align4(used) + 8
      if (next > ARG_SPACE) return -ENOSPC
      putPointer(sink, spec, address(arg, format, index), env)
      return next
    }
  }
}

const align4 = (n: number): number => (n + 3) & ~3

// Arguments

function wrong(format: Format, index: number, want: string, got: unknown): never {
  const shown =
    typeof got === 'string' ? JSON.stringify(got) : typeof got === 'object' ? Object.prototype.toString.call(got) : String(got)
  throw new TypeError(`format ${JSON.stringify(format.text)}, argument ${index + 1}: want ${want}, got ${shown}`)
}

function integer(arg: FmtArg, format: Format, index: number): number | bigint {
  switch (typeof arg) {
    case 'number':
      return Number.isInteger(arg) ? arg : wrong(format, index, 'an integer', arg)
    case 'bigint':
      return arg
    case 'boolean':
      return arg ? 1 : 0
    case 'undefined':
      return 0
    case 'object':
      if (arg === null) return 0
      if (ADDRESS in arg) return arg[ADDRESS]
  }
  return wrong(format, index, 'an integer', arg)
}

const address = (arg: FmtArg, format: Format, index: number): bigint => BigInt.asUintN(64, BigInt(integer(arg, format, index)))

/** The bytes of a %s argument before its NUL, at most `max`. A pointer that cannot be read prints nothing. */
function text(arg: FmtArg, env: FmtEnv, max: number, format: Format, index: number): Uint8Array {
  if (arg === null || arg === undefined) return NONE
  let bytes: Uint8Array
  if (typeof arg === 'string') bytes = encodeText(arg)
  else if (arg instanceof Uint8Array) bytes = arg
  else if (env.readStr && typeof arg !== 'object') bytes = env.readStr(address(arg, format, index), max + 1) ?? NONE
  else return wrong(format, index, 'a string or bytes', arg)
  const nul = bytes.indexOf(0)
  return bytes.subarray(0, Math.min(nul < 0 ? bytes.length : nul, max))
}

/** The bytes that an IP argument points to; zeros when they cannot be read. */
function memory(arg: FmtArg, env: FmtEnv, size: number, format: Format, index: number): Uint8Array {
  if (arg instanceof Uint8Array) return arg.length >= size ? arg : wrong(format, index, `${size} bytes`, arg)
  if (arg === null || arg === undefined) return new Uint8Array(size)
  if (env.readMem && typeof arg !== 'object' && typeof arg !== 'string')
    return env.readMem(address(arg, format, index), size) ?? new Uint8Array(size)
  return wrong(format, index, `${size} bytes`, arg)
}

// Output

const NONE = new Uint8Array(0)
const ascii = (value: string): Uint8Array => encodeText(value)

function putBytes(sink: Sink, bytes: Uint8Array): void {
  const { buf, limit } = sink
  const end = sink.at + bytes.length
  if (end <= limit) for (let i = 0, at = sink.at; i < bytes.length; i++, at++) buf[at] = bytes[i]!
  else if (sink.at < limit) buf.set(bytes.subarray(0, limit - sink.at), sink.at)
  sink.at = end
}

function putFill(sink: Sink, byte: number, count: number): void {
  if (count <= 0) return
  if (sink.at < sink.limit) sink.buf.fill(byte, sink.at, Math.min(sink.at + count, sink.limit))
  sink.at += count
}

function putPadded(sink: Sink, bytes: Uint8Array, width: number, left: boolean): void {
  const pad = width - bytes.length
  if (!left) putFill(sink, SPACE, pad)
  putBytes(sink, bytes)
  if (left) putFill(sink, SPACE, pad)
}

const [SPACE, PLUS, MINUS, ZERO] = [0x20, 0x2b, 0x2d, 0x30]
const digits = new Uint8Array(24)

/** Digits of a non-negative integer, written from the end of `digits`; where they begin. */
function renderNumber(value: number, base: number, letters: number): number {
  let at = digits.length
  let rest = value
  do {
    const next = Math.floor(rest / base)
    const digit = rest - next * base
    digits[--at] = digit < 10 ? ZERO + digit : letters + digit - 10
    rest = next
  } while (rest > 0)
  return at
}

function renderBig(value: bigint, base: number, letters: number): number {
  if (value <= 0x1f_ffff_ffff_ffffn) return renderNumber(Number(value), base, letters)
  const textual = value.toString(base)
  const at = digits.length - textual.length
  for (let i = 0; i < textual.length; i++) {
    const c = textual.charCodeAt(i)
    digits[at + i] = c > 0x39 ? letters + c - 0x61 : c
  }
  return at
}

function putInteger(sink: Sink, spec: Spec, value: number | bigint): void {
  const base = spec.kind === 'hex' || spec.kind === 'HEX' ? 16 : 10
  const letters = spec.kind === 'HEX' ? 0x41 : 0x61
  const signed = spec.kind === 'signed'
  let from: number
  let negative = false
  if (typeof value === 'number' && (spec.long ? Number.isSafeInteger(value) && (signed || value >= 0) : true)) {
    const n = spec.long ? value : signed ? low32(value) | 0 : low32(value)
    negative = n < 0
    from = renderNumber(negative ? -n : n, base, letters)
  } else {
    const wide = BigInt(value)
    const n = spec.long
      ? signed
        ? BigInt.asIntN(64, wide)
        : BigInt.asUintN(64, wide)
      : signed
        ? BigInt.asIntN(32, wide)
        : BigInt.asUintN(32, wide)
    negative = n < 0n
    from = renderBig(negative ? -n : n, base, letters)
  }
  const sign = signed ? (negative ? MINUS : spec.plus ? PLUS : spec.space ? SPACE : 0) : 0
  putDigits(sink, spec, from, sign, spec.width, spec.zero)
}

/** Low 32 bits of an integer of any size, as an unsigned number. */
const low32 = (value: number): number => (Number.isSafeInteger(value) ? value >>> 0 : Number(BigInt.asUintN(32, BigInt(value))))

/** number() of lib/vsprintf.c, for digits that are rendered already. */
function putDigits(sink: Sink, spec: Spec, from: number, sign: number, width: number, zero: boolean): void {
  const length = digits.length - from + (sign ? 1 : 0)
  const pad = width - length
  if (pad > 0 && !spec.minus && !zero) putFill(sink, SPACE, pad)
  if (sign) {
    if (sink.at < sink.limit) sink.buf[sink.at] = sign
    sink.at++
  }
  if (pad > 0 && !spec.minus && zero) putFill(sink, ZERO, pad)
  const { buf, limit } = sink
  let at = sink.at
  for (let i = from; i < digits.length; i++, at++) if (at < limit) buf[at] = digits[i]!
  sink.at = at
  if (pad > 0 && spec.minus) putFill(sink, SPACE, pad)
}

/** %p, %pK, %px: 16 digits, unless a width is given. %pS, %ps: a name. */
function putPointer(sink: Sink, spec: Spec, pointer: bigint, env: FmtEnv): void {
  if (spec.kind === 'symbol' || spec.kind === 'symbol+')
    return putPadded(sink, ascii(symbolText(pointer, spec.kind, env)), spec.width, spec.minus)
  const isError = pointer === 0n || pointer > MASK64 - 4095n
  const shown = spec.kind === 'raw' || isError ? pointer : (env.hashPointer ?? defaultHash)(pointer)
  const from = renderBig(shown, 16, 0x61)
  if (spec.width === 0) putDigits(sink, { ...spec, minus: false }, from, 0, 16, true)
  else putDigits(sink, spec, from, 0, spec.width, spec.zero && !spec.minus)
}

function symbolText(pointer: bigint, kind: 'symbol' | 'symbol+' | 'backtrace', env: FmtEnv): string {
  const looked = kind === 'backtrace' ? pointer - 1n : pointer
  const found = env.symbolize?.(looked)
  if (!found) return `0x${pointer.toString(16)}`
  const module = found.module ? ` [${found.module}]` : ''
  if (kind === 'symbol') return found.name + module
  const offset = found.offset + (pointer - looked)
  return `${found.name}+0x${offset.toString(16)}/0x${found.size.toString(16)}${module}`
}

function ipText(kind: 'ip4' | 'ip4-padded' | 'ip6' | 'ip6-plain', bytes: Uint8Array): string {
  if (kind === 'ip4') return [...bytes.subarray(0, 4)].join('.')
  if (kind === 'ip4-padded') return [...bytes.subarray(0, 4)].map(byte => String(byte).padStart(3, '0')).join('.')
  const words: string[] = []
  for (let i = 0; i < 16; i += 2) words.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16).padStart(4, '0'))
  return words.join(kind === 'ip6' ? ':' : '')
}

const key = randomBytes(8)

/** ptr_to_hashval()'s stand-in: 32 bits that tell addresses apart without showing them; the same within a process. */
function defaultHash(pointer: bigint): bigint {
  let hash = 0xcbf29ce484222325n ^ key
  for (let rest = pointer; rest > 0n; rest >>= 8n) hash = BigInt.asUintN(64, (hash ^ (rest & 0xffn)) * 0x100000001b3n)
  return BigInt.asUintN(32, hash ^ (hash >> 32n))
}
