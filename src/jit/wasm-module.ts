// Writes the binary format of WebAssembly: LEB numbers, sections, functions. Knows nothing of BPF.

export const I32 = 0x7f
export const I64 = 0x7e
export const F64 = 0x7c
/** Type of a block without result. */
export const VOID = 0x40
export type ValType = typeof I32 | typeof I64 | typeof F64

/** Opcodes of the instructions that the compiler uses. */
export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  br_table: 0x0e,
  return: 0x0f,
  call: 0x10,
  call_indirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  local_get: 0x20,
  local_set: 0x21,
  local_tee: 0x22,
  i32_load: 0x28,
  i64_load: 0x29,
  i32_load8_u: 0x2d,
  i32_load16_u: 0x2f,
  i64_load8_s: 0x30,
  i64_load8_u: 0x31,
  i64_load16_s: 0x32,
  i64_load16_u: 0x33,
  i64_load32_s: 0x34,
  i64_load32_u: 0x35,
  i32_store: 0x36,
  i64_store: 0x37,
  i64_store8: 0x3c,
  i64_store16: 0x3d,
  i64_store32: 0x3e,
  i32_const: 0x41,
  i64_const: 0x42,
  i32_eqz: 0x45,
  i32_eq: 0x46,
  i32_ne: 0x47,
  i32_lt_s: 0x48,
  i32_lt_u: 0x49,
  i32_gt_s: 0x4a,
  i32_gt_u: 0x4b,
  i32_le_s: 0x4c,
  i32_le_u: 0x4d,
  i32_ge_s: 0x4e,
  i32_ge_u: 0x4f,
  i64_eqz: 0x50,
  i64_eq: 0x51,
  i64_ne: 0x52,
  i64_lt_s: 0x53,
  i64_lt_u: 0x54,
  i64_gt_s: 0x55,
  i64_gt_u: 0x56,
  i64_le_s: 0x57,
  i64_le_u: 0x58,
  i64_ge_s: 0x59,
  i64_ge_u: 0x5a,
  i32_add: 0x6a,
  i32_sub: 0x6b,
  i32_mul: 0x6c,
  i32_div_s: 0x6d,
  i32_div_u: 0x6e,
  i32_rem_s: 0x6f,
  i32_rem_u: 0x70,
  i32_and: 0x71,
  i32_or: 0x72,
  i32_xor: 0x73,
  i32_shl: 0x74,
  i32_shr_s: 0x75,
  i32_shr_u: 0x76,
  i32_rotl: 0x77,
  i64_add: 0x7c,
  i64_sub: 0x7d,
  i64_mul: 0x7e,
  i64_div_s: 0x7f,
  i64_div_u: 0x80,
  i64_rem_s: 0x81,
  i64_rem_u: 0x82,
  i64_and: 0x83,
  i64_or: 0x84,
  i64_xor: 0x85,
  i64_shl: 0x86,
  i64_shr_s: 0x87,
  i64_shr_u: 0x88,
  i64_rotl: 0x89,
  i32_wrap_i64: 0xa7,
  i64_extend_i32_s: 0xac,
  i64_extend_i32_u: 0xad,
  i32_extend8_s: 0xc0,
  i32_extend16_s: 0xc1,
  i64_extend8_s: 0xc2,
  i64_extend16_s: 0xc3,
  i64_extend32_s: 0xc4,
} as const
/** Behind the prefix 0xfc. */
const I64_TRUNC_SAT_F64_S = 6

/** A growing run of bytes, with the encodings of numbers and of instructions with operands. */
export class Code {
  #bytes = new Uint8Array(4096)
  length = 0

  /** What was written. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  u8(byte: number): void {
    if (this.length === this.#bytes.length) this.#grow(1)
    this.#bytes[this.length++] = byte
  }

  #grow(size: number): void {
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + size))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }

  append(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.#bytes.length) this.#grow(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Unsigned LEB128 of a number below 2^32. */
  u32(value: number): void {
    let rest = value >>> 0
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.u8(rest)
  }

  /** Signed LEB128 of a signed 32-bit number, as 32 or 64 bits. */
  s32(value: number): void {
    let rest = value | 0
    while (rest < -64 || rest > 63) {
      this.u8((rest & 0x7f) | 0x80)
      rest >>= 7
    }
    this.u8(rest & 0x7f)
  }

  /** Signed LEB128 of a 64-bit number by halves. */
  s64(lo: number, hi: number): void {
    let [low, high] = [lo | 0, hi | 0]
    while (high !== low >> 31 || low < -64 || low > 63) {
      this.u8((low & 0x7f) | 0x80)
      low = (low >>> 7) | (high << 25)
      high >>= 7
    }
    this.u8(low & 0x7f)
  }

  name(text: string): void {
    this.u32(text.length)
    for (let i = 0; i < text.length; i++) this.u8(text.charCodeAt(i))
  }

  /** Keeps room for a size that patch() fills in. */
  reserve(): number {
    for (let i = 0; i < 5; i++) this.u8(0)
    return this.length
  }

  /** Fills in the bytes written since reserve(), as a LEB128 of 5 bytes. */
  patch(mark: number): void {
    let size = this.length - mark
    for (let i = 5; i > 0; i--) {
      this.#bytes[mark - i] = (size & 0x7f) | (i > 1 ? 0x80 : 0)
      size >>>= 7
    }
  }

  get(local: number): void {
    this.u8(OP.local_get)
    this.u32(local)
  }

  set(local: number): void {
    this.u8(OP.local_set)
    this.u32(local)
  }

  tee(local: number): void {
    this.u8(OP.local_tee)
    this.u32(local)
  }

  i32(value: number): void {
    this.u8(OP.i32_const)
    this.s32(value)
  }

  /** A 64-bit constant: a signed 32-bit number. */
  i64(value: number): void {
    this.u8(OP.i64_const)
    this.s32(value)
  }

  i64Halves(lo: number, hi: number): void {
    this.u8(OP.i64_const)
    this.s64(lo, hi)
  }

  /** A load or store at a constant distance; the alignment is a hint that nothing heeds. */
  mem(op: number, offset = 0): void {
    this.u8(op)
    this.u8(0)
    this.u32(offset)
  }

  call(func: number): void {
    this.u8(OP.call)
    this.u32(func)
  }

  br(depth: number): void {
    this.u8(OP.br)
    this.u32(depth)
  }

  brIf(depth: number): void {
    this.u8(OP.br_if)
    this.u32(depth)
  }

  /** Where the instructions stand whose condition rarely (0) or mostly (1) holds, see ModuleWriter. */
  readonly hints: [at: number, likely: 0 | 1][] = []

  /** An if whose condition rarely (0) or mostly (1) holds. */
  openLikely(likely: 0 | 1, type: number = VOID): void {
    this.hints.push([this.length, likely])
    this.open(OP.if, type)
  }

  /** block, loop or if, with its result type. */
  open(op: number, type: number = VOID): void {
    this.u8(op)
    this.u8(type)
  }

  truncSatF64(): void {
    this.u8(0xfc)
    this.u8(I64_TRUNC_SAT_F64_S)
  }
}

const SECTION = { CUSTOM: 0, TYPE: 1, IMPORT: 2, FUNCTION: 3, TABLE: 4, EXPORT: 7, ELEMENT: 9, CODE: 10 } as const
const FUNCREF = 0x70

/** A module: imports first, then functions in the order of their bodies. */
export class ModuleWriter {
  readonly #types: string[] = []
  readonly #typeBytes = new Code()
  readonly #imports = new Code()
  #importCount = 0
  #importedFuncs = 0
  readonly #funcTypes: number[] = []
  readonly #exports = new Code()
  #exportCount = 0
  #table: readonly number[] = []
  /** Bodies of functions. */
  readonly code = new Code()
  #mark = 0
  /** Branch hints of each function that has some. */
  readonly #hints = new Code()
  #hintedFuncs = 0

  /** Index of a function type. */
  type(params: readonly ValType[], results: readonly ValType[]): number {
    const key = `${params} ${results}`
    const known = this.#types.indexOf(key)
    if (known >= 0) return known
    this.#typeBytes.u8(0x60)
    for (const list of [params, results]) {
      this.#typeBytes.u32(list.length)
      for (const type of list) this.#typeBytes.u8(type)
    }
    return this.#types.push(key) - 1
  }

  /** Index of an imported function. */
  importFunc(module: string, name: string, type: number): number {
    this.#import(module, name)
    this.#imports.u8(0)
    this.#imports.u32(type)
    return this.#importedFuncs++
  }

  importMemory(module: string, name: string, minimum: number): void {
    this.#import(module, name)
    this.#imports.u8(2)
    this.#imports.u8(0)
    this.#imports.u32(minimum)
  }

  #import(module: string, name: string): void {
    this.#imports.name(module)
    this.#imports.name(name)
    this.#importCount++
  }

  /** Index that the next function will have; all imports are known then. */
  get nextFunc(): number {
    return this.#importedFuncs + this.#funcTypes.length
  }

  /** Begins a function in `code`; `locals` are its locals behind the parameters. Its index. */
  beginFunc(type: number, locals: readonly (readonly [count: number, type: ValType])[]): number {
    this.#mark = this.code.reserve()
    this.code.u32(locals.length)
    for (const [count, valType] of locals) {
      this.code.u32(count)
      this.code.u8(valType)
    }
    return this.#importedFuncs + this.#funcTypes.push(type) - 1
  }

  endFunc(): void {
    const { code } = this
    code.u8(OP.end)
    code.patch(this.#mark)
    if (code.hints.length === 0) return
    this.#hintedFuncs++
    this.#hints.u32(this.nextFunc - 1)
    this.#hints.u32(code.hints.length)
    for (const [at, likely] of code.hints.splice(0)) {
      this.#hints.u32(at - this.#mark)
      this.#hints.u32(1)
      this.#hints.u8(likely)
    }
  }

  exportFunc(name: string, func: number): void {
    this.#exports.name(name)
    this.#exports.u8(0)
    this.#exports.u32(func)
    this.#exportCount++
  }

  /** The functions that call_indirect reaches. */
  table(funcs: readonly number[]): void {
    this.#table = funcs
  }

  /** The module, and where its code begins in it: offsets in stack traces count from the beginning of the module. */
  finish(): { readonly bytes: Uint8Array; readonly codeAt: number } {
    const out = new Code()
    out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))
    const section = (id: number, count: number, write: () => void): void => {
      out.u8(id)
      const mark = out.reserve()
      out.u32(count)
      write()
      out.patch(mark)
    }
    section(SECTION.TYPE, this.#types.length, () => out.append(this.#typeBytes.bytes))
    section(SECTION.IMPORT, this.#importCount, () => out.append(this.#imports.bytes))
    section(SECTION.FUNCTION, this.#funcTypes.length, () => {
      for (const type of this.#funcTypes) out.u32(type)
    })
    section(SECTION.TABLE, 1, () => {
      out.u8(FUNCREF)
      out.u8(0)
      out.u32(this.#table.length)
    })
    section(SECTION.EXPORT, this.#exportCount, () => out.append(this.#exports.bytes))
    section(SECTION.ELEMENT, 1, () => {
      out.u32(0)
      out.i32(0)
      out.u8(OP.end)
      out.u32(this.#table.length)
      for (const func of this.#table) out.u32(func)
    })
    if (this.#hintedFuncs > 0) {
      out.u8(SECTION.CUSTOM)
      const mark = out.reserve()
      out.name('metadata.code.branch_hint')
      out.u32(this.#hintedFuncs)
      out.append(this.#hints.bytes)
      out.patch(mark)
    }
    let codeAt = 0
    section(SECTION.CODE, this.#funcTypes.length, () => {
      codeAt = out.length
      out.append(this.code.bytes)
    })
    return { bytes: out.bytes, codeAt }
  }
}
