// Types to the bytes of `.BTF`. Names keep the places that they had when the BTF was parsed, so that an unchanged BTF gives the bytes that
// it came from: what order a string table has is up to the tool that made it (clang puts source lines among the names).
import { encodeText } from '../util/bytes.ts'
import { BTF_HEADER_SIZE, BTF_MAGIC, BTF_VERSION, KIND_NUMBER } from './kinds.ts'
import type { BtfStrings } from './strings.ts'
import type { Btf, BtfSource, BtfType } from './types.ts'

/** The bytes of a BTF, little-endian. Names that were not parsed come in the order of their first use. */
export function encodeBtf(btf: Btf): Uint8Array {
  const names = new Names(btf.source)
  const types = new Words()
  for (const type of btf.types.slice(1)) encodeType(types, names, type)
  const text = names.bytes()
  const body = types.bytes()
  const bytes = new Uint8Array(BTF_HEADER_SIZE + body.length + text.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, BTF_MAGIC, true)
  view.setUint8(2, BTF_VERSION)
  const header = [BTF_HEADER_SIZE, 0, body.length, body.length, text.length]
  header.forEach((word, i) => {
    view.setUint32(4 + 4 * i, word, true)
  })
  bytes.set(body, BTF_HEADER_SIZE)
  bytes.set(text, BTF_HEADER_SIZE + body.length)
  return bytes
}

/** 32-bit words, growing. */
class Words {
  #view = new DataView(new ArrayBuffer(4096))
  #size = 0
  push(...words: number[]): void {
    const end = this.#size + 4 * words.length
    if (end > this.#view.byteLength) {
      const grown = new Uint8Array(2 * end)
      grown.set(this.bytes())
      this.#view = new DataView(grown.buffer)
    }
    for (const word of words) {
      this.#view.setUint32(this.#size, word, true)
      this.#size += 4
    }
  }
  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#size)
  }
}

/** The string section while it is written. */
class Names {
  readonly #strings: BtfStrings | null
  readonly #places: Uint32Array
  /** Names written so far, as an index into #places. */
  #count = 0
  /** Offsets by text, of what is added behind the section that was parsed; that section's own are put in when one is missing. */
  #known: Map<string, number> | null = null
  readonly #added: Uint8Array[] = []
  #size: number

  constructor(source: BtfSource | undefined) {
    this.#strings = source?.strings ?? null
    this.#places = source?.names ?? new Uint32Array(0)
    this.#size = this.#strings?.bytes.length ?? 1
  }

  /** The offset of the next name. */
  next(name: string): number {
    const place = this.#places[this.#count++]
    if (place !== undefined && this.#strings?.at(place) === name) return place
    this.#known ??= this.#index()
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const bytes = encodeText(`${name}\0`)
    const off = this.#size
    this.#known.set(name, off)
    this.#added.push(bytes)
    this.#size += bytes.length
    return off
  }

  #index(): Map<string, number> {
    const known = new Map([['', 0]])
    const bytes = this.#strings?.bytes ?? new Uint8Array(1)
    for (let off = 1; off < bytes.length; off = bytes.indexOf(0, off) + 1) {
      const name = this.#strings!.at(off)
      if (!known.has(name)) known.set(name, off)
    }
    return known
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#size)
    if (this.#strings) all.set(this.#strings.bytes)
    let off = this.#strings?.bytes.length ?? 1
    for (const bytes of this.#added) {
      all.set(bytes, off)
      off += bytes.length
    }
    return all
  }
}

function encodeType(out: Words, names: Names, type: BtfType): void {
  const head = (vlen: number, flag: boolean, word: number): void =>
    out.push(
      'name' in type ? names.next(type.name) : 0,
      (flag ? 0x8000_0000 : 0) | (KIND_NUMBER.get(type.kind)! << 24) | vlen,
      word,
    )
  switch (type.kind) {
    case 'void':
      return
    case 'int':
      head(0, false, type.size)
      return out.push((type.encoding << 24) | (type.offBits << 16) | type.bits)
    case 'float':
      return head(0, false, type.size)
    case 'ptr':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'typedef':
      return head(0, false, type.type)
    case 'array':
      head(0, false, 0)
      return out.push(type.type, type.indexType, type.count)
    case 'struct':
    case 'union':
      head(type.members.length, type.bitfields, type.size)
      for (const { name, type: member, offBits, bits } of type.members)
        out.push(names.next(name), member, type.bitfields ? (bits << 24) | offBits : offBits)
      return
    case 'enum':
      head(type.values.length, type.signed, type.size)
      for (const { name, value } of type.values) out.push(names.next(name), Number(BigInt.asUintN(32, value)))
      return
    case 'enum64':
      head(type.values.length, type.signed, type.size)
      for (const { name, value } of type.values)
        out.push(names.next(name), Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)))
      return
    case 'fwd':
      return head(0, type.union, 0)
    case 'func':
      return head(type.linkage, false, type.type)
    case 'func_proto':
      head(type.params.length, false, type.type)
      for (const { name, type: param } of type.params) out.push(names.next(name), param)
      return
    case 'var':
      head(0, false, type.type)
      return out.push(type.linkage)
    case 'datasec':
      head(type.vars.length, false, type.size)
      for (const { type: variable, off, size } of type.vars) out.push(variable, off, size)
      return
    case 'decl_tag':
      head(0, type.attr, type.type)
      return out.push(type.component)
    case 'type_tag':
      return head(0, type.attr, type.type)
  }
}
