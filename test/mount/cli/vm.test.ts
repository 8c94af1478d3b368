import t from 'tap'
import { assemble } from '../../support/assemble.ts'
import { run } from '../../support/daemon.ts'
import { CLI } from '../../support/paths.ts'

/** As the runner of the conformance suite does: bytes as hex with spaces. */
const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => `${byte.toString(16).padStart(2, '0')}  `).join('')

const vm = (input: string, ...args: string[]) => run(process.execPath, [CLI, 'vm', 'run', ...args], { input: `${input}\n` })

for (const engine of [[], ['--interpreter']])
  t.test(`iterfs vm run ${engine}`, t => {
    const program = hex(assemble('r0 = *(u32 *)(r1 +4); r2 <<= 32; r0 |= r2; exit'))
    const ok = vm(program, ...engine, '01 02 03 04 a5 a6 a7 a8 ')
    t.same(ok, { status: 0, stdout: '8a8a7a6a5\n', stderr: '' }, 'r1 and r2')
    t.equal(vm(hex(assemble('r0 = r1; r0 |= r2; r0 -= 1; exit')), ...engine).stdout, 'ffffffffffffffff\n', 'no memory')
    t.equal(vm('', ...engine, '--program', hex(assemble('r0 = 10; exit'))).stdout, 'a\n', '--program')
    t.equal(vm(hex(assemble('r2 = 5; callx r2; r0 += 2; exit')), ...engine).stdout, '2\n', 'a helper does nothing')
    t.equal(vm(hex(assemble('call kfunc#42; exit')), ...engine).stdout, '0\n', 'nor does a kfunc')
    for (const [input, message] of [
      ['ff 00 00 00 00 00 00 00', /^Error: can't run the program: insn 0: unknown opcode 0xff\n$/],
      ['95 00', /want 8 bytes an instruction/],
      ['95 0', /the program: want pairs of hex digits/],
      [hex(assemble('*(u64 *)(r2 +0) = 1; exit')), /insn 0: store to 0x0/],
    ] as const) {
      const refused = vm(input, ...engine)
      t.not(refused.status, 0)
      t.equal(refused.stdout, '')
      t.match(refused.stderr, message)
    }
    t.end()
  })

t.test('a program without end', t => {
  const { status, stderr } = vm(hex(assemble('a:; goto a')))
  t.equal(status, 256 - 110)
  t.match(stderr, /the program took longer than/)
  t.end()
})
