// What the kernel's bpf_seq_printf does with formats and arguments, and ours called as a BPF program will call it.
import { bpf_snprintf } from '../../src/helpers/bprintf.ts'
import { encodeText } from '../../src/util/bytes.ts'
import type { FormatCase } from '../cases/bprintf.ts'
import { run } from './daemon.ts'
import { Bench } from './helper-env.ts'
import type { Kernel } from './kernel.ts'

/** A case as the name of its test. */
export const caseName = (item: FormatCase): string =>
  JSON.stringify(item, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))

const SEPARATOR = '\n--8<--\n'
/** Calls in one program: more make the verifier slow. */
const BATCH = 64

/** What the kernel prints for each case: the text as latin1, a newline and `ret=N`. */
export function kernelPrints(kernel: Kernel, cases: readonly FormatCase[]): string[] {
  const printed: string[] = []
  const name = `formats${++programs}`
  for (let at = 0; at < cases.length; at += BATCH) {
    const object = kernel.compileText(sourceOf(cases.slice(at, at + BATCH)), `${name}_${at}`)
    const path = kernel.pin(object, `${name}_${at}`)
    printed.push(...run('cat', [path]).stdout.split(SEPARATOR).slice(0, -1))
  }
  return printed
}

let programs = 0

function sourceOf(cases: readonly FormatCase[]): string {
  const list = (bytes: Iterable<number>): string => [...bytes].join(',')
  const globals: string[] = []
  const calls = cases.map(({ fmt, args }, n) => {
    globals.push(`const unsigned char f${n}[] = {${list([...encodeText(fmt), 0])}};`)
    const values = args.map((arg, i) => {
      if (typeof arg === 'bigint') return `${BigInt.asUintN(64, arg)}ULL`
      globals.push(`const unsigned char a${n}_${i}[] = {${list('str' in arg ? [...encodeText(arg.str), 0] : arg.mem)}};`)
      return `(__u64)a${n}_${i}`
    })
    // Volatile: a constant list would be laid out in .rodata, where addresses of other constants cannot be filled in.
    const assign = values.map((value, i) => `v[${i}] = ${value};`).join(' ')
    const array = values.length > 0 ? `volatile __u64 v[${values.length}]; ${assign}` : '__u64 *v = 0;'
    const call = `bpf_seq_printf(seq, (void *)f${n}, sizeof(f${n}), (void *)v, ${values.length * 8})`
    return `{ ${array} long r = ${call}; BPF_SEQ_PRINTF(seq, "\\nret=%ld${SEPARATOR.replaceAll('\n', '\\n')}", r); }`
  })
  return programOf(globals, calls)
}

/** A program that makes these calls once. */
const programOf = (globals: readonly string[], calls: readonly string[]): string => `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
${globals.join('\n')}
SEC("iter/bpf_link")
int dump(struct bpf_iter__bpf_link *ctx)
{
  struct seq_file *seq = ctx->meta->seq;
  if (ctx->link)
    return 0;
  ${calls.join('\n  ')}
  return 0;
}
`

/**
 * What the kernel's bpf_snprintf() into `size` bytes makes of each format and one integer: its result, a space and the text in
 * brackets. The formats must be right: the verifier checks them.
 */
export function kernelMeasures(kernel: Kernel, fmts: readonly string[], value: bigint, size: number): string[] {
  const globals = fmts.map((fmt, n) => `static const char f${n}[] = {${[...encodeText(fmt), 0].join(',')}};`)
  const calls = fmts.map(
    (_, n) =>
      `{ long r = bpf_snprintf(out, ${size}, f${n}, v, 8); BPF_SEQ_PRINTF(seq, "%ld [%s]${SEPARATOR.replaceAll('\n', '\\n')}", r, out); }`,
  )
  const source = programOf([`char out[${size}];`, ...globals], [`__u64 v[1] = {${BigInt.asUintN(64, value)}ULL};`, ...calls])
  const path = kernel.pin(kernel.compileText(source, `measures${++programs}`), `measures${programs}`)
  return run('cat', [path]).stdout.split(SEPARATOR).slice(0, -1)
}

/** The same from ours. */
export function weMeasure(fmt: string, value: bigint, size: number): string {
  const out = new Uint8Array(size)
  const length = bpf_snprintf(out, fmt, [value])
  return `${length} [${Buffer.from(out.subarray(0, out.indexOf(0))).toString('latin1')}]`
}

const bench = new Bench({ machine: { symbolize: () => null } })

/** The same from ours, called as a BPF program calls it. */
export function wePrint({ fmt, args }: FormatCase): string {
  bench.reset()
  const values = args.map(arg => (typeof arg === 'bigint' ? arg : 'str' in arg ? bench.place(arg.str) : Uint8Array.from(arg.mem)))
  const size = encodeText(fmt).length + 1
  const ret = bench.call('seq_printf', 0, fmt, size, values.length > 0 ? bench.words(...values) : 0, values.length * 8)
  return `${Buffer.from(bench.seq.buf.subarray(0, bench.seq.count)).toString('latin1')}\nret=${ret}`
}
