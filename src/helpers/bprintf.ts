// bpf_seq_printf, bpf_snprintf and their kin: one formatter for TypeScript programs and BPF programs. What is printed follows
// bpf_bprintf_prepare and bstr_printf of 6.18; see kernel-semantics.md section 3.3. The kernel first converts all arguments
// into 512 bytes and then prints; here both happen in one pass, and what was printed before an error is not counted.

import type { SeqFile } from '../seq/seq-file.ts'
import { decodeText, encodeText } from '../util/bytes.ts'
import { EINVAL, ENOSPC, EOVERFLOW } from '../util/errno.ts'
import { type ArgReader, type FmtArg, type FmtEnv, hashHalves, ValueReader } from './bprintf-args.ts'
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

/** A format as text, as bytes (with or without a NUL), or compiled by parseFormat(). */
export type AnyFormat = string | Uint8Array | Format

const compiled = (fmt: AnyFormat): Format => (typeof fmt === 'string' || fmt instanceof Uint8Array ? parseFormat(fmt) : fmt)

/**
 * bpf_seq_printf(): 0; -EINVAL for a format that the kernel refuses, too few or more than 12 arguments; -ENOSPC for arguments that
 * exceed 512 bytes; -EOVERFLOW when the text does not fit or an earlier one did not.
 * @throws TypeError for a value that means nothing to its conversion (text for %d): place, wanted and got
 */
export function bpf_seq_printf(seq: SeqFile, fmt: AnyFormat, args: readonly FmtArg[], env: FmtEnv = {}): number {
  const format = compiled(fmt)
  return printToSeq(seq, format, new ValueReader(args, env, format))
}

/** bpf_seq_printf() with arguments from a reader. */
export function printToSeq(seq: SeqFile, format: Format, args: ArgReader): number {
  const limit = seq.size - 1
  const end = printFormat(format, args, seq.buf, seq.count, limit)
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
  const format = compiled(fmt)
  return printToBytes(out, 0, out.length, format, new ValueReader(args, env, format))
}

/** bpf_snprintf() into the `size` bytes at `at`, with arguments from a reader. */
export function printToBytes(out: Uint8Array, at: number, size: number, format: Format, args: ArgReader): number {
  const limit = at + Math.max(0, size - 1)
  const end = printFormat(format, args, out, at, limit)
  if (end < 0) return end
  if (size > 0) out[Math.min(end, limit)] = 0
  return end - at + 1
}

/** The text of one bpf_trace_vprintk() call, cut to 1023 bytes as there, or a negative errno. Errors as bpf_seq_printf(). */
export function formatText(fmt: AnyFormat, args: readonly FmtArg[], env: FmtEnv = {}): string | number {
  const format = compiled(fmt)
  const out = new Uint8Array(TRACE_SIZE - 1)
  const end = printFormat(format, new ValueReader(args, env, format), out, 0, out.length)
  return end < 0 ? end : decodeText(out, 0, Math.min(end, out.length))
}

/** Used by one call at a time: neither readers nor environments print. */
const sink: Sink = { buf: new Uint8Array(0), limit: 0, at: 0 }

/** Prints from `start` on; where the text ends (maybe beyond `limit`), or a negative errno. */
function printFormat(format: Format, args: ArgReader, buf: Uint8Array, start: number, limit: number): number {
  const { specs, tail } = format
  const { count } = args
  if (count > MAX_ARGS) return -EINVAL
  sink.buf = buf
  sink.limit = limit
  sink.at = start
  let used = 0
  for (let i = 0; i < specs.length; i++) {
    if (i === count) return -EINVAL
    const spec = specs[i]!
    const { before } = spec
    if (before.length > 0) putBytes(sink, before, 0, before.length)
    if (spec.base === 0) used = convert(spec, args, i, used)
    else {
      used = align4(used) + (spec.long ? 8 : 4)
      if (used <= ARG_SPACE) {
        args.load(i)
        putInteger(sink, spec, args.lo, args.hi)
      }
    }
    if (used > ARG_SPACE) return -ENOSPC
  }
  if (format.error !== 0) return format.error
  putBytes(sink, tail)
  return sink.at
}

/**
 * Prints one argument that is no integer; the argument space that is used then: more than ARG_SPACE when there was no room for it. Text is cut to fit.
 * (An address that is cut makes the kernel go on behind its 512 bytes with whatever is there; here the next argument has no room.)
 */
function convert(spec: Spec, args: ArgReader, index: number, used: number): number {
  switch (spec.kind) {
    case 'string': {
      if (used >= ARG_SPACE) return NO_ROOM
      const length = args.text(index, ARG_SPACE - used - 1)
      putPadded(sink, args.bytes, args.from, length, spec.width, spec.minus)
      return used + length + 1
    }
    case 'char':
      if (used === ARG_SPACE) return NO_ROOM
      args.load(index)
      one[0] = args.lo
      putPadded(sink, one, 0, 1, spec.width, spec.minus)
      return used + 1
    case 'ip4':
    case 'ip4-padded':
    case 'ip6':
    case 'ip6-plain': {
      const size = spec.kind === 'ip4' || spec.kind === 'ip4-padded' ? 4 : 16
      if (ARG_SPACE - used < size) return NO_ROOM
      args.memory(index, size)
      return used + putCut(ipText(spec.kind, args.bytes, args.from), ARG_SPACE - used - 1)
    }
    case 'backtrace':
      if (used === ARG_SPACE) return NO_ROOM
      args.load(index)
      return used + putCut(symbolText(addressOf(args), spec.kind, args.env), ARG_SPACE - used - 1)
    default: {
      const next = align4(used) + 8
      if (next > ARG_SPACE) return next
      args.load(index)
      putPointer(spec, args)
      return next
    }
  }
}

const NO_ROOM = ARG_SPACE + 1
const align4 = (n: number): number => (n + 3) & ~3
const one = new Uint8Array(1)
const addressOf = ({ lo, hi }: ArgReader): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0)

/** Text cut to `max` bytes, without width; the bytes taken with its NUL. */
function putCut(text: string, max: number): number {
  putAscii(sink, text, max)
  return Math.min(text.length, max) + 1
}

/** %p, %pK, %px: 16 digits, unless a width is given. %pS, %ps: a name. */
function putPointer(spec: Spec, args: ArgReader): void {
  const { lo, hi, env } = args
  if (spec.kind === 'symbol' || spec.kind === 'symbol+') {
    const text = encodeText(symbolText(addressOf(args), spec.kind, env))
    return putPadded(sink, text, 0, text.length, spec.width, spec.minus)
  }
  // NULL and errnos (IS_ERR_VALUE) are shown as they are.
  const shown = spec.kind === 'raw' || (lo | hi) === 0 || (hi >>> 0 === 0xffff_ffff && lo >>> 0 >= 0xffff_f001)
  if (shown) putAddress(sink, spec, lo, hi)
  else if (env.hashPointer) putAddress(sink, spec, Number(env.hashPointer(addressOf(args)) & 0xffff_ffffn), 0)
  else putAddress(sink, spec, hashHalves(lo, hi), 0)
}

function symbolText(address: bigint, kind: 'symbol' | 'symbol+' | 'backtrace', env: FmtEnv): string {
  const back = kind === 'backtrace' ? 1n : 0n
  const found = env.symbolize?.(BigInt.asUintN(64, address - back))
  if (!found) return `0x${address.toString(16)}`
  const module = found.module ? ` [${found.module}]` : ''
  if (kind === 'symbol') return found.name + module
  return `${found.name}+0x${(found.offset + back).toString(16)}/0x${found.size.toString(16)}${module}`
}

function ipText(kind: 'ip4' | 'ip4-padded' | 'ip6' | 'ip6-plain', bytes: Uint8Array, from: number): string {
  if (kind === 'ip4') return `${bytes[from]}.${bytes[from + 1]}.${bytes[from + 2]}.${bytes[from + 3]}`
  if (kind === 'ip4-padded') return Array.from(bytes.subarray(from, from + 4), byte => String(byte).padStart(3, '0')).join('.')
  const words: string[] = []
  for (let i = from; i < from + 16; i += 2) words.push(((bytes[i]! << 8) | bytes[i + 1]!).toString(16).padStart(4, '0'))
  return words.join(kind === 'ip6' ? ':' : '')
}
