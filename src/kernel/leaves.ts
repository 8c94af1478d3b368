// The structs of the kernel as flat lists of plain fields with their places: what src/kernel/memory.ts writes. Made once for each struct from
// the rows' layout (src/kernel/btf.ts).
import { encodeText } from '../util/bytes.ts'
import type { KernelBtf, KernelLayout } from './btf.ts'
import type { KernelMemory } from './memory.ts'
import type { Row } from './types.ts'
import { type StructName, structIn } from './view.ts'

/** A plain field of a struct or of one embedded in it. Offsets in bytes from the start of the outer struct. */
export interface Leaf {
  readonly off: number
  readonly end: number
  /** A text, or words, that it points to: their address goes by the key and the place. */
  readonly text: boolean
  /** Writes the field of the object behind `source` at `at`. `key` tells the object apart. May throw what the row's reader throws. */
  write(memory: KernelMemory, at: number, source: unknown, key: string): void
}

/** A struct embedded in another. */
export interface Embedded {
  readonly off: number
  readonly struct: StructName
  /** Its source, from that of the outer one. */
  source(outer: unknown): unknown
}

interface Flat {
  readonly leaves: readonly Leaf[]
  readonly embedded: readonly Embedded[]
  /** Bytes, with room for the elements of a flexible array at the end. */
  readonly room: number
}

/** Elements that a flexible array (`upid[0]`) may have: MAX_PID_NS_LEVEL. */
const FLEXIBLE = 33
/** Bytes that a flexible array of numbers (`primary_key[0]`) may have. */
const FLEXIBLE_BYTES = 32
/** Pointers that a flexible array of them (`ancestors[0]`) may have. */
const FLEXIBLE_POINTERS = 257
/** Bytes. */
const POINTER = 8

type Get = (source: unknown) => unknown
type Write = (memory: KernelMemory, at: number, value: unknown, key: string) => void

/** The flat forms of all structs of one BTF. */
export class StructLeaves {
  readonly #btf: KernelBtf
  readonly #flats = new Map<StructName, Flat>()

  constructor(btf: KernelBtf) {
    this.#btf = btf
  }

  /** Plain fields, ascending by offset. */
  leavesOf(struct: StructName): readonly Leaf[] {
    return this.#flat(struct).leaves
  }

  /** Bytes that an object of the struct takes. */
  roomOf(struct: StructName): number {
    return this.#flat(struct).room
  }

  /** The struct `want` embedded in `struct` at `off`. */
  embeddedAt(struct: StructName, off: number, want: StructName): Embedded | null {
    return this.#flat(struct).embedded.find(inner => inner.off === off && inner.struct === want) ?? null
  }

  #flat(struct: StructName): Flat {
    let flat = this.#flats.get(struct)
    if (!flat) {
      flat = this.#flatten(struct)
      this.#flats.set(struct, flat)
    }
    return flat
  }

  #layout(struct: StructName): KernelLayout {
    const layout = this.#btf.layoutOf(struct)
    if (!layout) throw new Error(`struct ${struct}: its rows have no layout`)
    return layout
  }

  #flatten(struct: StructName): Flat {
    const leaves: Leaf[] = []
    const embedded: Embedded[] = []
    const layout = this.#layout(struct)
    let room = layout.size
    for (const field of layout.fields) {
      const { off, size, cType } = field
      const read = (field.row as Row<unknown>).read as Get
      const inner = structIn(cType)
      if (inner && !inner.pointer) {
        const step = this.#layout(inner.name).size
        const count = !inner.array ? 1 : size > 0 ? size / step : FLEXIBLE
        for (let i = 0; i < count; i++) {
          const get: Get = inner.array ? outer => (read(outer) as readonly unknown[])[i] : read
          embed(inner.name, this.#flat(inner.name), off + i * step, get)
        }
        room = Math.max(room, off + count * step)
        continue
      }
      if (inner?.array) {
        const count = size > 0 ? size / POINTER : FLEXIBLE_POINTERS
        for (let i = 0; i < count; i++) {
          const write: Leaf['write'] = (memory, at, source) =>
            memory.writeAddress(at, inner.name, (read(source) as readonly unknown[])[i])
          leaves.push({ off: off + i * POINTER, end: off + (i + 1) * POINTER, text: false, write })
        }
        room = Math.max(room, off + count * POINTER)
        continue
      }
      const text = TEXT.test(cType) || cType === WORDS
      const width = size > 0 ? size : FLEXIBLE_BYTES
      room = Math.max(room, off + width)
      const { bits } = field.row
      const write: Write = inner
        ? (memory, at, value) => memory.writeAddress(at, inner.name, value)
        : bits
          ? (memory, at, value) => memory.space.view.setUint8(at, (value as number) << (bits.at % 8))
          : scalar(cType, width, `${struct}.${field.name}`)
      leaves.push({ off, end: off + width, text, write: (memory, at, source, key) => write(memory, at, read(source), key) })
    }

    function embed(name: StructName, flat: Flat, at: number, get: Get): void {
      embedded.push({ off: at, struct: name, source: get })
      for (const inner of flat.embedded) {
        embedded.push({ off: at + inner.off, struct: inner.struct, source: outer => inner.source(get(outer)) })
      }
      for (const leaf of flat.leaves) {
        leaves.push({
          off: at + leaf.off,
          end: at + leaf.end,
          text: leaf.text,
          write(memory, place, source, key) {
            const value = get(source)
            // Beyond the end of a flexible array: zeros.
            if (value !== undefined) leaf.write(memory, place, value, leaf.text ? `${key}+${at}` : key)
          },
        })
      }
    }
    leaves.sort((a, b) => a.off - b.off)
    return { leaves, embedded, room }
  }
}

const BYTES = /^(?:struct \w+|(?:unsigned char|u8|__u8)\[\d+\])$/
const TEXT = /^const (unsigned )?char \*$/
const WORDS = 'long unsigned int *'

const wordBytes = (words: readonly bigint[] | null): Uint8Array | null =>
  words && new Uint8Array(BigUint64Array.from(words).buffer)

/** Writes a value that is no struct. @throws Error for a C type that has no form in memory: a fault in the rows */
function scalar(cType: string, size: number, field: string): Write {
  if (/^char\[\d+\]$/.test(cType)) {
    return (memory, at, value) => memory.space.u8.set(encodeText(value as string).subarray(0, size), at)
  }
  if (TEXT.test(cType)) {
    return (memory, at, value, key) => {
      if (value === null) memory.space.view.setBigUint64(at, 0n, true)
      else memory.writeText(at, `${field} of ${key}`, value as string)
    }
  }
  if (cType === WORDS) {
    return (memory, at, value, key) => memory.writeBlock(at, `${field} of ${key}`, wordBytes(value as readonly bigint[] | null))
  }
  if (BYTES.test(cType)) return (memory, at, value) => memory.space.u8.set((value as Uint8Array).subarray(0, size), at)
  if (cType.startsWith('u32[')) {
    return (memory, at, value) => {
      for (const [i, item] of (value as readonly number[]).entries()) memory.space.view.setUint32(at + i * 4, item, true)
    }
  }
  if (cType.endsWith(']')) {
    return (memory, at, value) => {
      for (const [i, item] of (value as readonly bigint[]).entries()) memory.space.view.setBigUint64(at + i * 8, item, true)
    }
  }
  switch (size) {
    case 1:
      return (memory, at, value) => memory.space.view.setUint8(at, value as number)
    case 2:
      return (memory, at, value) => memory.space.view.setUint16(at, value as number, true)
    case 4:
      return (memory, at, value) => memory.space.view.setUint32(at, value as number, true)
    case 8:
      return (memory, at, value) => memory.space.view.setBigUint64(at, BigInt(value as number | bigint), true)
    default:
      throw new Error(`${field}: ${cType} of ${size} bytes has no form in memory`)
  }
}
