// Bytes to instructions. Refused here is what the kernel refuses before it looks at values: opcodes that do not exist, registers
// above r10, writes to r10, reserved fields that are not 0 (resolve_pseudo_ldimm64(), check_alu_op(), do_check()).
import { fail } from './error.ts'
import { FP, INSN_SIZE, type Insn } from './insn.ts'
import { ADDR_SPACE_CAST, ATOMIC_BY_IMM, CALL_KIND, FORMS, type Form, LOAD_ACQ, PSEUDO, STORE_REL } from './opcode.ts'

/** The fields of the instruction that is decoded, as they are encoded; `off` and `imm` signed. One object is filled again and again. */
interface RawInsn {
  index: number
  opcode: number
  dst: number
  src: number
  off: number
  imm: number
}

function readRaw(raw: RawInsn, view: DataView, index: number): void {
  const at = index * INSN_SIZE
  const regs = view.getUint8(at + 1)
  raw.index = index
  raw.opcode = view.getUint8(at)
  raw.dst = regs & 15
  raw.src = regs >> 4
  raw.off = view.getInt16(at + 2, true)
  raw.imm = view.getInt32(at + 4, true)
}

/**
 * All instructions of a program by index, null for the second half of a 64-bit immediate.
 * @throws BpfError INSN_* for bytes that are no instructions
 */
export function decode(bytes: Uint8Array): (Insn | null)[] {
  if (bytes.length === 0 || bytes.length % INSN_SIZE !== 0) fail('INSN_SIZE', { got: bytes.length })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const count = bytes.length / INSN_SIZE
  const insns = new Array<Insn | null>(count).fill(null)
  const raw: RawInsn = { index: 0, opcode: 0, dst: 0, src: 0, off: 0, imm: 0 }
  for (let index = 0; index < count; index++) {
    readRaw(raw, view, index)
    const form = FORMS[raw.opcode]
    if (form === undefined) return fail('INSN_OPCODE', { insn: index, opcode: raw.opcode })
    if (form.kind === 'ld_imm64') insns[index++] = imm64(raw, view, count)
    else insns[index] = DECODE[form.kind](raw, form as never)
  }
  return insns
}

type Decoders = { [K in Exclude<Form['kind'], 'ld_imm64'>]: (raw: RawInsn, form: Extract<Form, { kind: K }>) => Insn }

const DECODE: Decoders = {
  alu(raw, form) {
    const { op, width, x } = form
    if (op === 'mov' && x && raw.off !== 0) return movsx(raw, width)
    const signed = raw.off === 1 && form.signedOp !== op
    if (!signed) reserved(raw, OFF)
    const dst = target(raw)
    return { kind: 'alu', op: signed ? form.signedOp : op, width, dst, src: rhs(raw, x), imm: raw.imm }
  },
  neg(raw, { width }) {
    reserved(raw, SRC | OFF | IMM)
    return { kind: 'neg', width, dst: target(raw) }
  },
  end(raw, { to }) {
    reserved(raw, SRC | OFF)
    if (raw.imm !== 16 && raw.imm !== 32 && raw.imm !== 64) return wrongField(raw, 'imm', '16, 32 or 64')
    return { kind: 'end', to, bits: raw.imm, dst: target(raw) }
  },
  jump(raw, { op, width, x }) {
    return { kind: 'jump', op, width, dst: reg(raw, raw.dst), off: raw.off, src: rhs(raw, x), imm: raw.imm }
  },
  goto(raw, { long }) {
    reserved(raw, DST | SRC | (long ? OFF : IMM))
    return { kind: 'goto', long, off: long ? raw.imm : raw.off }
  },
  may_goto(raw) {
    reserved(raw, DST | SRC | IMM)
    return { kind: 'may_goto', off: raw.off }
  },
  call(raw) {
    reserved(raw, DST)
    if (raw.src !== CALL_KIND.KFUNC) reserved(raw, OFF)
    const to = (['helper', 'local', 'kfunc'] as const)[raw.src] ?? wrongField(raw, 'src_reg', '0, 1 or 2')
    return { kind: 'call', to, imm: raw.imm, off: raw.off }
  },
  // Clang 14 to 18 put the register into imm.
  callx(raw) {
    reserved(raw, SRC | OFF)
    if (raw.dst !== 0) reserved(raw, IMM)
    const number = raw.dst !== 0 ? raw.dst : raw.imm
    return { kind: 'callx', dst: reg(raw, number >>> 0) }
  },
  exit(raw) {
    reserved(raw, DST | SRC | OFF | IMM)
    return { kind: 'exit' }
  },
  load(raw, { size, signed }) {
    reserved(raw, IMM)
    return { kind: 'load', size, signed, acquire: false, dst: target(raw), base: reg(raw, raw.src), off: raw.off }
  },
  store(raw, { size, x }) {
    return { kind: 'store', size, release: false, base: reg(raw, raw.dst), off: raw.off, src: rhs(raw, x), imm: raw.imm }
  },
  atomic(raw, { size }) {
    const { imm, off } = raw
    if (imm === LOAD_ACQ)
      return { kind: 'load', size, signed: false, acquire: true, dst: target(raw), base: reg(raw, raw.src), off }
    if (imm === STORE_REL)
      return { kind: 'store', size, release: true, base: reg(raw, raw.dst), off, src: reg(raw, raw.src), imm: 0 }
    const op = ATOMIC_BY_IMM.get(imm)
    if (op === undefined) return wrongField(raw, 'imm', 'an atomic operation')
    if (size !== 4 && size !== 8) return wrongField(raw, 'imm', 'load-acquire or store-release with 1 or 2 bytes')
    // The old value goes to src, but of cmpxchg to r0.
    const src = op.startsWith('fetch') || op === 'xchg' ? writable(raw, raw.src) : reg(raw, raw.src)
    return { kind: 'atomic', op, size, base: reg(raw, raw.dst), off, src }
  },
  packet(raw, { name }) {
    return fail('INSN_REFUSED', { insn: raw.index, opcode: raw.opcode, name, why: 'it reads packets of socket filters' })
  },
}

function movsx(raw: RawInsn, width: 32 | 64): Insn {
  if (width === 64 && raw.off === ADDR_SPACE_CAST)
    return { kind: 'addr_space_cast', dst: target(raw), src: reg(raw, raw.src), imm: raw.imm }
  const { off } = raw
  if (off !== 8 && off !== 16 && (off !== 32 || width === 32))
    return wrongField(raw, 'off', width === 64 ? '0, 8, 16 or 32' : '0, 8 or 16')
  reserved(raw, IMM)
  return { kind: 'movsx', width, bits: off, dst: target(raw), src: reg(raw, raw.src) }
}

function imm64(raw: RawInsn, view: DataView, count: number): Insn {
  const second = (raw.index + 1) * INSN_SIZE
  // Opcode, registers and off of the second half are 0.
  if (raw.index + 1 >= count || view.getUint32(second, true) !== 0) return fail('INSN_IMM64', { insn: raw.index })
  reserved(raw, OFF)
  if (raw.src > PSEUDO.MAP_IDX_VALUE) wrongField(raw, 'src_reg', '0 to 6')
  return { kind: 'ld_imm64', dst: target(raw), lo: raw.imm, hi: view.getInt32(second + 4, true), pseudo: raw.src }
}

/** The register that is the second operand, with imm 0; null for an immediate, with src_reg 0. */
function rhs(raw: RawInsn, x: boolean): number | null {
  reserved(raw, x ? IMM : SRC)
  return x ? reg(raw, raw.src) : null
}

/** Fields, as bits. */
const [DST, SRC, OFF, IMM] = [1, 2, 4, 8]

function reserved(raw: RawInsn, fields: number): void {
  if (fields & DST && raw.dst !== 0) notZero(raw, 'dst_reg', raw.dst)
  if (fields & SRC && raw.src !== 0) notZero(raw, 'src_reg', raw.src)
  if (fields & OFF && raw.off !== 0) notZero(raw, 'off', raw.off)
  if (fields & IMM && raw.imm !== 0) notZero(raw, 'imm', raw.imm)
}

const notZero = (raw: RawInsn, field: string, got: number): never =>
  fail('INSN_FIELD', { insn: raw.index, opcode: raw.opcode, field, want: '0 (reserved)', got })

const wrongField = (raw: RawInsn, field: 'imm' | 'off' | 'src_reg', want: string): never =>
  fail('INSN_FIELD', { insn: raw.index, opcode: raw.opcode, field, want, got: field === 'src_reg' ? raw.src : raw[field] })

const reg = (raw: RawInsn, number: number): number =>
  number <= FP ? number : fail('INSN_REG', { insn: raw.index, opcode: raw.opcode, reg: number })

const writable = (raw: RawInsn, number: number): number =>
  number === FP ? fail('INSN_FP', { insn: raw.index, opcode: raw.opcode }) : reg(raw, number)

const target = (raw: RawInsn): number => writable(raw, raw.dst)
