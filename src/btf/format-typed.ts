// Typed memory as text, as bpf_seq_printf_btf() and bpf_snprintf_btf() print it (btf_show of kernel/bpf/btf.c, whose state machine this is,
// with what it does in corners: elements of arrays of pointers are all read at the first one's place, members of structs in arrays have no
// names, bitfields are hexadecimal).
import { EINVAL } from '../util/errno.ts'
import { KIND_NUMBER } from './kinds.ts'
import { nameOf, sizeOrNull, skipModifiers, skipQualifiers, typeOf } from './query.ts'
import { BTF_INT_CHAR, BTF_INT_SIGNED, type Btf, type BtfMember, type BtfType } from './types.ts'

/** One line, without a newline at its end. */
export const BTF_F_COMPACT = 1
/** Without types and names of members. */
export const BTF_F_NONAME = 2
/** Pointers as they are; hashed without it. */
export const BTF_F_PTR_RAW = 4
/** With members that are zero. */
export const BTF_F_ZERO = 8

/** Bytes copied at a time, and how many must be left of them for the next value. */
const SAFE_SIZE = 32
const BASE_TYPE_SIZE = 16
/** Pointers, arrays and typedefs around one type. */
const MAX_ITER = 10
/** Bytes of a name with its casts, the NUL included. */
const NAME_SIZE = 80
const MAX_INDENT = 32

export interface TypedText {
  readonly text: string
  /** 0, or the negative errno of the last piece that could not be read: what the helpers return. The text before it stays. */
  readonly status: number
}

/** `size` bytes at `off` from the object, or a negative errno. */
export type ReadObject = (off: number, size: number) => Uint8Array | number

/**
 * The object of type `typeId` as text.
 * @param flags BTF_F_*
 * @param hash the 16 digits of a pointer as `%p` prints them
 */
export function formatTyped(
  btf: Btf,
  typeId: number,
  read: ReadObject,
  flags: number,
  hash: (pointer: bigint) => string,
): TypedText {
  const show = new Show(btf, read, flags, hash)
  show.type(typeOf(btf, typeId), typeId, 0, 0)
  return { text: show.text, status: show.status }
}

type Of<K extends BtfType['kind']> = Extract<BtfType, { kind: K }>
type Composite = Of<'struct' | 'union'>

class Show {
  text = ''
  status = 0
  readonly #btf: Btf
  readonly #read: ReadObject
  readonly #flags: number
  readonly #hash: (pointer: bigint) => string
  // State, with the kernel's names.
  #depth = 0
  #depthToShow = 0
  /** Nothing is printed while it is set: the first walk over a composite finds out whether anything in it is not zero. */
  #depthCheck = 0
  #arrayMember = false
  #arrayTerminated = false
  #arrayEncoding = 0
  #typeId = 0
  #type: BtfType | null = null
  #member: BtfMember | null = null
  /** The copy of what is read, and where in the object it begins. */
  readonly #safe = new DataView(new ArrayBuffer(SAFE_SIZE))
  #safeAt = 0
  #size = 0

  constructor(btf: Btf, read: ReadObject, flags: number, hash: (pointer: bigint) => string) {
    this.#btf = btf
    this.#read = read
    this.#flags = flags
    this.#hash = hash
  }

  /** One value of type `type`; `id` is that of the type before typedefs, `at` its place in the object. */
  type(type: BtfType, id: number, at: number, bitOff: number): void {
    switch (type.kind) {
      case 'int':
        return this.#int(type, id, at, bitOff)
      case 'ptr':
        return this.#pointer(type, id, at)
      case 'enum':
      case 'enum64':
        return this.#enum(type, id, at)
      case 'array':
        return this.#twice(() => this.#array(type, id, at, bitOff))
      case 'struct':
      case 'union':
        return this.#twice(() => this.#composite(type, id, at))
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
      case 'var':
        return this.type(typeOf(this.#btf, skipModifiers(this.#btf, type.type)), id, at, bitOff)
      default:
        this.#print(`<unsupported kind:${KIND_NUMBER.get(type.kind)}>`)
    }
  }

  #flag(flag: number): boolean {
    return (this.#flags & flag) !== 0
  }

  #print(text: string): void {
    if (this.#depthCheck === 0) this.text += text
  }

  #indent(): string {
    return this.#flag(BTF_F_COMPACT) ? '' : ' '.repeat(Math.min(this.#depth, MAX_INDENT))
  }
  #newline(): string {
    return this.#flag(BTF_F_COMPACT) ? '' : '\n'
  }
  #delimiter(): string {
    if (this.#depth === 0) return ''
    return this.#flag(BTF_F_COMPACT) && this.#type?.kind === 'union' ? '|' : ','
  }

  /** `.member = (struct name *)`, and the bracket that opens a composite. */
  #name(): string {
    if (this.#arrayMember) return ''
    const member = this.#member
    let id = member?.type ?? this.#typeId
    let type = typeOf(this.#btf, id)
    let name: string | null = null
    let [pointers, arrays, levels] = [0, 0, 0]
    let [isTypedef, parens] = [false, '']
    for (; levels < MAX_ITER; levels++) {
      id = 0
      if (type.kind === 'typedef') {
        name ??= type.name
        isTypedef = true
        id = type.type
      } else if (type.kind === 'array') {
        parens = '['
        arrays++
        id = type.type
      } else if (type.kind === 'ptr') {
        pointers++
        id = type.type
      }
      if (id === 0) break
      type = typeOf(this.#btf, skipQualifiers(this.#btf, id))
    }
    if (levels === MAX_ITER) return ''
    name ??= nameOf(type)
    let prefix = ''
    if (type.kind === 'struct' || type.kind === 'union') {
      prefix = type.kind
      if (arrays === 0) parens = '{'
    } else if (type.kind === 'enum' || type.kind === 'enum64') prefix = 'enum'
    if (pointers > 0) parens = ''
    if (isTypedef) prefix = ''
    if (this.#flag(BTF_F_NONAME)) return parens
    const assigned = member && member.name !== '' ? `.${member.name} = ` : ''
    const space = prefix !== '' && name !== '' ? ' ' : ''
    const stars = pointers > 0 ? ` ${'*'.repeat(pointers)}` : ''
    return `${assigned}(${prefix}${space}${name}${stars}${'[]'.repeat(arrays)})${parens}`.slice(0, NAME_SIZE - 1)
  }

  /** A value that is left out when it is zero. */
  #value(text: string, isZero: boolean): void {
    if (!isZero || this.#flag(BTF_F_ZERO) || this.#depth === 0) this.#line(text)
  }

  #line(text: string): void {
    this.#print(`${this.#indent()}${this.#name()}${text}${this.#delimiter()}${this.#newline()}`)
    this.#depthToShow = Math.max(this.#depthToShow, this.#depth)
  }

  /** Makes the value at `at` readable; where it is in the copy, -1 when it cannot be read. */
  #start(type: BtfType, id: number, at: number): number {
    this.#type = type
    this.#typeId = id
    const size = type.kind === 'datasec' ? null : sizeOrNull(this.#btf, id)
    if (size === null) {
      this.status = -EINVAL
      return -1
    }
    if (this.#depth === 0) this.#size = size
    else {
      const end = at + Math.min(size, BASE_TYPE_SIZE)
      if (at >= this.#safeAt && end < this.#safeAt + SAFE_SIZE) return at - this.#safeAt
    }
    const bytes = this.#read(at, Math.min(this.#size - at, SAFE_SIZE))
    if (typeof bytes === 'number') {
      this.status = bytes
      return -1
    }
    this.status = 0
    new Uint8Array(this.#safe.buffer).set(bytes)
    this.#safeAt = at
    return 0
  }

  #end(): void {
    this.#type = null
    this.#typeId = 0
  }

  #int(type: Of<'int'>, id: number, at: number, bitOff: number): void {
    const safe = this.#start(type, id, at)
    if (safe < 0) return
    this.#intAt(type, safe, bitOff)
    this.#end()
  }

  #intAt({ bits, offBits, encoding }: Of<'int'>, at: number, bitOff: number): void {
    const view = this.#safe
    const signed = (encoding & BTF_INT_SIGNED) !== 0
    if (bitOff !== 0 || offBits !== 0) return this.#bitfield(at, bitOff + offBits, bits)
    if (bits === 8 && this.#arrayEncoding === BTF_INT_CHAR) {
      if (this.#arrayTerminated) return
      const byte = view.getUint8(at)
      if (byte === 0) {
        this.#arrayTerminated = true
        return
      }
      if (isPrint(byte)) return this.#value(`'${byteText(byte)}'`, false)
    }
    switch (bits) {
      case 8:
        return this.#number(signed ? view.getInt8(at) : view.getUint8(at))
      case 16:
        return this.#number(signed ? view.getInt16(at, true) : view.getUint16(at, true))
      case 32:
        return this.#number(signed ? view.getInt32(at, true) : view.getUint32(at, true))
      case 64:
        return this.#number(signed ? view.getBigInt64(at, true) : view.getBigUint64(at, true))
      case 128:
        return this.#hexadecimal((this.#u64(at + 8) << 64n) | this.#u64(at))
      default:
        return this.#bitfield(at, bitOff + offBits, bits)
    }
  }

  #number(value: number | bigint): void {
    this.#value(String(value), BigInt(value) === 0n)
  }

  /** btf_int128_print() */
  #hexadecimal(value: bigint): void {
    this.#value(`0x${value.toString(16)}`, value === 0n)
  }

  #u64(at: number): bigint {
    return at + 8 <= SAFE_SIZE ? this.#safe.getBigUint64(at, true) : 0n
  }

  #bitfield(at: number, bitOff: number, bits: number): void {
    const start = at + (bitOff >> 3)
    const count = Math.ceil(((bitOff & 7) + bits) / 8)
    let value = 0n
    for (let i = Math.min(start + count, SAFE_SIZE) - 1; i >= start; i--) value = (value << 8n) | BigInt(this.#safe.getUint8(i))
    this.#hexadecimal(BigInt.asUintN(bits, value >> BigInt(bitOff & 7)))
  }

  #pointer(type: Of<'ptr'>, id: number, at: number): void {
    const safe = this.#start(type, id, at)
    if (safe < 0) return
    const value = this.#u64(safe)
    const digits = this.#flag(BTF_F_PTR_RAW) ? value.toString(16).padStart(16, '0') : this.#hash(value)
    this.#value(`0x${digits}`, value === 0n)
    this.#end()
  }

  #enum(type: Of<'enum' | 'enum64'>, id: number, at: number): void {
    const safe = this.#start(type, id, at)
    if (safe < 0) return
    const raw = type.kind === 'enum' ? BigInt(this.#safe.getInt32(safe, true)) : this.#u64(safe)
    const bits = type.kind === 'enum' ? 32 : 64
    const value = type.signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw)
    const known = type.values.find(enumerator => enumerator.value === value)
    // A name is never zero, whatever it stands for.
    if (known) this.#value(known.name, false)
    else this.#value(String(value), value === 0n)
    this.#end()
  }

  /** Prints a composite within another only if something in it is not zero: it is walked twice. */
  #twice(walk: () => void): void {
    if (this.#depth > 0 && !this.#flag(BTF_F_ZERO)) {
      const member = this.#member
      if (this.#depthCheck === 0) {
        this.#depthCheck = this.#depth + 1
        this.#depthToShow = 0
      }
      walk()
      this.#member = member
      if (this.#depthCheck !== this.#depth + 1) return
      this.#depthCheck = 0
      if (this.#depthToShow <= this.#depth) return
    }
    walk()
  }

  #startComposite(type: BtfType, id: number, at: number): boolean {
    if (this.#start(type, id, at) < 0) return false
    this.#print(`${this.#indent()}${this.#name()}${this.#newline()}`)
    this.#depth++
    return true
  }

  #endComposite(bracket: string): void {
    this.#depth--
    this.#print(`${this.#indent()}${bracket}${this.#delimiter()}${this.#newline()}`)
    this.#end()
  }

  #array(type: Of<'array'>, id: number, at: number, bitOff: number): void {
    const { type: elementId, count } = type
    const element = typeOf(this.#btf, skipModifiers(this.#btf, elementId))
    // Pointers and arrays have no size of their own in BTF.
    const size = 'size' in element ? element.size : 0
    this.#arrayEncoding = element.kind !== 'int' ? 0 : size === 1 ? BTF_INT_CHAR : element.encoding
    this.#arrayTerminated = false
    if (!this.#startComposite(type, id, at)) return
    for (let i = 0; i < count; i++) {
      this.#arrayMember = true
      this.#member = null
      this.type(element, elementId, at + i * size, bitOff)
      this.#arrayMember = false
      this.#member = null
      if (this.#arrayTerminated) break
    }
    this.#arrayEncoding = 0
    this.#arrayTerminated = false
    this.#endComposite(']')
  }

  #composite(type: Composite, id: number, at: number): void {
    if (!this.#startComposite(type, id, at)) return
    for (const member of type.members) {
      this.#member = member
      const off = at + (member.offBits >> 3)
      const inner = typeOf(this.#btf, member.type)
      if (member.bits > 0) {
        const safe = this.#start(inner, member.type, off)
        if (safe >= 0) this.#bitfield(safe, member.offBits & 7, member.bits)
        this.#end()
      } else this.type(inner, member.type, off, member.offBits & 7)
      this.#member = null
    }
    this.#endComposite('}')
  }
}

/** isprint() of the kernel: Latin-1. */
const isPrint = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || byte >= 0xa0
/** One byte as text, see src/util/bytes.ts. */
const byteText = (byte: number): string => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)
