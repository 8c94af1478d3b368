import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { bpf_seq_printf, bpf_snprintf, type FmtArg, type FmtEnv, formatText, parseFormat } from '../../../src/helpers/bprintf.ts'
import { SeqFile } from '../../../src/seq/seq-file.ts'
import { ADDRESS } from '../../../src/util/address.ts'
import { EINVAL, ENOSPC, EOVERFLOW } from '../../../src/util/errno.ts'
import { FORMAT_CASES } from '../../cases/bprintf.ts'
import { Bench } from '../../support/helper-env.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { caseName, kernelPrints, wePrint } from '../../support/kernel-printf.ts'
import { ROOT } from '../../support/paths.ts'

/** What the kernel printed for each case; written by `UPDATE=1` where the kernel's BPF can be used. */
const MEASURED = join(ROOT, 'test/cases/bprintf-measured.json')

t.test('as the kernel prints', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const printed = kernelPrints(kernel, FORMAT_CASES)
  t.equal(printed.length, FORMAT_CASES.length)
  if (process.env.UPDATE) writeFileSync(MEASURED, `${JSON.stringify(printed, null, 0).replaceAll('","', '",\n"')}\n`)
  FORMAT_CASES.forEach((item, i) => void t.equal(wePrint(item), printed[i], caseName(item)))
})

t.test('as the kernel printed when it was measured', async t => {
  const printed = JSON.parse(readFileSync(MEASURED, 'utf8')) as string[]
  t.equal(printed.length, FORMAT_CASES.length)
  const different = FORMAT_CASES.filter((item, i) => wePrint(item) !== printed[i])
  t.same(different, [])
})

const text = (fmt: string, ...args: FmtArg[]): string => {
  const out = new Uint8Array(4096)
  const n = bpf_snprintf(out, fmt, args)
  return n < 0 ? `errno ${-n}` : Buffer.from(out.subarray(0, n - 1)).toString()
}

t.test('integers around 2^53, where a number stops being exact', async t => {
  for (let off = -60n; off <= 60n; off++) {
    for (const value of [2n ** 53n + off, -(2n ** 53n) + off]) {
      t.equal(text('%lld', value), String(value))
      if (Number.isSafeInteger(Number(value))) t.equal(text('%lld', Number(value)), String(value))
    }
  }
})

t.test('values of TypeScript programs', async t => {
  t.equal(text('%d %d %u', 1, true, -1), '1 1 4294967295')
  t.equal(text('%ld %lx', -5, -1n), '-5 ffffffffffffffff')
  t.equal(text('%lld', 2 ** 60), '1152921504606846976')
  t.equal(text('%s|%s|%s', 'text', Buffer.from('bytes\0more'), null), 'text|bytes|')
  t.equal(text('%lx %px', { [ADDRESS]: 0xffff8880deadbeefn }, { [ADDRESS]: 0x10n }), 'ffff8880deadbeef 0000000000000010')
  t.equal(text('%pI4', Uint8Array.of(127, 0, 0, 1)), '127.0.0.1')
  t.equal(text('%s', '\u00fc\udcff'), Buffer.from([0xc3, 0xbc, 0xff]).toString())
  t.match(text('%p', 0x1234n), /^00000000[0-9a-f]{8}$/)
  t.equal(text('%p', 0x1234n), text('%p', 0x1234n), 'a hash is stable')
  t.throws(() => text('%d', 'seven'), { message: 'format "%d", argument 1: want an integer, got "seven"' })
  t.throws(() => text('%d', 1.5), { message: /want an integer, got 1.5/ })
  t.throws(() => text('%d %d', 1, Number.NaN), { message: /argument 2: want an integer, got NaN/ })
  t.throws(() => text('%s', 5), { message: /want a string or bytes, got 5/ })
  t.throws(() => text('%s', { [ADDRESS]: 1n }), { message: /want a string or bytes, got an object/ })
  t.throws(() => text('%pI6', Uint8Array.of(1, 2)), { message: /want 16 bytes, got 2 bytes/ })
  t.throws(() => text('%px', Number.POSITIVE_INFINITY), { message: /want an integer, got Infinity/ })
  t.equal(text('%c%c', 65, 0x142n), 'AB')
  t.equal(text('%s|', 'cut\0here'), 'cut|')
  t.equal(text('%d %s|%px', null, undefined, null), '0 |0000000000000000')
})

t.test('symbols and hashes come from the environment', async t => {
  const env: FmtEnv = {
    hashPointer: () => 0xcafen,
    symbolize: address =>
      address >= 0x1000n && address < 0x1100n
        ? { name: 'seq_read', offset: address - 0x1000n, size: 0x100n }
        : address === 0x5000n
          ? { name: 'init', offset: 0n, size: 0x20n, module: 'fuse' }
          : null,
  }
  const symbols = (fmt: string, address: bigint) => formatText(fmt, [address], env)
  t.equal(symbols('%p', 0x1005n), '000000000000cafe')
  t.equal(symbols('%pS', 0x1005n), 'seq_read+0x5/0x100')
  t.equal(symbols('%ps', 0x1005n), 'seq_read')
  t.equal(symbols('%pB', 0x1100n), 'seq_read+0x100/0x100', 'a return address behind the last instruction')
  t.equal(symbols('%pS', 0x5000n), 'init+0x0/0x20 [fuse]')
  t.equal(symbols('%10ps|', 0x1005n), '  seq_read|')
  t.equal(symbols('%pS', 0x9000n), '0x9000')
  const looked: bigint[] = []
  const none: FmtEnv = {
    symbolize: address => {
      looked.push(address)
      return null
    },
  }
  t.equal(formatText('%pB %pS', [0, -1], none), '0x0 0xffffffffffffffff')
  t.same(looked, [0xffff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn], 'addresses have 64 bits')
})

t.test('trace text and compiled formats', async t => {
  t.equal(formatText('%d \u20ac%s', [1, '\udcff']), '1 \u20ac\udcff')
  t.equal((formatText('%2000d', [1]) as string).length, 1023)
  t.same([formatText('%q', [1]), formatText('%d', []), formatText('%s%d', ['x'.repeat(511), 1])], [-EINVAL, -EINVAL, -ENOSPC])
  t.equal(parseFormat('%d same'), parseFormat('%d same'), 'a text is compiled once')
  const format = parseFormat(Buffer.from('%-5d|\0%q'))
  t.equal(format.error, 0, 'what stands behind the NUL does not count')
  t.equal(formatText(format, [7]), '7    |')
  t.equal(parseFormat('%d%q').error, -EINVAL)
  const bytes = Buffer.from('a%d')
  const kept = parseFormat(bytes)
  bytes.fill(0x25)
  t.same([kept.text, formatText(kept, [1])], ['a%d', 'a1'], 'a compiled format does not change with its memory')
})

t.test('the buffer: what fits, and what overflows', async t => {
  const seq = new SeqFile()
  t.equal(bpf_seq_printf(seq, '%32767d', [1]), 0)
  t.equal(seq.count, 32767)
  t.equal(bpf_seq_printf(seq, '', []), 0)
  t.equal(bpf_seq_printf(seq, 'x', []), -EOVERFLOW)
  t.equal(bpf_seq_printf(seq, '', []), -EOVERFLOW, 'full stays full')
  t.equal(bpf_seq_printf(seq, '%q', [1]), -EINVAL)
  seq.count = 0
  t.equal(bpf_seq_printf(seq, '%32768d', [1]), -EOVERFLOW)
  t.ok(seq.overflowed)
  t.same([bpf_snprintf(new Uint8Array(3), '%d', [12345]), bpf_snprintf(new Uint8Array(0), 'abc', [])], [6, 4])
})

t.test('integers agree with a model, and no format throws', async () => {
  const model = (value: bigint, flags: string, width: number, letter: string): string => {
    const bits = letter.startsWith('l') ? 64 : 32
    const kind = letter.at(-1)!
    const n = kind === 'd' ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
    const plain = (n < 0n ? -n : n).toString(kind === 'd' || kind === 'u' ? 10 : 16)
    const digits = kind === 'X' ? plain.toUpperCase() : plain
    const sign = n < 0n ? '-' : kind !== 'd' ? '' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
    if (flags.includes('-')) return (sign + digits).padEnd(width)
    return flags.includes('0') ? sign + digits.padStart(width - sign.length, '0') : (sign + digits).padStart(width)
  }
  const flags = fc.string({ unit: fc.constantFrom('0', '+', '-', ' '), maxLength: 3 })
  const letters = fc.constantFrom('d', 'u', 'x', 'X', 'ld', 'lu', 'lx', 'lX', 'lld')
  const anyBits = fc.integer({ min: 1, max: 64 }).chain(bits => fc.bigInt({ min: -(2n ** 63n), max: 2n ** BigInt(bits) - 1n }))
  const values = fc.oneof(anyBits, fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }), fc.bigInt({ min: -5000n, max: 5000n }))
  fc.assert(
    fc.property(values, flags, fc.integer({ min: 0, max: 40 }), letters, (value, flags, width, letter) => {
      const fmt = `%${flags}${width || ''}${letter}`
      const want = model(value, flags, width, letter)
      const number = Number(value)
      return text(fmt, value) === want && (BigInt(number) !== value || text(fmt, number) === want)
    }),
    { numRuns: 5000 },
  )
  const bench = new Bench({ machine: { symbolize: () => null } })
  const pieces = fc.array(
    fc.constantFrom('%', 'l', 'd', 's', 'p', 'I', '4', 'k', 'x', '-', '0', '9', ' ', 'c', 'S', '\x01', 'a'),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(pieces, fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 13 }), (fmt, args) => {
      bench.reset()
      const text = fmt.join('')
      const data = args.length > 0 ? bench.words(...args) : 0
      const ret = bench.call('seq_printf', 0, text, text.length + 1, data, args.length * 8)
      return ret === 0n || (ret < 0n && (bench.seq.count === 0 || bench.seq.overflowed))
    }),
    { numRuns: 5000 },
  )
})
