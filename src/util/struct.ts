// Wire structs as tables: a field list with the kernel's names, a size that is checked at import, and a decoder and encoder
// made from it. Little-endian. 64-bit fields are JavaScript numbers: node ids, handles, offsets and times stay below 2^53.

/** Field types: their size in bytes. A `u64` above 2^53 loses low bits. */
const SIZES = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 } as const

/** Little-endian integers of the kernel's ABI. */
export type FieldType = keyof typeof SIZES
/** Field names with their types, in the order of the struct. */
export type Fields = Readonly<Record<string, FieldType>>
/** What decode() gives: a number per field. */
export type Decoded<F extends Fields> = { readonly [K in keyof F]: number }

/** A struct of fixed size, as declared with struct(). */
export interface Struct<F extends Fields = Fields> {
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly fields: F
  /** Reads the struct at `at`. @throws RangeError when it does not fit into `bytes` */
  decode(bytes: Uint8Array, at?: number): Decoded<F>
  /** The struct's bytes; fields left out are 0. */
  encode(values: Partial<Decoded<F>>): Uint8Array
  /** Writes the struct at `at`; fields left out are 0. @throws RangeError when it does not fit */
  encodeInto(bytes: Uint8Array, at: number, values: Partial<Decoded<F>>): void
}

/** Declares a struct. @throws Error when the fields do not fill exactly `size` bytes or one is not aligned to its size */
export function struct<const F extends Fields>(name: string, size: number, fields: F): Struct<F> {
  let end = 0
  const layout = Object.entries(fields).map(([field, type]) => {
    const at = end
    if (at % SIZES[type] !== 0) throw new Error(`struct ${name}: ${field} at ${at} is not aligned to ${SIZES[type]}`)
    end += SIZES[type]
    return { field, type, at }
  })
  if (end !== size) throw new Error(`struct ${name}: want ${size} bytes, the fields fill ${end}`)

  const encodeInto = (bytes: Uint8Array, start: number, values: Partial<Decoded<F>>): void => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, size)
    for (const { field, type, at } of layout) WRITE[type](view, at, (values as Record<string, number | undefined>)[field] ?? 0)
  }
  return {
    name,
    size,
    fields,
    encodeInto,
    decode(bytes, start = 0) {
      if (start + size > bytes.length) throw new RangeError(`struct ${name}: want ${size} bytes, got ${bytes.length - start}`)
      const view = new DataView(bytes.buffer, bytes.byteOffset + start, size)
      const values: Record<string, number> = {}
      for (const { field, type, at } of layout) values[field] = READ[type](view, at)
      return values as Decoded<F>
    },
    encode(values) {
      const bytes = new Uint8Array(size)
      encodeInto(bytes, 0, values)
      return bytes
    },
  }
}

const READ: Record<FieldType, (view: DataView, at: number) => number> = {
  u8: (view, at) => view.getUint8(at),
  u16: (view, at) => view.getUint16(at, true),
  u32: (view, at) => view.getUint32(at, true),
  i32: (view, at) => view.getInt32(at, true),
  u64: (view, at) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000,
  i64: (view, at) => view.getUint32(at, true) + view.getInt32(at + 4, true) * 0x1_0000_0000,
}

const write64 = (view: DataView, at: number, value: number): void => {
  view.setUint32(at, value >>> 0, true)
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000) >>> 0, true)
}

const WRITE: Record<FieldType, (view: DataView, at: number, value: number) => void> = {
  u8: (view, at, value) => view.setUint8(at, value),
  u16: (view, at, value) => view.setUint16(at, value, true),
  u32: (view, at, value) => view.setUint32(at, value, true),
  i32: (view, at, value) => view.setInt32(at, value, true),
  u64: write64,
  i64: write64,
}
