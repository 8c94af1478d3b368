// Values as text by their types: what the kernel prints for bpf_seq_printf_btf() and bpf_snprintf_btf(), and for the elements of a pinned
// map that is read as a file. The rules are those of the kernel 6.18, with its oddities: inside an array neither names nor opening
// braces are printed, and the elements of an array that are pointers or arrays are all shown as the first one.
import { E2BIG, ErrnoError } from '../util/errno.ts'
import { KIND_NUMBER } from './kinds.ts'
import { bareType, nameOf, sizeOrNull, skipModifiers, skipQualifiers, typeOf } from './query.ts'
import { BTF_INT_SIGNED, type Btf, type BtfKind, type BtfMember, type BtfType } from './types.ts'

/** BTF_F_*: one line; no names and casts; addresses as they are; members that are zero too. */
export const BTF_F = { COMPACT: 1, NONAME: 2, PTR_RAW: 4, ZERO: 8 } as const
/** What btf_type_seq_show() sets for files of maps. */
export const BTF_F_MAP_FILE: number = BTF_F.COMPACT | BTF_F.NONAME | BTF_F.ZERO

/** What is shown, and how. */
export interface TypedOptions {
  /** BTF_F bits. */
  readonly flags: number
  /** `size` bytes of the value, `off` bytes from its start; null where nothing can be read. */
  read(off: number, size: number): Uint8Array | null
  /** The 32 bits that stand for an address; see FmtEnv.hashPointer. */
  hashPointer(address: bigint): bigint
  /** The BTF only declares structs that the kernel has whole: they are named like those. */
  readonly declared?: boolean
}

/** Typedefs, pointers and arrays of one type that a name may have (BTF_SHOW_MAX_ITER), bytes of a name, and the deepest indentation. */
const NAME_PARTS = 10
const NAME_MAX = 79
const INDENT_MAX = 32
/** Values and composites looked at for one text. The kernel has no limit: nested arrays without bytes hold it up. */
const STEPS_MAX = 1 << 20
/** Pointers at the end of the address space are errors, and shown as they are. */
const MAX_ERRNO = 4095n

/**
 * The value of type `typeId` as text, in the form of src/util/bytes.ts; null when a part of it cannot be read.
 * @throws ErrnoError E2BIG for a type that takes too many steps
 */
export function formatTyped(btf: Btf, typeId: number, options: TypedOptions): string | null {
  const size = sizeOrNull(btf, typeId) ?? 0
  if (options.read(0, Math.min(size, 1)) === null) return null
  const printer = new Printer(btf, size, options)
  return printer.show(typeOf(btf, typeId), typeId, 0, 0) ? printer.text : null
}

class Printer {
  text = ''
  readonly #btf: Btf
  /** Bytes of the whole value. */
  readonly #size: number
  readonly #options: TypedOptions
  /** Composites around the present place. */
  #depth = 0
  /** Nothing is printed: the composite at this depth is walked to see whether it shows anything. 0: no such walk. */
  #checking = 0
  /** Where the deepest value would have been printed in that walk. */
  #shownAt = 0
  /** What is shown now: its type as it was named, the kind behind that, the member it is, and whether it is an element of an array. */
  #typeId = 0
  #kind: BtfKind | null = null
  #member: BtfMember | null = null
  #isElement = false
  /** In an array of bytes, and behind its NUL. */
  #inText = false
  #terminated = false
  #steps = 0

  constructor(btf: Btf, size: number, options: TypedOptions) {
    this.#btf = btf
    this.#size = size
    this.#options = options
  }

  /** Prints the value at `off` bytes and `bits` bits; false when it cannot be read. */
  show(type: BtfType, typeId: number, off: number, bits: number): boolean {
    if (++this.#steps > STEPS_MAX) throw new ErrnoError(E2BIG, `want a value of at most ${STEPS_MAX} parts to print`)
    switch (type.kind) {
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        return this.show(bareType(this.#btf, typeId), typeId, off, bits)
      case 'var': {
        const id = skipModifiers(this.#btf, type.type)
        return this.show(typeOf(this.#btf, id), id, off, bits)
      }
      case 'int':
      case 'enum':
      case 'enum64':
      case 'ptr': {
        this.#start(type, typeId)
        const read = this.#scalar(type, off, bits)
        this.#end()
        return read
      }
      case 'struct':
      case 'union':
        return this.#ifShown(() => this.#struct(type, typeId, off))
      case 'array':
        return this.#ifShown(() => this.#array(type, typeId, off, bits))
      case 'datasec':
        return this.#datasec(type, typeId, off)
      default:
        this.#print(`<unsupported kind:${KIND_NUMBER.get(type.kind)!}>`)
        return true
    }
  }

  /** Walks a composite twice, first to see whether it shows anything, when zeros are left out. */
  #ifShown(walk: () => boolean): boolean {
    if (this.#depth === 0 || this.#options.flags & BTF_F.ZERO) return walk()
    const member = this.#member
    const depth = this.#depth + 1
    if (this.#checking === 0) {
      this.#checking = depth
      this.#shownAt = 0
    }
    if (!walk()) return false
    this.#member = member
    if (this.#checking !== depth) return true
    this.#checking = 0
    return this.#shownAt <= this.#depth || walk()
  }

  #struct(type: BtfType & { kind: 'struct' | 'union' }, typeId: number, off: number): boolean {
    this.#open(type, typeId)
    for (const member of type.members) {
      this.#member = member
      const at = off + (member.offBits >>> 3)
      const inner = typeOf(this.#btf, member.type)
      if (member.bits === 0) {
        if (!this.show(inner, member.type, at, member.offBits & 7)) return false
      } else {
        this.#start(inner, member.type)
        if (!this.#bitfield(at, member.offBits & 7, member.bits)) return false
        this.#end()
      }
      this.#member = null
    }
    this.#close('}')
    return true
  }

  #array(type: BtfType & { kind: 'array' }, typeId: number, off: number, bits: number): boolean {
    const element = bareType(this.#btf, type.type)
    const size = 'size' in element ? element.size : 0
    this.#inText = element.kind === 'int' && size === 1
    this.#terminated = false
    this.#open(type, typeId)
    for (let i = 0; i < type.count && !this.#terminated; i++) {
      this.#isElement = true
      this.#member = null
      if (!this.show(element, type.type, off + i * size, bits)) return false
      this.#isElement = false
    }
    this.#inText = false
    this.#terminated = false
    this.#close(']')
    return true
  }

  #datasec(type: BtfType & { kind: 'datasec' }, typeId: number, off: number): boolean {
    this.#start(type, typeId)
    this.#value(`section ("${type.name}") = {`, false)
    for (const [i, item] of type.vars.entries()) {
      if (i > 0) this.#print(',')
      if (!this.show(typeOf(this.#btf, item.type), item.type, off + item.off, 0)) return false
    }
    this.#end()
    return true
  }

  #scalar(type: BtfType & { kind: 'int' | 'enum' | 'enum64' | 'ptr' }, off: number, bits: number): boolean {
    if (type.kind === 'int') return this.#int(type, off, bits)
    if (type.kind === 'ptr') return this.#pointer(off)
    const size = type.kind === 'enum' ? 4 : 8
    // The kernel reads an enum of one byte as four, of which zeros lie behind the whole value.
    const raw = this.#number(off, Math.min(size, this.#size - off))
    if (raw === null) return false
    const value = type.signed ? BigInt.asIntN(size * 8, raw) : raw
    const found = type.values.find(item => BigInt.asUintN(size * 8, item.value) === raw)
    // A name is no zero.
    if (found) this.#value(found.name, false)
    else this.#value(`${value}`, value === 0n)
    return true
  }

  #int(type: BtfType & { kind: 'int' }, off: number, bits: number): boolean {
    const start = bits + type.offBits
    if (start !== 0 || ![8, 16, 32, 64].includes(type.bits)) return this.#bitfield(off + (start >>> 3), start & 7, type.bits)
    const raw = this.#number(off, type.bits / 8)
    if (raw === null) return false
    if (this.#inText && type.bits === 8) {
      if (this.#terminated) return true
      const byte = Number(raw)
      if (byte === 0) {
        this.#terminated = true
        return true
      }
      if (isPrint(byte)) {
        this.#value(`'${byteText(byte)}'`, false)
        return true
      }
    }
    this.#value(`${type.encoding & BTF_INT_SIGNED ? BigInt.asIntN(type.bits, raw) : raw}`, raw === 0n)
    return true
  }

  #pointer(off: number): boolean {
    const address = this.#number(off, 8)
    if (address === null) return false
    const isRaw = this.#options.flags & BTF_F.PTR_RAW || address === 0n || address >= 2n ** 64n - MAX_ERRNO
    const shown = isRaw ? address : this.#options.hashPointer(address)
    this.#value(`0x${shown.toString(16).padStart(16, '0')}`, address === 0n)
    return true
  }

  #bitfield(off: number, shift: number, bits: number): boolean {
    const raw = this.#number(off, (shift + bits + 7) >>> 3)
    if (raw === null) return false
    const value = BigInt.asUintN(bits, raw >> BigInt(shift))
    this.#value(`0x${value.toString(16)}`, value === 0n)
    return true
  }

  /** `size` bytes as an unsigned number. */
  #number(off: number, size: number): bigint | null {
    const bytes = this.#options.read(off, size)
    if (bytes === null) return null
    let value = 0n
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
    return value
  }

  #start(type: BtfType, typeId: number): void {
    this.#kind = type.kind
    this.#typeId = typeId
  }

  #end(): void {
    this.#kind = null
    this.#typeId = 0
  }

  #open(type: BtfType, typeId: number): void {
    this.#start(type, typeId)
    this.#print(this.#indent() + this.#name() + this.#newline())
    this.#depth++
  }

  #close(suffix: string): void {
    this.#depth--
    this.#print(this.#indent() + suffix + this.#delimiter() + this.#newline())
    this.#end()
  }

  /** Prints a value; a zero only where zeros are shown, or when it is all there is. */
  #value(text: string, isZero: boolean): void {
    if (isZero && this.#depth > 0 && !(this.#options.flags & BTF_F.ZERO)) return
    if (this.#checking === 0) this.#print(this.#indent() + this.#name() + text + this.#delimiter() + this.#newline())
    this.#shownAt = Math.max(this.#shownAt, this.#depth)
  }

  #print(text: string): void {
    if (this.#checking === 0) this.text += text
  }

  get #isCompact(): boolean {
    return (this.#options.flags & BTF_F.COMPACT) !== 0
  }

  #indent(): string {
    return this.#isCompact ? '' : ' '.repeat(Math.min(this.#depth, INDENT_MAX))
  }

  #newline(): string {
    return this.#isCompact ? '' : '\n'
  }

  #delimiter(): string {
    if (this.#depth === 0) return ''
    return this.#isCompact && this.#kind === 'union' ? '|' : ','
  }

  /** What is printed before a value: `.member = (struct name *[]){`, of which NONAME leaves the bracket. */
  #name(): string {
    if (this.#isElement) return ''
    const btf = this.#btf
    let type = typeOf(btf, this.#member ? this.#member.type : this.#typeId)
    let typedef: string | null = null
    let stars = ''
    let arrays = ''
    for (let parts = 0; type.kind === 'typedef' || type.kind === 'ptr' || type.kind === 'array'; ) {
      if (type.kind === 'typedef') typedef ??= type.name
      else if (type.kind === 'ptr') stars += '*'
      else arrays += '[]'
      if (type.type === 0) break
      if (++parts === NAME_PARTS) return ''
      type = typeOf(btf, skipQualifiers(btf, type.type))
    }
    const open = stars !== '' ? '' : arrays !== '' ? '[' : type.kind === 'struct' || type.kind === 'union' ? '{' : ''
    if (this.#options.flags & BTF_F.NONAME) return open
    const name = typedef ?? nameOf(type)
    const keyword = typedef === null ? this.#keyword(type) : ''
    const member = this.#member?.name ? `.${this.#member.name} = ` : ''
    const cast = `(${keyword}${keyword && name && ' '}${name}${stars && ' '}${stars}${arrays})`
    return `${member}${cast}${open}`.slice(0, NAME_MAX)
  }

  #keyword(type: BtfType): string {
    switch (type.kind) {
      case 'struct':
      case 'union':
        return type.kind
      case 'enum':
      case 'enum64':
        return 'enum'
      case 'fwd':
        return !this.#options.declared ? '' : type.union ? 'union' : 'struct'
      default:
        return ''
    }
  }
}

/** isprint() of the kernel, whose characters are those of Latin-1. */
const isPrint = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || byte >= 0xa0

/** A byte in the form of src/util/bytes.ts. */
const byteText = (byte: number): string => String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte)
