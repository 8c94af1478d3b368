// Helpers that print: bpf_seq_printf, bpf_seq_write, bpf_snprintf, bpf_trace_printk (kernel/trace/bpf_trace.c).
import { decodeText } from '../util/bytes.ts'
import { EINVAL, EOVERFLOW } from '../util/errno.ts'
import { type Format, printToBytes, printToSeq } from './bprintf.ts'
import type { ArgReader } from './bprintf-args.ts'
import type { HelperContext, Helpers } from './context.ts'

type Names = 'seq_printf' | 'seq_write' | 'snprintf' | 'trace_printk' | 'trace_vprintk'

/** MAX_BPRINTF_VARARGS words of 8 bytes */
const ARGS_MAX = 12 * 8
/** MAX_BPRINTF_BUF */
const TRACE_SIZE = 1024
/** MAX_TRACE_PRINTK_VARARGS */
const TRACE_ARGS = 3

export function printHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { formats, reader, space, env } = c
  const small = new Uint8Array(4096)

  /** Whether the arguments in r`n` and their size in the next register are well-formed; places the reader there. */
  const placeArgs = (n: number): boolean => {
    const size = c.u32(n + 1)
    if ((size & 7) !== 0 || size > ARGS_MAX || (size > 0 && c.isNull(n))) return false
    reader.place(size > 0 ? c.input(n, size, 1) : 0, size >>> 3)
    return true
  }

  return {
    seq_printf() {
      const size = c.u32(3)
      if (!placeArgs(4)) return -EINVAL
      const format = formats.get(c.input(2, size), size)
      return format === null ? -EINVAL : printToSeq(env.now.seq, format, reader)
    },

    seq_write() {
      const size = c.u32(3)
      const { seq } = env.now
      const { room } = seq
      if (size > room) {
        seq.setOverflow()
        return -EOVERFLOW
      }
      const at = c.input(2, size)
      const { u8 } = space
      const { buf, count } = seq
      if (size > 64) buf.set(u8.subarray(at, at + size), count)
      else for (let i = 0; i < size; i++) buf[count + i] = u8[at + i]!
      seq.count = count + size
      return 0
    },

    snprintf() {
      const size = c.u32(2)
      const to = c.isNull(1) && size === 0 ? 0 : c.output(1, size)
      if (!placeArgs(4)) return -EINVAL
      const format = formatAt(c, 3)
      if (format === null) return -EINVAL
      // Not in place: memory may move while arguments are read.
      const out = size <= small.length ? small : new Uint8Array(size)
      const length = printToBytes(out, 0, size, format, reader)
      if (length > 0) space.u8.set(out.subarray(0, Math.min(length, size)), to)
      return length
    },

    trace_printk() {
      const size = c.u32(2)
      const format = formats.get(c.input(1, size), size)
      if (format === null) return -EINVAL
      const place = c.memory.scratch(TRACE_ARGS * 8, 1)
      for (let i = 0; i < TRACE_ARGS * 2; i++) space.view.setInt32(place + i * 4, space.args[4 + i]!, true)
      return trace(c, format, reader.place(place, TRACE_ARGS))
    },

    trace_vprintk() {
      const size = c.u32(2)
      if (!placeArgs(3)) return -EINVAL
      const format = formats.get(c.input(1, size), size)
      return format === null ? -EINVAL : trace(c, format, reader)
    },
  }
}

/** Longest constant string that is looked at: no verifier has found its NUL here. */
const STRING_MAX = 4096

/** The format that r`n` points to, without a size (ARG_PTR_TO_CONST_STR). */
export function formatAt(c: HelperContext, n: number): ReturnType<HelperContext['formats']['get']> {
  const length = c.memory.text(c.lo(n), c.hi(n), STRING_MAX)
  return length < 0 || length === STRING_MAX ? null : c.formats.get(c.memory.at, length + 1)
}

const line = new Uint8Array(TRACE_SIZE)

/** Gives a line to the log; the bytes of the whole text, though the log gets 1023 at most (bpf_trace_printk). Or a negative errno. */
export function trace(c: HelperContext, format: Format, args: ArgReader): number {
  const length = printToBytes(line, 0, TRACE_SIZE, format, args) - 1
  if (length < 0) return length + 1
  c.env.trace(decodeText(line, 0, Math.min(length, TRACE_SIZE - 1)))
  return length
}
