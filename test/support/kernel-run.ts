// Programs in the kernel through BPF_PROG_TEST_RUN (test/bpf/test_run.c), many in one process.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { run, scratch } from './daemon.ts'
import { ROOT } from './paths.ts'

export interface KernelInput {
  readonly bytes: Uint8Array
  readonly context: Uint8Array
}

export interface KernelResult {
  /** 0; the errno of a refused load, negative; the errno of a run, positive. */
  readonly status: number
  readonly retval: number
  /** ns of the last run. */
  readonly ns: number
  readonly context: Uint8Array
  readonly log: string
}

/** Compiles the harness; what runs programs with it. `log` is the verifier's log level. */
export function kernelRunner(): (inputs: readonly KernelInput[], options?: { log?: number; repeat?: number }) => KernelResult[] {
  const program = join(scratch(), 'test_run')
  const { status, stderr } = run('cc', ['-O1', '-Wall', '-o', program, join(ROOT, 'test/bpf/test_run.c')])
  if (status !== 0) throw new Error(`cc: ${stderr}`)
  return (inputs, { log = 0, repeat = 1 } = {}) => {
    const parts: Uint8Array[] = []
    for (const { bytes, context } of inputs)
      parts.push(new Uint8Array(Uint32Array.of(bytes.length / 8, context.length, repeat).buffer), bytes, context)
    const { stdout, status, error } = spawnSync(program, [`${log}`], {
      input: Buffer.concat(parts),
      maxBuffer: 1 << 30,
      timeout: 120_000,
    })
    if (error || status !== 0) throw error ?? new Error(`test_run: ${status}`)
    let at = 0
    return inputs.map(({ context }) => {
      const logSize = stdout.readUInt32LE(at + 12)
      const result = {
        status: stdout.readInt32LE(at),
        retval: stdout.readUInt32LE(at + 4),
        ns: stdout.readUInt32LE(at + 8),
        context: new Uint8Array(stdout.subarray(at + 16, at + 16 + context.length)),
        log: stdout.toString('latin1', at + 16 + context.length, at + 16 + context.length + logSize),
      }
      at += 16 + context.length + logSize
      return result
    })
  }
}
