import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { bpf_seq_printf, bpf_snprintf, type FmtArg, type FmtEnv } from '../../../src/helpers/bprintf.ts'
import { SeqFile } from '../../../src/seq/seq-file.ts'
import { ADDRESS } from '../../../src/util/address.ts'
import { EINVAL, EOVERFLOW } from '../../../src/util/errno.ts'
import { type Arg, FORMAT_CASES, type FormatCase } from '../../cases/bprintf.ts'
import { run } from '../../support/daemon.ts'
import { Kernel, noKernelBpf } from '../../support/kernel.ts'
import { ROOT } from '../../support/paths.ts'

/** What the kernel printed for each case; written by `UPDATE=1` where the kernel's BPF can be used. */
const MEASURED = join(ROOT, 'test/cases/bprintf-measured.json')

/** As BPF programs will call: every argument a 64-bit number, pointers read through the environment. */
const BASE = 0xffff_c900_0000_0000n
const asAddress = (arg: Arg, i: number): bigint => (typeof arg === 'bigint' ? BigInt.asUintN(64, arg) : BASE + BigInt(i) * 4096n)

function envOf(args: readonly Arg[]): FmtEnv {
  const bytesAt = (address: bigint): Uint8Array | null => {
    const arg = args[Number((address - BASE) / 4096n)]
    if (address < BASE || arg === undefined || typeof arg === 'bigint') return null
    return 'str' in arg ? Buffer.from(arg.str) : Uint8Array.from(arg.mem)
  }
  return {
    readStr: (address, max) => bytesAt(address)?.subarray(0, max) ?? null,
    readMem: (address, size) => bytesAt(address)?.subarray(0, size) ?? null,
  }
}

/** `text` then `ret=N`: what the oracle prints too. */
function ours({ fmt, args }: FormatCase): string {
  const seq = new SeqFile()
  const ret = bpf_seq_printf(seq, fmt, args.map(asAddress), envOf(args))
  return `${Buffer.from(seq.buf.subarray(0, seq.count)).toString('latin1')}\nret=${ret}`
}

const SEPARATOR = '\n--8<--\n'
const BATCH = 40

/** A BPF program that prints every case of a batch. */
function source(cases: readonly FormatCase[]): string {
  const c = (bytes: Uint8Array): string => [...bytes, 0].join(',')
  const globals: string[] = []
  const calls = cases.map(({ fmt, args }, n) => {
    globals.push(`const char f${n}[] = {${c(Buffer.from(fmt))}};`)
    const values = args.map((arg, i) => {
      if (typeof arg === 'bigint') return `${BigInt.asUintN(64, arg)}ULL`
      globals.push(`const char a${n}_${i}[] = {${'str' in arg ? c(Buffer.from(arg.str)) : arg.mem.join(',')}};`)
      return `(__u64)a${n}_${i}`
    })
    // Volatile: a constant list would be laid out in .rodata, where addresses of other constants cannot be filled in.
    const list =
      values.length > 0
        ? `volatile __u64 v[${values.length}]; ${values.map((value, i) => `v[${i}] = ${value};`).join(' ')}`
        : '__u64 *v = 0;'
    const size = values.length * 8
    return `{ ${list} long r = bpf_seq_printf(seq, f${n}, sizeof(f${n}), (void *)v, ${size}); BPF_SEQ_PRINTF(seq, "\\nret=%ld${SEPARATOR.replaceAll('\n', '\\n')}", r); }`
  })
  return `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
${globals.join('\n')}
SEC("iter/bpf_link")
int dump(struct bpf_iter__bpf_link *ctx)
{
  struct seq_file *seq = ctx->meta->seq;
  if (ctx->link) return 0;
  ${calls.join('\n  ')}
  return 0;
}
`
}

t.test('as the kernel prints', { skip: noKernelBpf() }, async t => {
  const kernel = new Kernel()
  t.teardown(() => kernel.close())
  const printed: string[] = []
  for (let at = 0; at < FORMAT_CASES.length; at += BATCH) {
    const object = kernel.compileText(source(FORMAT_CASES.slice(at, at + BATCH)), `formats${at}`)
    const parts = run('cat', [kernel.pin(object, `f${at}`)]).stdout.split(SEPARATOR)
    printed.push(...parts.slice(0, -1))
  }
  t.equal(printed.length, FORMAT_CASES.length)
  if (process.env.UPDATE) writeFileSync(MEASURED, `${JSON.stringify(printed, null, 0).replaceAll('","', '",\n"')}\n`)
  FORMAT_CASES.forEach(
    (item, i) =>
      void t.equal(
        ours(item),
        printed[i],
        JSON.stringify(item, (_k, v) => (typeof v === 'bigint' ? `${v}n` : v)),
      ),
  )
})

t.test('as the kernel printed when it was measured', async t => {
  const printed = JSON.parse(readFileSync(MEASURED, 'utf8')) as string[]
  t.equal(printed.length, FORMAT_CASES.length)
  const different = FORMAT_CASES.filter((item, i) => ours(item) !== printed[i])
  t.same(different, [])
})

const text = (fmt: string, ...args: FmtArg[]): string => {
  const out = new Uint8Array(4096)
  const n = bpf_snprintf(out, fmt, args)
  return n < 0 ? `errno ${-n}` : Buffer.from(out.subarray(0, n - 1)).toString()
}

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
  const model = (value: bigint, letter: string, width: number, zero: boolean): string => {
    const bits = letter.startsWith('l') ? 64 : 32
    const kind = letter.at(-1)!
    const n = kind === 'd' ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)
    const digits = (n < 0n ? -n : n).toString(kind === 'x' ? 16 : 10)
    const sign = n < 0n ? '-' : ''
    return zero ? sign + digits.padStart(width - sign.length, '0') : (sign + digits).padStart(width)
  }
  const letters = fc.constantFrom('d', 'u', 'x', 'ld', 'lu', 'lx', 'lld')
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
      letters,
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      (value, letter, width, zero) => {
        const fmt = `%${zero ? '0' : ''}${width}${letter}`
        const want = model(value, letter, width, zero)
        const small = Number.isSafeInteger(Number(value)) ? text(fmt, Number(value)) : want
        return text(fmt, value) === want && small === want
      },
    ),
    { numRuns: 2000 },
  )
  const pieces = fc.array(
    fc.constantFrom('%', 'l', 'd', 's', 'p', 'I', '4', 'k', 'x', '-', '0', '9', ' ', 'c', 'S', '\x01', 'a'),
    { maxLength: 12 },
  )
  fc.assert(
    fc.property(pieces, fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 13 }), (fmt, args) => {
      const seq = new SeqFile()
      const ret = bpf_seq_printf(seq, fmt.join(''), args, { readStr: () => null, readMem: () => null })
      return ret === 0 || (ret < 0 && (seq.count === 0 || seq.overflowed))
    }),
    { numRuns: 5000 },
  )
})
