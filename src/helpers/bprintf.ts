// bpf_seq_printf, bpf_snprintf and their kin: one formatter for TypeScript programs and BPF programs. What is printed follows
// bpf_bprintf_prepare and bstr_printf of 6.18; see kernel-semantics.md section 3.3. The kernel first converts all arguments
// into 512 bytes and then prints; here both happen in one pass, and what was printed before an error is not counted.

import type { SeqFile } from '../seq/seq-file.ts'
import { decodeText, encodeText } from '../util/bytes.ts'
import { EINVAL, ENOSPC, EOVERFLOW } from '../util/errno.ts'
import { bytesOf, defaultHash, type FmtArg, type FmtEnv, integerOf, pointerOf, textOf } from './bprintf-args.ts'
import { putAddress, putAscii, putBytes, putInteger, putPadded, type Sink } from './bprintf-out.ts'
import { type Format, parseFormat, type Spec } from './bprintf-parse.ts'

export type { FmtArg, FmtEnv } from './bprintf-args.ts'
export { type Format, parseFormat } from './bprintf-parse.ts'

/** MAX_BPRINTF_VARARGS */
const MAX_ARGS = 12
/** MAX_BPRINTF_BIN_ARGS: bytes that all converted arguments of one call share. */
const ARG_SPACE = 512
/** MAX_BPRINTF_BUF: bytes of a bpf_trace_printk line with its NUL. */
const TRACE_SIZE = 1024
/** IS_ERR_VALUE: from here on an address is an errno. */
const FIRST_ERROR = 0xffff_ffff_ffff_f001n

/** A format as text, as bytes (with or without a NUL), or compiled by parseFormat(). */
export type AnyFormat = string | Uint8Array | Format

const compiled = (fmt: AnyFormat): Format => (typeof fmt === 'string' || fmt instanceof Uint8Array ? parseFormat(fmt) : fmt)

/**
 * bpf_seq_printf(): 0; -EINVAL for a format that the kernel refuses, too few or more than 12 arguments; -ENOSPC for arguments that
 * exceed 512 bytes; -EOVERFLOW when the text does not fit or an earlier one did not.
 * @throws TypeError for a value that means nothing to its conversion (text for %d): place, wanted and got
 */
export function bpf_seq_printf(seq: SeqFile, fmt: AnyFormat, args: readonly FmtArg[], env: FmtEnv = {}): number {
  const limit = seq.size - 1
  const end = print(compiled(fmt), args, env, seq.buf, seq.count, limit)
  if (end < 0) return end
  if (end > limit) {
    seq.setOverflow()
    return -EOVERFLOW
  }
  seq.count = end
  return 0
}

/**
 * bpf_snprintf(): the length of the whole text with its NUL; as much of it as fits into `out`, always with a NUL. Errors (negative)
 * and exceptions as bpf_seq_printf(); `out` is then undefined.
 */
export function bpf_snprintf(out: Uint8Array, fmt: AnyFormat, args: readonly FmtArg[], env: FmtEnv = {}): number {
  const limit = Math.max(0, out.length - 1)
  const end = print(compiled(fmt), args, env, out, 0, limit)
  if (end < 0) return end
  if (out.length > 0) out[Math.min(end, limit)] = 0
  return end + 1
}

/** The text of one bpf_trace_vprintk() call, cut to 1023 bytes as there, or a negative errno. Errors as bpf_seq_printf(). */
export function formatText(fmt: AnyFormat, args: readonly FmtArg[], env: FmtEnv = {}): string | number {
  const out = new Uint8Array(TRACE_SIZE - 1)
  const end = print(compiled(fmt), args, env, out, 0, out.length)
  return end < 0 ? end : decodeText(out, 0, Math.min(end, out.length))
}

/** Prints from `start` on; where the text ends (maybe beyond `limit`), or a negative errno. */
function print(format: Format, args: readonly FmtArg[], env: FmtEnv, buf: Uint8Array, start: number, limit: number): number {
  const { specs, tail } = format
  if (args.length > MAX_ARGS) return -EINVAL
  const sink: Sink = { buf, limit, at: start }
  let used = 0
  for (let i = 0; i < specs.length; i++) {
    if (i === args.length) return -EINVAL
    const spec = specs[i]!
    putBytes(sink, spec.before)
    used = convert(sink, spec, args[i], env, used, format, i)
    if (used > ARG_SPACE) return -ENOSPC
  }
  if (format.error !== 0) return format.error
  putBytes(sink, tail)
  return sink.at
}

/**
 * Prints one argument; the argument space that is used then: more than ARG_SPACE when there was no room for it. Text is cut to fit.
 * (An address that is cut makes the kernel go on behind its 512 bytes with whatever is there; here the next argument has no room.)
 */
function convert(sink: Sink, spec: Spec, arg: FmtArg, env: FmtEnv, used: number, format: Format, index: number): number {
  switch (spec.kind) {
    case 'signed':
    case 'unsigned':
    case 'hex':
    case 'HEX': {
      const next = align4(used) + (spec.long ? 8 : 4)
      if (next <= ARG_SPACE)
        putInteger(sink, spec, typeof arg === 'number' && Number.isSafeInteger(arg) ? arg : integerOf(arg, format, index))
      return next
    }
    case 'string':
      return used < ARG_SPACE ? used + putString(sink, spec, arg, env, ARG_SPACE - used - 1, format, index) + 1 : NO_ROOM
    case 'char':
      if (used === ARG_SPACE) return NO_ROOM
      one[0] = Number(BigInt.asUintN(8, BigInt(integerOf(arg, format, index))))
      putPadded(sink, one, 1, spec.width, spec.minus)
      return used + 1
    case 'ip4':
    case 'ip4-padded':
    case 'ip6':
    case 'ip6-plain': {
      const size = spec.kind === 'ip4' || spec.kind === 'ip4-padded' ? 4 : 16
      if (ARG_SPACE - used < size) return NO_ROOM
      return used + putCut(sink, ipText(spec.kind, bytesOf(arg, size, env, format, index)), ARG_SPACE - used - 1)
    }
    case 'backtrace':
      if (used === ARG_SPACE) return NO_ROOM
      return used + putCut(sink, symbolText(pointerOf(arg, format, index), spec.kind, env), ARG_SPACE - used - 1)
    default: {
      const next = align4(used) + 8
      if (next <= ARG_SPACE) putPointer(sink, spec, pointerOf(arg, format, index), env)
      return next
    }
  }
}

const NO_ROOM = ARG_SPACE + 1
const align4 = (n: number): number => (n + 3) & ~3
const one = new Uint8Array(1)
const ascii = new Uint8Array(ARG_SPACE)

/** %s: the bytes taken, at most `max`. */
function putString(sink: Sink, spec: Spec, arg: FmtArg, env: FmtEnv, max: number, format: Format, index: number): number {
  let bytes: Uint8Array = ascii
  let length = typeof arg === 'string' ? asciiLength(arg, max) : -1
  if (length < 0) {
    bytes = textOf(arg, max, env, format, index)
    length = Math.min(bytes.length, max)
  }
  putPadded(sink, bytes, length, spec.width, spec.minus)
  return length
}

/** Copies ASCII text before its NUL, at most `max` bytes, to `ascii`; -1 when it is not ASCII. */
function asciiLength(text: string, max: number): number {
  const length = Math.min(text.length, max)
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0) return i
    if (c >= 0x80) return -1
    ascii[i] = c
  }
  return length
}

/** Text cut to `max` bytes, without width; the bytes taken with its NUL. */
function putCut(sink: Sink, text: string, max: number): number {
  putAscii(sink, text, max)
  return Math.min(text.length, max) + 1
}

/** %p, %pK, %px: 16 digits, unless a width is given. %pS, %ps: a name. */
function putPointer(sink: Sink, spec: Spec, address: bigint, env: FmtEnv): void {
  if (spec.kind === 'symbol' || spec.kind === 'symbol+') {
    const text = encodeText(symbolText(address, spec.kind, env))
    return putPadded(sink, text, text.length, spec.width, spec.minus)
  }
  const shown = spec.kind === 'raw' || address === 0n || address >= FIRST_ERROR
  putAddress(sink, spec, shown ? address : (env.hashPointer ?? defaultHash)(address))
}

function symbolText(address: bigint, kind: 'symbol' | 'symbol+' | 'backtrace', env: FmtEnv): string {
  const back = kind === 'backtrace' ? 1n : 0n
  const found = env.symbolize?.(BigInt.asUintN(64, address - back))
  if (!found) return `0x${address.toString(16)}`
  const module = found.module ? ` [${found.module}]` : ''
  if (kind === 'symbol') return found.name + module
  return `${found.name}+0x${(found.offset + back).toString(16)}/0x${found.size.toString(16)}${module}`
}

function ipText(kind: 'ip4' | 'ip4-padded' | 'ip6' | 'ip6-plain', bytes: Uint8Array): string {
  if (kind === 'ip4') return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
  if (kind === 'ip4-padded') return Array.from(bytes.subarray(0, 4), byte => String(byte).padStart(3, '0')).join('.')
  const words: string[] = []
  for (let i = 0; i < 16; i += 2) words.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16).padStart(4, '0'))
  return words.join(kind === 'ip6' ? ':' : '')
}
