// Bytes of `.BTF.ext`: which C line each instruction comes from, the types of functions, and the CO-RE relocations of clang. Headers and
// records may be longer than what is known here; what is behind is left alone.
import { fail } from './error.ts'
import { BTF_MAGIC, BTF_VERSION } from './kinds.ts'
import type { Btf } from './types.ts'

const SECTION = '.BTF.ext'

/** The function that begins at an instruction. Offsets are bytes from the start of the ELF section. */
export interface FuncInfo {
  readonly insnOff: number
  /** A func. */
  readonly typeId: number
}

export interface LineRecord {
  readonly insnOff: number
  readonly fileName: string
  readonly lineText: string
  readonly line: number
  readonly col: number
}

/** Kinds of CO-RE relocations by number (enum bpf_core_relo_kind). */
export const CORE_RELO_KINDS = [
  'field_byte_offset',
  'field_byte_size',
  'field_exists',
  'field_signed',
  'field_lshift_u64',
  'field_rshift_u64',
  'type_id_local',
  'type_id_target',
  'type_exists',
  'type_size',
  'enumval_exists',
  'enumval_value',
  'type_matches',
] as const
export type CoreReloKind = (typeof CORE_RELO_KINDS)[number]

export interface CoreRelo {
  readonly insnOff: number
  /** The type in the object's BTF at which `accessStr` begins. */
  readonly typeId: number
  /** `0:1:2`: indexes of members and elements; `0` for types; the index of the value for enums. */
  readonly accessStr: string
  readonly kind: CoreReloKind
}

/** The records of an object by the name of the ELF section that they are about, in the order of the file. */
export interface BtfExt {
  readonly funcs: ReadonlyMap<string, readonly FuncInfo[]>
  readonly lines: ReadonlyMap<string, readonly LineRecord[]>
  readonly relos: ReadonlyMap<string, readonly CoreRelo[]>
}

/**
 * Parses `.BTF.ext`. `btf` is the object's own, as parseBtf() gave it.
 * @throws BpfError for bad bounds, record sizes, strings, types and relocation kinds
 */
export function parseBtfExt(bytes: Uint8Array, btf: Btf): BtfExt {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const header = parseHeader(view)
  const strings = btf.source?.strings
  const count = btf.types.length
  const text = (at: number): string => strings?.at(view.getUint32(at, true)) ?? ''
  const typeAt = (at: number): number => {
    const got = view.getUint32(at, true)
    return got < count ? got : fail('ref', { off: at, got, count })
  }
  /** One of the tables: its offset and length are at `at` in the header. */
  const table = <T>(what: string, at: number, least: number, read: (at: number, insnOff: number) => T): Map<string, T[]> => {
    const records = new Map<string, T[]>()
    // The header of old objects has no CO-RE relocations.
    if (at + 8 > header) return records
    const off = header + view.getUint32(at, true)
    const len = view.getUint32(at + 4, true)
    if (len === 0) return records
    const end = off + len
    if (off % 4 !== 0 || end > bytes.length) fail('part', { section: SECTION, part: what, off, len, size: bytes.length })
    const room = (at: number, want: number): void => {
      if (at + want > end) fail('short', { section: SECTION, off: at, want, got: end - at })
    }
    room(off, 4)
    const size = view.getUint32(off, true)
    if (size < least || size % 4 !== 0) fail('record', { off, what, want: least, got: size })
    for (let at = off + 4; at < end; ) {
      room(at, 8)
      const section = text(at)
      const n = view.getUint32(at + 4, true)
      at += 8
      room(at, n * size)
      const list = records.get(section) ?? []
      records.set(section, list)
      for (let i = 0; i < n; i++, at += size) {
        const insnOff = view.getUint32(at, true)
        if (insnOff % 8 !== 0) fail('insn', { off: at, got: insnOff })
        list.push(read(at, insnOff))
      }
    }
    return records
  }
  return {
    funcs: table('func_info', 8, 8, (at, insnOff) => ({ insnOff, typeId: typeAt(at + 4) })),
    lines: table('line_info', 16, 16, (at, insnOff) => {
      const place = view.getUint32(at + 12, true)
      return { insnOff, fileName: text(at + 4), lineText: text(at + 8), line: place >>> 10, col: place & 0x3ff }
    }),
    relos: table('core_relo', 24, 16, (at, insnOff) => {
      const kind = view.getUint32(at + 12, true)
      return {
        insnOff,
        typeId: typeAt(at + 4),
        accessStr: text(at + 8),
        kind: CORE_RELO_KINDS[kind] ?? fail('relo', { off: at + 12, got: kind }),
      }
    }),
  }
}

/** Least length of struct btf_ext_header: up to line_info. */
const LEAST_HEADER = 24

function parseHeader(view: DataView): number {
  if (view.byteLength < LEAST_HEADER) fail('short', { section: SECTION, off: 0, want: LEAST_HEADER, got: view.byteLength })
  if (view.getUint16(0, true) !== BTF_MAGIC) fail('magic', { section: SECTION, got: view.getUint16(0, true) })
  if (view.getUint8(2) !== BTF_VERSION) fail('version', { section: SECTION, got: view.getUint8(2) })
  const header = view.getUint32(4, true)
  if (header < LEAST_HEADER) fail('header', { section: SECTION, want: LEAST_HEADER, got: header })
  if (header > view.byteLength) fail('short', { section: SECTION, off: 0, want: header, got: view.byteLength })
  return header
}
