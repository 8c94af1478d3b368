// Calls of helpers and kfuncs as data: what the kernel returns and writes for each, and what ours does.
import { KFUNCS, type KfuncName } from '../../src/helpers/kfunc-protos.ts'
import { HELPERS, type HelperName } from '../../src/helpers/protos.ts'
import { encodeText } from '../../src/util/bytes.ts'
import { run } from './daemon.ts'
import { Bench, type CallArg, type Granted } from './helper-env.ts'
import type { Kernel } from './kernel.ts'

/**
 * An argument: a number, the address of constant bytes or text (with its NUL), or of `out` bytes, 0xaa each, that are compared after the
 * call, `dyn` of a dynptr on such bytes (the last `out` is the one it lies on).
 */
export type Arg =
  | number
  | bigint
  | { readonly str: string }
  | { readonly mem: readonly number[] }
  | { readonly out: number }
  | { readonly out: number; readonly text: string }
  | 'ctx'
  | 'seq'

export interface Call {
  readonly fn: HelperName | KfuncName
  readonly args: readonly Arg[]
  /** A pointer is returned: only whether it is NULL is compared. */
  readonly pointer?: boolean
}

/** A call as the name of its test. */
export const callName = ({ fn, args }: Call): string =>
  `${fn}(${args.map(arg => (typeof arg === 'object' ? JSON.stringify(arg) : String(arg))).join(', ')})`

const BATCH = 150
const SEPARATOR = '\n--8<--\n'
let programs = 0

/** For each call: r0 and the bytes of each `out`, in hexadecimal. */
export function kernelCalls(kernel: Kernel, calls: readonly Call[], sleepable = false): string[] {
  const printed: string[] = []
  for (let at = 0; at < calls.length; at += BATCH) {
    const name = `calls${++programs}`
    const path = kernel.pin(kernel.compileText(sourceOf(calls.slice(at, at + BATCH), sleepable), name), name)
    printed.push(...run('cat', [path]).stdout.split(SEPARATOR).slice(0, -1))
  }
  return printed.map(text => {
    const [ret, ...outs] = text.split(/(?=\n#)/)
    return [ret!.trim(), ...outs.map(out => Buffer.from(out.slice(2), 'latin1').toString('hex'))].join(' ')
  })
}

const list = (bytes: Iterable<number>): string => [...bytes].join(',')

function sourceOf(calls: readonly Call[], sleepable: boolean): string {
  const globals: string[] = []
  const bodies: string[] = []
  const declared = new Set<string>()
  const constants = new Map<string, string>()
  const constant = (bytes: readonly number[]): string => {
    const text = list(bytes)
    const known = constants.get(text)
    if (known !== undefined) return known
    const name = `c${constants.size}`
    constants.set(text, name)
    globals.push(`static const unsigned char ${name}[] = {${text}};`)
    return name
  }
  for (const [n, { fn, args, pointer }] of calls.entries()) {
    const outs: string[] = []
    const values = args.map((arg, i) => {
      const name = `a${n}_${i}`
      if (arg === 'ctx') return '(u64)ctx'
      if (arg === 'seq') return '(u64)seq'
      if (typeof arg !== 'object') return `${BigInt.asUintN(64, BigInt(arg))}ULL`
      if (!('out' in arg)) return `(u64)${constant('str' in arg ? [...encodeText(arg.str), 0] : arg.mem)}`
      globals.push(`unsigned char ${name}[${arg.out}] __attribute__((aligned(8))) = {${list(outBytes(arg))}};`)
      outs.push(`bpf_seq_write(seq, "\\n#", 2); bpf_seq_write(seq, ${name}, ${arg.out});`)
      return `(u64)${name}`
    })
    let target: string = fn
    if (Object.hasOwn(HELPERS, fn)) {
      target = 'call'
      bodies.push(`{ u64 (*call)(${values.map(() => 'u64').join(', ') || 'void'}) = (void *)${HELPERS[fn as HelperName].id};`)
    } else {
      if (!declared.has(fn)) globals.push(`extern ${KFUNCS[fn as KfuncName].proto} __ksym;`)
      declared.add(fn)
      bodies.push('{')
    }
    bodies.push(
      `long r = (long)${target}(${values.join(', ')}); ${pointer ? 'r = r != 0;' : ''} BPF_SEQ_PRINTF(seq, "%ld", r); ${outs.join(' ')} bpf_seq_write(seq, SEP, ${SEPARATOR.length}); }`,
    )
  }
  return `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#pragma clang diagnostic ignored "-Wunused-variable"
#pragma clang diagnostic ignored "-Wunused-but-set-variable"
#pragma clang diagnostic ignored "-Wconstant-conversion"
#pragma clang diagnostic ignored "-Wint-conversion"
char LICENSE[] SEC("license") = "GPL";
static const char SEP[] = ${JSON.stringify(SEPARATOR)};
${globals.join('\n')}
SEC("iter${sleepable ? '.s/task' : '/bpf_link'}")
int dump(struct bpf_iter__${sleepable ? 'task' : 'bpf_link'} *ctx)
{
  struct seq_file *seq = ctx->meta->seq;
  if (ctx->${sleepable ? 'task' : 'link'})
    return 0;
  ${bodies.join('\n  ')}
  return 0;
}
`
}

const outBytes = (arg: { readonly out: number; readonly text?: string }): Uint8Array => {
  const bytes = new Uint8Array(arg.out).fill(0xaa)
  if (arg.text !== undefined) bytes.set(encodeText(`${arg.text}\0`).subarray(0, arg.out))
  return bytes
}

/** The same from ours. */
export function ourCalls(calls: readonly Call[], granted: Granted = {}): string[] {
  const bench = new Bench(granted)
  return calls.map(({ fn, args, pointer }) => {
    bench.reset()
    const outs: { address: bigint; size: number }[] = []
    const values = args.map((arg): CallArg => {
      if (typeof arg !== 'object') return typeof arg === 'string' ? 0 : arg
      if ('str' in arg) return bench.place(arg.str)
      if ('mem' in arg) return Uint8Array.from(arg.mem)
      const address = bench.place(outBytes(arg))
      outs.push({ address, size: arg.out })
      return address
    })
    const code = Object.hasOwn(HELPERS, fn) ? bench.helpers.helper(HELPERS[fn as HelperName].id) : bench.helpers.kfunc(fn)
    const ret = bench.run(code, values)
    const bytes = outs.map(({ address, size }) => Buffer.from(bench.bytes(address, size)).toString('hex'))
    return [String(pointer ? Number(ret !== 0n) : ret), ...bytes].join(' ')
  })
}
