// iterfs vm run: the contract of a plugin of the public eBPF conformance suite.
import { readFileSync } from 'node:fs'
import { compileInterpreter, compileWasm, EINVAL, ETIMEDOUT, runStandalone, throwErrno } from '../../../src/index.ts'
import { CliError, cliError } from '../error.ts'

interface VmOptions {
  interpreter?: boolean
  program?: string
}

const STDIN = 0
/** Longest time that a program may take, in ms. */
const TIME_LIMIT = 3_000

export function vmRun(memory: string | undefined, options: VmOptions): void {
  const program = hexBytes('the program', options.program ?? readFileSync(STDIN, 'latin1'))
  const bytes = hexBytes('the memory', memory ?? '')
  const end = Date.now() + TIME_LIMIT
  const outOfFuel = (): void => {
    if (Date.now() > end) throwErrno(ETIMEDOUT, `the program took longer than ${TIME_LIMIT} ms`)
  }
  try {
    const r0 = runStandalone(options.interpreter ? compileInterpreter : compileWasm, program, bytes, outOfFuel)
    process.stdout.write(`${r0.toString(16)}\n`)
  } catch (err) {
    throw cliError("can't run the program", err)
  }
}

/** Bytes of hex digits; white space does not count. @throws CliError */
function hexBytes(what: string, text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '')
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new CliError(`${what}: want pairs of hex digits`, EINVAL)
  return Uint8Array.from(digits.match(/../g) ?? [], byte => Number.parseInt(byte, 16))
}
