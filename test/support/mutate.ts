// Damaged BPF objects: changes of real ones, most of them where they matter: instructions, definitions of maps, relocations, headers.
import fc from 'fast-check'
import { parseElf } from '../../src/elf/parse.ts'
import { SHF_EXECINSTR } from '../../src/elf/structs.ts'

/** Bytes of a file that are of one kind: `count` pieces of `size` bytes. */
interface Area {
  readonly at: number
  readonly count: number
  readonly size: number
}

/** An object to be damaged, with the places where that is worth while. */
export interface Seed {
  readonly name: string
  readonly bytes: Uint8Array
  readonly areas: Readonly<Record<AreaKind, readonly Area[]>>
}

/** `length` are the u32 of BTF arrays, which are the numbers in definitions of maps. */
type AreaKind = 'insn' | 'word' | 'length' | 'reloc' | 'symbol' | 'ext' | 'header'

const SECTION_HEADER = 64
const DEBUG = /debug|llvm/

/** Finds the places in an object. */
export function seedOf(name: string, bytes: Uint8Array): Seed {
  const { sections } = parseElf(bytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const read = sections.filter(({ data, name }) => data.length > 0 && !DEBUG.test(name))
  const areaOf = (size: number, part: typeof sections): Area[] =>
    part.map(({ data }) => ({ at: data.byteOffset - bytes.byteOffset, count: Math.floor(data.length / size), size }))
  const btf = read.find(({ name }) => name === '.BTF')
  return {
    name,
    bytes,
    areas: {
      insn: areaOf(
        8,
        read.filter(({ flags }) => flags & SHF_EXECINSTR),
      ),
      word: areaOf(4, read),
      length: btf ? arrayLengths(view, btf.data.byteOffset - bytes.byteOffset) : [],
      reloc: areaOf(
        16,
        read.filter(({ name }) => name.startsWith('.rel')),
      ),
      symbol: areaOf(
        24,
        read.filter(({ name }) => name === '.symtab'),
      ),
      ext: areaOf(
        4,
        read.filter(({ name }) => name === '.BTF.ext'),
      ),
      header: [
        { at: 16, count: 12, size: 4 },
        { at: Number(view.getBigUint64(40, true)), count: sections.length * (SECTION_HEADER / 4), size: 4 },
      ],
    },
  }
}

/** Words behind struct btf_type by kind: a number, or a number for each member. */
const BTF_ARRAY = 3
const WORDS: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  1: [1, 0],
  3: [3, 0],
  4: [0, 3],
  5: [0, 3],
  6: [0, 2],
  13: [0, 2],
  14: [1, 0],
  15: [0, 3],
  17: [1, 0],
  19: [0, 3],
}

function arrayLengths(view: DataView, at: number): Area[] {
  const start = at + view.getUint32(at + 4, true) + view.getUint32(at + 8, true)
  const end = start + view.getUint32(at + 12, true)
  const found: Area[] = []
  for (let type = start; type + 12 <= end; ) {
    const info = view.getUint32(type + 4, true)
    const kind = (info >>> 24) & 31
    const [fixed, each] = WORDS[kind] ?? [0, 0]
    if (kind === BTF_ARRAY) found.push({ at: type + 20, count: 1, size: 4 })
    type += 12 + 4 * (fixed + each * (info & 0xffff))
  }
  return found
}

const NUMBERS = [0, 1, 2, 3, 4, 7, 8, 9, 12, 16, 27, 28, 29, 32, 64, 255, 4096, 65536, 0xffff, 0x7fff, 0x8000, 1 << 20, 1 << 24]
const EDGES = [0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff, 0xfffffff0, 0xffff0000, 0xffffc900, 0x00100000, 0x40000000]
const number = fc.oneof(
  fc.constantFrom(...NUMBERS, ...EDGES),
  fc.nat(300),
  fc.nat(0xffffffff),
  fc.integer({ min: -4096, max: -1 }).map(n => n >>> 0),
)

/** Helpers that work on memory, and ids around all. */
const HELPERS = [
  1, 2, 3, 4, 12, 45, 67, 87, 88, 89, 91, 105, 106, 112, 113, 114, 115, 126, 127, 130, 131, 132, 133, 134, 147, 148,
]
const MORE_HELPERS = [
  150, 156, 157, 158, 164, 165, 168, 180, 181, 182, 191, 194, 195, 197, 198, 199, 200, 201, 202, 203, 209, 210,
]
const helper = fc.oneof(fc.constantFrom(...HELPERS, ...MORE_HELPERS), fc.nat(215))
const OPCODES = [
  ...[
    0x07, 0x0f, 0x17, 0x1f, 0x27, 0x37, 0x47, 0x57, 0x67, 0x77, 0x87, 0xb7, 0xbf, 0xc7, 0xd7, 0xdc, 0xd4, 0x04, 0xb4, 0xbc, 0x64,
  ],
  ...[0x18, 0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91, 0x62, 0x6a, 0x72, 0x7a, 0x63, 0x6b, 0x73, 0x7b, 0xc3, 0xdb],
  ...[
    0x05, 0x06, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x45, 0x55, 0x5d, 0x65, 0x75, 0xa5, 0xb5, 0xc5, 0xd5, 0x16, 0x56, 0x85, 0x95, 0xe5,
  ],
]

const KINDS = {
  opcode: 6,
  regs: 6,
  off: 8,
  imm: 10,
  copy: 6,
  swap: 4,
  helper: 6,
  store: 8,
  add: 6,
  jump: 4,
  drop: 3,
  word: 4,
  bit: 4,
  length: 10,
  reloc: 5,
  symbol: 3,
  ext: 4,
  header: 2,
  sections: 1,
} as const
type Kind = keyof typeof KINDS

interface Change {
  readonly kind: Kind
  /** Which area, and which piece of it. */
  readonly area: number
  readonly piece: number
  readonly other: number
  readonly number: number
  readonly helper: number
}

export interface Damage {
  readonly seed: number
  readonly changes: readonly Change[]
  /** Cut to this part of its length, in 1/65536; null: whole. */
  readonly cut: number | null
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.oneof(...(Object.keys(KINDS) as Kind[]).map(kind => ({ weight: KINDS[kind], arbitrary: fc.constant(kind) }))),
  area: fc.nat(1 << 16),
  piece: fc.nat(1 << 20),
  other: fc.nat(1 << 20),
  number,
  helper,
})

export const damage: fc.Arbitrary<Damage> = fc.record({
  seed: fc.nat(1 << 16),
  changes: fc.oneof(
    { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(change, { minLength: 4, maxLength: 12 }) },
  ),
  cut: fc.oneof({ weight: 40, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(0xffff) }),
})

/** The object that a damage makes. */
export function damaged(
  seeds: readonly Seed[],
  { seed, changes, cut }: Damage,
): { readonly name: string; readonly bytes: Uint8Array } {
  const { name, bytes: whole, areas } = seeds[seed % seeds.length]!
  const bytes = whole.slice()
  for (const one of changes) apply(bytes, areas, one)
  return { name, bytes: cut === null ? bytes : bytes.subarray(0, Math.floor((cut / 65536) * bytes.length)) }
}

/** Which areas a kind of change is about; instructions for all others. */
const AREA: { readonly [K in Kind]?: AreaKind } = {
  word: 'word',
  bit: 'word',
  length: 'length',
  reloc: 'reloc',
  symbol: 'symbol',
  ext: 'ext',
  header: 'header',
  sections: 'header',
}

const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const
const classOf = (code: number): number => code & 7
/** Whether the operation has a register as its second operand. */
const isX = (code: number): boolean =>
  classOf(code) === CLASS.LDX || classOf(code) === CLASS.STX || (classOf(code) >= CLASS.ALU && (code & 8) !== 0)
const isAccess = (code: number): boolean => classOf(code) >= CLASS.LDX && classOf(code) <= CLASS.STX
const isJump = (code: number): boolean => (classOf(code) === CLASS.JMP && code < 0x80) || classOf(code) === CLASS.JMP32
const hasImm = (code: number): boolean =>
  (classOf(code) >= CLASS.ALU && !isX(code) && code < 0xd0 && code !== 0x95) || classOf(code) === CLASS.ST
/** Calls and 64-bit immediates have relocations, which other instructions do not fit. */
const isPlain = (code: number): boolean => code !== 0x18 && code !== 0 && code !== 0x85

/** Which instructions a kind of change is about. */
const FITS: { readonly [K in Kind]?: (code: number) => boolean } = {
  opcode: isPlain,
  regs: code => isPlain(code) && (isAccess(code) || classOf(code) >= CLASS.ALU),
  off: code => isAccess(code) || isJump(code),
  imm: hasImm,
  copy: isPlain,
  swap: isPlain,
  helper: isPlain,
  store: isPlain,
  add: isPlain,
  jump: isPlain,
  drop: isPlain,
}

function apply(bytes: Uint8Array, areas: Seed['areas'], { kind, area, piece, other, number, helper }: Change): void {
  const list = areas[AREA[kind] ?? 'insn']
  const { at: start, count, size } = list[area % (list.length || 1)] ?? { at: 0, count: 1, size: 4 }
  if (count === 0) return
  let at = start + (piece % count) * size
  // The next instruction for which the change means something; the first ones, when there is none.
  for (let i = 0; FITS[kind]?.(bytes[at]!) === false && i < count; i++) at = start + ((piece + i) % count) * size
  const from = start + (other % count) * size
  const view = new DataView(bytes.buffer)
  /** An instruction: `regs` has the destination in its low half. */
  const insn = (code: number, regs: number, off: number, imm: number): void => {
    view.setUint8(at, code)
    view.setUint8(at + 1, regs)
    view.setInt16(at + 2, off, true)
    view.setInt32(at + 4, imm, true)
  }
  switch (kind) {
    case 'opcode': {
      // Mostly of the same kind, so that the other fields fit.
      const code = view.getUint8(at)
      const alike = OPCODES.filter(op => classOf(op) === classOf(code) && isX(op) === isX(code))
      const list = other & 7 && alike.length > 0 ? alike : OPCODES
      return view.setUint8(at, list[(other >>> 3) % list.length]!)
    }
    case 'regs': {
      const regs = view.getUint8(at + 1)
      const source = isX(view.getUint8(at)) ? ((other >>> 4) % 11) << 4 : regs & 0xf0
      return view.setUint8(at + 1, other & 0x100 ? source | (regs & 15) : (regs & 0xf0) | (other % 10))
    }
    case 'off':
      return view.setInt16(at + 2, number, true)
    case 'imm':
      return view.setInt32(at + 4, number, true)
    case 'copy':
      bytes.copyWithin(at, from, from + size)
      return
    case 'swap': {
      const kept = bytes.slice(at, at + size)
      bytes.copyWithin(at, from, from + size)
      bytes.set(kept, from)
      return
    }
    case 'helper':
      return insn(0x85, 0, 0, helper)
    case 'store':
      return other & 1
        ? insn([0x7b, 0x63, 0x73][(other >>> 1) % 3]!, ((other >>> 3) % 10) | (((other >>> 8) % 10) << 4), number, 0)
        : insn([0x7a, 0x62, 0x72][(other >>> 1) % 3]!, (other >>> 3) % 10, number, helper)
    case 'add':
      return insn(0x07, other % 10, 0, number)
    case 'jump':
      return insn(0x05, 0, (other % 64) - 48, 0)
    case 'drop':
      return insn(0xbf, 0, 0, 0)
    case 'bit':
      bytes[at + (other & 3)]! ^= 1 << (number & 7)
      return
    case 'symbol':
    case 'reloc':
      return view.setUint32(at + 4 * (other % (size / 4)), number & 1 ? number : from % 64, true)
    case 'sections': {
      const headers = areas.header[1]!
      const sections = headers.count / 16
      const [a, b] = [piece % sections, other % sections].map(i => headers.at + i * SECTION_HEADER) as [number, number]
      const kept = bytes.slice(a + 24, a + 40)
      bytes.copyWithin(a + 24, b + 24, b + 40)
      bytes.set(kept, b + 24)
      return
    }
    default:
      return view.setUint32(at, number, true)
  }
}
