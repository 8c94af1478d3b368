import t from 'tap'
import { decode } from '../../../src/insn/decode.ts'
import { encode } from '../../../src/insn/encode.ts'
import { checkFlow, findSubprogs } from '../../../src/insn/flow.ts'
import { FORMS } from '../../../src/insn/opcode.ts'
import { print, printAll } from '../../../src/insn/print.ts'
import { BpfError } from '../../../src/util/error.ts'
import { assemble, assembleInsns } from '../../support/assemble.ts'
import { generate } from '../../support/generate.ts'
import { toHex } from '../../support/hex.ts'
import { noKernelBpf } from '../../support/kernel.ts'
import { kernelRunner } from '../../support/kernel-run.ts'
import { Random } from '../../support/random.ts'

/** Text of the kernel's disassembler, with the bytes. */
const TEXTS: readonly (readonly [hex: string, text: string])[] = [
  ['b700000001000000', '(b7) r0 = 1'],
  ['b4000000ffffffff', '(b4) w0 = -1'],
  ['bf21000000000000', '(bf) r1 = r2'],
  ['bc21000000000000', '(bc) w1 = w2'],
  ['bf21080000000000', '(bf) r1 = (s8)r2'],
  ['bc21100000000000', '(bc) w1 = (s16)w2'],
  ['3f21010000000000', '(3f) r1 s/= r2'],
  ['9401010003000000', '(94) w1 s%= 3'],
  ['c701000005000000', '(c7) r1 s>>= 5'],
  ['8701000000000000', '(87) r1 = -r1'],
  ['8401000000000000', '(84) w1 = -w1'],
  ['d401000010000000', '(d4) r1 = le16 r1'],
  ['dc01000020000000', '(dc) r1 = be32 r1'],
  ['d701000040000000', '(d7) r1 = bswap64 r1'],
  ['18010000efbeadde00000000bebafeca', '(18) r1 = 0xcafebabedeadbeef'],
  ['7921080000000000', '(79) r1 = *(u64 *)(r2 +8)'],
  ['9121f8ff00000000', '(91) r1 = *(s8 *)(r2 -8)'],
  ['7b1af8ff00000000', '(7b) *(u64 *)(r10 -8) = r1'],
  ['6a0af8fffeffffff', '(6a) *(u16 *)(r10 -8) = -2'],
  ['db1af8ff00000000', '(db) lock *(u64 *)(r10 -8) += r1'],
  ['c31af8ffa0000000', '(c3) lock *(u32 *)(r10 -8) ^= r1'],
  ['db1af8ff51000000', '(db) r1 = atomic64_fetch_and((u64 *)(r10 -8), r1)'],
  ['c31af8ff01000000', '(c3) r1 = atomic_fetch_add((u32 *)(r10 -8), r1)'],
  ['db1af8ffe1000000', '(db) r1 = atomic64_xchg((u64 *)(r10 -8), r1)'],
  ['c31af8fff1000000', '(c3) r0 = atomic_cmpxchg((u32 *)(r10 -8), r0, r1)'],
  ['d3a1f8ff00010000', '(d3) r1 = load_acquire((u8 *)(r10 -8))'],
  ['cb1af8ff10010000', '(cb) store_release((u16 *)(r10 -8), r1)'],
  ['1501030005000000', '(15) if r1 == 0x5 goto pc+3'],
  ['5501fdffffffffff', '(55) if r1 != 0xffffffff goto pc-3'],
  ['6e21030000000000', '(6e) if w1 s> w2 goto pc+3'],
  ['4501030001000000', '(45) if r1 & 0x1 goto pc+3'],
  ['0500feff00000000', '(05) goto pc-2'],
  ['0600000005000000', '(06) gotol pc+5'],
  ['e500020000000000', '(e5) may_goto pc+2'],
  ['8500000006000000', '(85) call trace#6'],
  ['8510000003000000', '(85) call pc+3'],
  ['8520000007000000', '(85) call kernel-function#7'],
  ['9500000000000000', '(95) exit'],
]

t.test('bytes, instructions and text', t => {
  for (const [hex, text] of TEXTS) {
    const [insn] = decode(Uint8Array.from(Buffer.from(hex, 'hex')))
    t.equal(print(insn!, { helper: id => (id === 6 ? 'trace' : undefined) }), text)
    t.equal(toHex(encode([insn!])), hex, text)
  }
  t.equal(print(decode(assemble('call #9; exit'))[0]!), '(85) call unknown#9')
  t.equal(printAll(decode(assemble('r0 = 1 ll; exit'))), '0: (18) r0 = 0x1\n2: (95) exit\n')
  t.end()
})

t.test('every opcode that decodes encodes to the same bytes; all others are refused', t => {
  const random = new Random(1)
  let decoded = 0
  for (let opcode = 0; opcode < 256; opcode++)
    for (let i = 0; i < 400; i++) {
      const small = random.pick([0, 0, 0, 1, 8, 16, 32, 64, 0x40, 0x50, 0xa0, 0xe1, 0xf1, 0x100, 0x110, 0x41])
      const bytes = new Uint8Array(16)
      const view = new DataView(bytes.buffer)
      view.setUint8(0, opcode)
      view.setUint8(1, random.once(2) ? random.below(11) : random.u32() & 255)
      view.setInt16(2, random.once(2) ? 0 : small, true)
      view.setInt32(4, random.once(2) ? 0 : small, true)
      if (FORMS[opcode]?.kind === 'ld_imm64') view.setInt32(12, random.u32() | 0, true)
      else view.setUint8(8, 0x95)
      try {
        const insns = decode(bytes)
        decoded++
        const again = encode(insns.filter(insn => insn !== null))
        // The register of callx stands in imm for some compilers.
        if (insns[0]!.kind !== 'callx' && toHex(again) !== toHex(bytes)) t.fail(`${toHex(bytes)}: ${toHex(again)}`)
      } catch (err) {
        if (!(err instanceof BpfError)) t.fail(`${toHex(bytes)}: ${err}`)
        else if (FORMS[opcode] === undefined && err.code !== 'INSN_OPCODE') t.fail(`${toHex(bytes)}: ${err.code}`)
      }
    }
  t.ok(decoded > 5000, `${decoded} decoded`)
  t.end()
})

t.test('text of random programs assembles to the same instructions', t => {
  for (let seed = 1; seed <= 200; seed++) {
    const { insns } = generate(seed)
    const text = insns.map(insn => `${print(insn).slice(5)}${insn.kind === 'ld_imm64' ? ' ll' : ''}`).join('\n')
    t.same(assembleInsns(text), insns, `seed ${seed}`)
  }
  t.end()
})

t.test('subprograms of a program without symbols', t => {
  const insns = decode(assemble('r1 = func g; call f; exit; f:; call f; exit; g:; r0 = 1 ll; exit'))
  const subprogs = findSubprogs(insns)
  t.same(
    subprogs.map(({ start, end }) => [start, end]),
    [
      [0, 4],
      [4, 6],
      [6, 9],
    ],
  )
  t.doesNotThrow(() => checkFlow(insns, subprogs))
  t.end()
})

t.test('random bytes are refused with a typed error', t => {
  const random = new Random(2)
  for (let i = 0; i < 20_000; i++) {
    const bytes = random.bytes(random.below(6) * 8 + random.below(8))
    for (let at = 0; at + 8 <= bytes.length; at += 8)
      if (random.once(2)) bytes.set([random.pick([0xb7, 0x0f, 0x05, 0x15, 0x95, 0x85]), 0], at)
    try {
      const insns = decode(bytes)
      checkFlow(insns, findSubprogs(insns))
    } catch (err) {
      if (!(err instanceof BpfError)) t.fail(`${toHex(bytes)}: ${(err as Error).stack}`)
    }
  }
  t.end()
})

t.test("the text is that of the kernel's verifier", { skip: noKernelBpf() }, t => {
  const programs = Array.from({ length: 15 }, (_, i) => generate(i + 1))
  let lines = 0
  for (const [i, { log }] of kernelRunner()(programs, { log: 2 }).entries()) {
    const insns = decode(programs[i]!.bytes)
    for (const [, index, text] of log.matchAll(/^(\d+): (\([0-9a-f]{2}\) .*?)\s*(?:;.*)?$/gm)) {
      if (text !== print(insns[Number(index)]!)) t.equal(print(insns[Number(index)]!), text)
      lines++
    }
  }
  t.ok(lines > 1000, `${lines} lines compared`)
  t.end()
})
