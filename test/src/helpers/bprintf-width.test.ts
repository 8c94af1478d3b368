// Widths that no int holds or that are cut, and text that is cut: measured with bpf_snprintf(), which has no buffer to overflow.
import fc from 'fast-check'
import t from 'tap'
import { bpf_seq_printf, bpf_snprintf } from '../../../src/helpers/bprintf.ts'
import { SeqFile } from '../../../src/seq/seq-file.ts'
import { EOVERFLOW } from '../../../src/util/errno.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { kernelMeasures, weMeasure } from '../../support/kernel-printf.ts'

/** As it is written, and what it counts as on 6.18; null where it counts as no width at all. */
const WIDTHS: readonly (readonly [string, number | null])[] = [
  ['1', 1],
  ['32768', 32768],
  ['65541', 65541],
  ['8388607', 8388607],
  ['8388608', 8388607],
  ['16777221', 8388607],
  ['134217733', 8388607],
  ['2147483648', 0],
  ['2147483653', 0],
  ['4294967294', 0],
  ['4294967295', null],
  ['4294967296', 0],
  ['4294967301', 5],
  ['6442450949', 0],
  ['18446744073709551615', null],
  ['18446744073709551621', 5],
]

/** Bytes of the buffer: too few for most widths. */
const SIZE = 64

interface WidthCase {
  readonly fmt: string
  readonly want: string
}

const measured = (text: string): string => `${text.length + 1} [${text.slice(0, SIZE - 1)}]`

/** Each width with every way of padding; the argument is 65. */
const CASES: readonly WidthCase[] = WIDTHS.flatMap(([digits, width]) => {
  const columns = width ?? 0
  const address = width === null ? '0000000000000041' : '41'.padStart(columns)
  return [
    { fmt: `%${digits}d`, want: measured('65'.padStart(columns)) },
    { fmt: `%-${digits}ld|`, want: measured(`${'65'.padEnd(columns)}|`) },
    { fmt: `%+0${digits}d`, want: measured(`+${'65'.padStart(columns - 1, '0')}`) },
    { fmt: `%0${digits}llx`, want: measured('41'.padStart(columns, '0')) },
    { fmt: `%${digits}c`, want: measured('A'.padStart(columns)) },
    { fmt: `%${digits}ps`, want: measured('0x41'.padStart(columns)) },
    { fmt: `%${digits}px`, want: measured(address) },
    { fmt: `%-${digits}px|`, want: measured(`${width === null ? '41'.padEnd(16) : '41'.padEnd(columns)}|`) },
    { fmt: `%${digits}pB`, want: measured('0x41') },
  ]
})

t.test('by the rules', async t => {
  for (const { fmt, want } of CASES) t.equal(weMeasure(fmt, 65n, SIZE), want, fmt)
})

t.test('as the kernel prints', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const printed = kernelMeasures(
    kernel,
    CASES.map(({ fmt }) => fmt),
    65n,
    SIZE,
  )
  t.equal(printed.length, CASES.length)
  CASES.forEach(({ fmt, want }, i) => void t.equal(printed[i], want, fmt))
})

const FMT = '[%-*]%d|%s|%07lx %c'
const args = fc.tuple(fc.integer(), fc.string({ maxLength: 40 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constant(65))
const width = fc.integer({ min: 0, max: 60 })

t.test('bpf_snprintf cuts, and writes nowhere else', async () => {
  fc.assert(
    fc.property(width, args, fc.integer({ min: 0, max: 200 }), (columns, values, size) => {
      const fmt = FMT.replace('*', `${columns}d`)
      const whole = new Uint8Array(1024)
      const length = bpf_snprintf(whole, fmt, [7, ...values])
      const memory = new Uint8Array(256).fill(0xee)
      const got = bpf_snprintf(memory.subarray(0, size), fmt, [7, ...values])
      const kept = Math.max(0, Math.min(length, size) - 1)
      return (
        got === length &&
        Buffer.compare(memory.subarray(0, kept), whole.subarray(0, kept)) === 0 &&
        (size === 0 || memory[kept] === 0) &&
        memory.subarray(size).every(byte => byte === 0xee)
      )
    }),
    { numRuns: 2000 },
  )
})

t.test('bpf_seq_printf appends the whole text or nothing', async () => {
  fc.assert(
    fc.property(width, args, fc.integer({ min: 0, max: 200 }), (columns, values, room) => {
      const fmt = FMT.replace('*', `${columns}d`)
      const whole = new Uint8Array(1024)
      const length = bpf_snprintf(whole, fmt, [7, ...values]) - 1
      const seq = new SeqFile()
      seq.buf.fill(0xee)
      seq.count = seq.room - room
      const start = seq.count
      const ret = bpf_seq_printf(seq, fmt, [7, ...values])
      if (!seq.buf.subarray(0, start).every(byte => byte === 0xee) || seq.buf[seq.size - 1] !== 0xee) return false
      if (length > room) return ret === -EOVERFLOW && seq.overflowed
      const added = seq.buf.subarray(start, seq.count)
      return ret === 0 && seq.count === start + length && Buffer.compare(added, whole.subarray(0, length)) === 0
    }),
    { numRuns: 500 },
  )
})
