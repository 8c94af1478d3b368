// A small assembler for tests: one instruction a line in the syntax of the kernel's disassembler (src/insn/print.ts), without the
// opcode in parentheses. Jumps and calls name a label (`loop:`) or `pc+N`; `//` begins a comment.
import { encode } from '../../src/insn/encode.ts'
import { type Insn, slotsOf } from '../../src/insn/insn.ts'
import { ALU_OPS, type AluOp, ATOMIC_OPS, type AtomicOp, JMP_OPS, type JmpOp, type Size } from '../../src/insn/opcode.ts'

/** Bytes of the program. @throws Error for a line that is no instruction */
export const assemble = (text: string): Uint8Array => encode(assembleInsns(text))

export function assembleInsns(text: string): Insn[] {
  const labels = new Map<string, number>()
  const lines: { readonly line: string; readonly index: number; readonly insn: Insn }[] = []
  let index = 0
  for (const raw of text.split(/[\n;]/)) {
    const line = raw.replace(/\/\/.*/, '').trim()
    const label = /^(\w+):$/.exec(line)
    if (label) labels.set(label[1]!, index)
    else if (line !== '') {
      const insn = parse(line, () => 0)
      lines.push({ line, index, insn })
      index += slotsOf(insn)
    }
  }
  return lines.map(({ line, index }) =>
    parse(line, target => {
      const relative = /^pc([+-]\d+)$/.exec(target)
      if (relative) return Number(relative[1])
      const at = labels.get(target)
      if (at === undefined) throw new Error(`no label ${target}`)
      return at - index - 1
    }),
  )
}

type Resolve = (target: string) => number
type Row = readonly [RegExp, (m: readonly string[], resolve: Resolve) => Insn]

const byText = (table: Readonly<Record<string, { readonly text: string }>>): Map<string, string> =>
  new Map(Object.entries(table).map(([op, { text }]) => [text, op]))
const aluByText = byText(ALU_OPS)
const jmpByText = byText(JMP_OPS)

const number = (text: string): number => Number(BigInt.asIntN(32, BigInt(text.startsWith('-') ? -BigInt(text.slice(1)) : text)))
const width = (letter: string): 32 | 64 => (letter === 'r' ? 64 : 32)
const size = (bits: string): Size => (Number(bits) / 8) as Size

const [INT, TARGET] = ['(-?\\w+)', '(\\S+)']
const MEM = '\\(u(8|16|32|64) \\*\\)\\(r(\\d+) ([+-]\\d+)\\)'
const re = (pattern: string): RegExp => new RegExp(`^${pattern}$`)

const ROWS: readonly Row[] = [
  [re('exit'), () => ({ kind: 'exit' })],
  [re(`(r|w)(\\d+) = -(?:r|w)\\d+`), ([, w, dst]) => ({ kind: 'neg', width: width(w!), dst: +dst! })],
  [
    re('(r|w)(\\d+) = \\(s(8|16|32)\\)(?:r|w)(\\d+)'),
    ([, w, dst, bits, src]) => ({ kind: 'movsx', width: width(w!), bits: +bits! as 8, dst: +dst!, src: +src! }),
  ],
  [
    re('r(\\d+) = (le|be|bswap)(16|32|64) r\\d+'),
    ([, dst, to, bits]) => ({ kind: 'end', to: to === 'bswap' ? 'swap' : (to as 'le'), bits: +bits! as 16, dst: +dst! }),
  ],
  [
    re('r(\\d+) = addr_space_cast\\(r(\\d+), (\\d+), (\\d+)\\)'),
    ([, dst, src, a, b]) => ({ kind: 'addr_space_cast', dst: +dst!, src: +src!, imm: (+a! << 16) | +b! }),
  ],
  [
    re(`r(\\d+) = ${INT} ll`),
    ([, dst, value]) => {
      const n = value!.startsWith('-') ? -BigInt(value!.slice(1)) : BigInt(value!)
      return {
        kind: 'ld_imm64',
        dst: +dst!,
        lo: Number(BigInt.asIntN(32, n)),
        hi: Number(BigInt.asIntN(32, n >> 32n)),
        pseudo: 0,
      }
    },
  ],
  [
    re(`r(\\d+) = func ${TARGET}`),
    ([, dst, target], resolve) => ({ kind: 'ld_imm64', dst: +dst!, lo: resolve(target!), hi: 0, pseudo: 4 }),
  ],
  [
    re('r(\\d+) = \\*\\((u|s)(8|16|32|64) \\*\\)\\(r(\\d+) ([+-]\\d+)\\)'),
    ([, dst, letter, bits, base, off]) => ({
      kind: 'load',
      size: size(bits!),
      signed: letter === 's',
      acquire: false,
      dst: +dst!,
      base: +base!,
      off: +off!,
    }),
  ],
  [
    re(`r(\\d+) = load_acquire\\(${MEM}\\)`),
    ([, dst, bits, base, off]) => ({
      kind: 'load',
      size: size(bits!),
      signed: false,
      acquire: true,
      dst: +dst!,
      base: +base!,
      off: +off!,
    }),
  ],
  [
    re(`store_release\\(${MEM}, r(\\d+)\\)`),
    ([, bits, base, off, src]) => ({
      kind: 'store',
      size: size(bits!),
      release: true,
      base: +base!,
      off: +off!,
      src: +src!,
      imm: 0,
    }),
  ],
  [
    re(`\\*${MEM} = (?:r(\\d+)|${INT})`),
    ([, bits, base, off, src, imm]) => ({
      kind: 'store',
      size: size(bits!),
      release: false,
      base: +base!,
      off: +off!,
      src: src === undefined ? null : +src,
      imm: src === undefined ? number(imm!) : 0,
    }),
  ],
  [
    re(`lock \\*${MEM} (\\S+) r(\\d+)`),
    ([, bits, base, off, op, src]) => ({
      kind: 'atomic',
      op: aluByText.get(op!) as AtomicOp,
      size: size(bits!) as 4,
      base: +base!,
      off: +off!,
      src: +src!,
    }),
  ],
  [
    re(`r\\d+ = atomic(?:64)?_(\\w+)\\(${MEM}, (?:r0, )?r(\\d+)\\)`),
    ([, op, bits, base, off, src]) => {
      if (!(op! in ATOMIC_OPS)) throw new Error(`no atomic operation ${op}`)
      return { kind: 'atomic', op: op as AtomicOp, size: size(bits!) as 4, base: +base!, off: +off!, src: +src! }
    },
  ],
  [
    re(`if (r|w)(\\d+) (\\S+) (?:(?:r|w)(\\d+)|${INT}) goto ${TARGET}`),
    ([, w, dst, op, src, imm, target], resolve) => ({
      kind: 'jump',
      op: jmpByText.get(op!) as JmpOp,
      width: width(w!),
      dst: +dst!,
      src: src === undefined ? null : +src,
      imm: src === undefined ? number(imm!) : 0,
      off: resolve(target!),
    }),
  ],
  [re(`goto(l?) ${TARGET}`), ([, l, target], resolve) => ({ kind: 'goto', long: l === 'l', off: resolve(target!) })],
  [re(`may_goto ${TARGET}`), ([, target], resolve) => ({ kind: 'may_goto', off: resolve(target!) })],
  [re('callx r(\\d+)'), ([, dst]) => ({ kind: 'callx', dst: +dst! })],
  [re('call kfunc#(\\d+)'), ([, id]) => ({ kind: 'call', to: 'kfunc', imm: +id!, off: 0 })],
  [re('call \\w*#(\\d+)'), ([, id]) => ({ kind: 'call', to: 'helper', imm: +id!, off: 0 })],
  [re(`call ${TARGET}`), ([, target], resolve) => ({ kind: 'call', to: 'local', imm: resolve(target!), off: 0 })],
  [
    re(`(r|w)(\\d+) (\\S+) (?:(?:r|w)(\\d+)|${INT})`),
    ([, w, dst, op, src, imm]) => ({
      kind: 'alu',
      op: aluByText.get(op!) as AluOp,
      width: width(w!),
      dst: +dst!,
      src: src === undefined ? null : +src,
      imm: src === undefined ? number(imm!) : 0,
    }),
  ],
]

function parse(line: string, resolve: Resolve): Insn {
  for (const [pattern, make] of ROWS) {
    const match = pattern.exec(line)
    if (match) {
      const insn = make(match, resolve)
      if ('op' in insn && insn.op === undefined) break
      return insn
    }
  }
  throw new Error(`no instruction: ${line}`)
}
