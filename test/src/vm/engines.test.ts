import t from 'tap'
import { BpfError } from '../../../src/util/error.ts'
import { ALU_CASES } from '../../cases/insn/alu.ts'
import { JUMP_CASES } from '../../cases/insn/jump.ts'
import { PROGRAM_CASES, type ProgramCase } from '../../cases/insn/program.ts'
import { REFUSED_CASES } from '../../cases/insn/refused.ts'
import { assemble } from '../../support/assemble.ts'
import { fromHex, toHex } from '../../support/hex.ts'
import { noKernelBpf } from '../../support/kernel.ts'
import { kernelRunner } from '../../support/kernel-run.ts'
import { compileBytes, ENGINES, runBytes, TestHost } from '../../support/vm.ts'

const EXIT = '9500000000000000'
const text = (n: bigint): string => `0x${n.toString(16)}`

/** The immediate with this value, when a 32-bit one sign-extended gives it. */
function asImm(value: string, wide: boolean): bigint | undefined {
  const imm = BigInt.asIntN(32, BigInt(value))
  return !wide || BigInt.asUintN(64, imm) === BigInt(value) ? imm : undefined
}

for (const [engine, compile] of ENGINES) {
  const host = new TestHost()
  const r0Of = (code: string): bigint => runBytes(compile, assemble(code), undefined, host).r0
  t.test(`arithmetic, ${engine}`, t => {
    for (const [op, left, right, wide, narrow] of ALU_CASES)
      for (const [w, result] of [
        ['r', wide],
        ['w', narrow],
      ] as const) {
        const register = `r0 = ${left} ll; r1 = ${right} ll; ${w}0 ${op} ${w}1; exit`
        t.equal(text(r0Of(register)), result, register)
        const imm = asImm(right, w === 'r')
        if (imm === undefined) continue
        const immediate = `r0 = ${left} ll; ${w}0 ${op} ${imm}; exit`
        t.equal(text(r0Of(immediate)), result, immediate)
      }
    t.end()
  })

  t.test(`conditions, ${engine}`, t => {
    for (const [op, left, right, wide, narrow] of JUMP_CASES)
      for (const [w, taken] of [
        ['r', wide],
        ['w', narrow],
      ] as const) {
        const imm = asImm(right, w === 'r')
        for (const rhs of imm === undefined ? [`${w}2`] : [`${w}2`, `${imm}`]) {
          // Over one instruction, and back, so that the negated condition is tried, too.
          const over = `r1 = ${left} ll; r2 = ${right} ll; r0 = 1; if ${w}1 ${op} ${rhs} goto yes; r0 = 0; yes:; exit`
          t.equal(r0Of(over), taken ? 1n : 0n, over)
          const back = `r1 = ${left} ll; r2 = ${right} ll; r0 = 0; r3 = 0; goto b; a:; r0 = 1; r3 = 1; b:; if r3 == 1 goto c; if ${w}1 ${op} ${rhs} goto a; c:; exit`
          t.equal(r0Of(back), taken ? 1n : 0n, back)
        }
      }
    t.end()
  })

  t.test(`programs, ${engine}`, t => {
    for (const { name, code, memory = '', r0, after = memory } of PROGRAM_CASES) {
      const result = runBytes(compile, assemble(code), fromHex(memory))
      t.equal(text(result.r0), r0, name)
      t.equal(toHex(result.memory), after, `memory: ${name}`)
    }
    t.end()
  })

  t.test(`what is no program, ${engine}`, t => {
    for (const { name, hex, code, error } of REFUSED_CASES) {
      const bytes = hex === undefined ? assemble(code!) : fromHex(hex + EXIT)
      let got: unknown = 'nothing'
      try {
        compileBytes(compile, bytes, new TestHost())
      } catch (err) {
        got = err instanceof BpfError ? err.code : err
      }
      t.equal(got, error, name)
    }
    t.end()
  })
}

t.test('the same programs in the kernel', { skip: noKernelBpf() }, t => {
  const run = kernelRunner()
  const cases = PROGRAM_CASES.filter(({ notKernel }) => !notKernel)
  // As a subprogram, so that all 64 bits of r0 can be stored behind the memory.
  const wrap = ({ code, memory = '' }: ProgramCase): string => {
    const size = memory.length / 2
    return `r6 = r1; r2 = ${size}; call case_; *(u64 *)(r6 +${size}) = r0; r0 = 0; exit; case_:; ${code}`
  }
  const inputs = cases.map(test => {
    const memory = fromHex(test.memory ?? '')
    const context = new Uint8Array(memory.length + 8)
    context.set(memory)
    return { bytes: assemble(wrap(test)), context }
  })
  for (const [i, { status, context, log }] of run(inputs, { log: 1 }).entries()) {
    const { name, memory = '', r0, after = memory } = cases[i]!
    const size = context.length - 8
    t.equal(status, 0, `${name} ${status ? log : ''}`)
    t.equal(text(new DataView(context.buffer).getBigUint64(size, true)), r0, name)
    t.equal(toHex(context.subarray(0, size)), after, `memory: ${name}`)
  }
  const refused = REFUSED_CASES.filter(({ error }) => !error.startsWith('VM_'))
  const bytes = refused.map(({ hex, code }) => (hex === undefined ? assemble(code!) : fromHex(hex + EXIT)))
  for (const [i, { status }] of run(bytes.map(bytes => ({ bytes, context: new Uint8Array(8) }))).entries())
    t.ok(status < 0, `refused: ${refused[i]!.name}`)
  t.end()
})
