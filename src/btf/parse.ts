// Bytes of `.BTF` to types. Two passes: the first finds where each type begins and checks its shape, the second makes the types.
// Names and lists of members stay in the bytes until somebody looks at them, so that the 126,000 types of vmlinux cost little.
import { fail } from './error.ts'
import { checkGraph } from './graph.ts'
import { BTF_HEADER_SIZE, BTF_MAGIC, BTF_MAX_TYPE, BTF_TYPE_SIZE, BTF_VERSION, KINDS } from './kinds.ts'
import { lazyType } from './lazy.ts'
import { BtfStrings } from './strings.ts'
import type { Btf, BtfType } from './types.ts'

/** The parts of a BTF that its header names. */
interface Parts {
  readonly view: DataView
  /** Where the types begin and end. */
  readonly start: number
  readonly end: number
  readonly strings: BtfStrings
}

/**
 * Parses the bytes of a `.BTF` section or of /sys/kernel/btf/vmlinux. They are copied.
 * @throws BpfError for what is not little-endian BTF of version 1: bad bounds, unknown kinds, ids and names out of range, types that
 * contain themselves
 */
export function parseBtf(bytes: Uint8Array): Btf {
  const parts = parseHeader(new Uint8Array(bytes))
  const { starts, names } = scan(parts)
  checkGraph(parts.view, starts)
  const types: BtfType[] = [{ kind: 'void' }]
  for (let id = 1; id < starts.length; id++) types.push(lazyType(parts, starts[id]!))
  return { types, source: { strings: parts.strings, names } }
}

function parseHeader(bytes: Uint8Array): Parts {
  const section = '.BTF'
  const view = new DataView(bytes.buffer)
  if (bytes.length < BTF_HEADER_SIZE) fail('short', { section, off: 0, want: BTF_HEADER_SIZE, got: bytes.length })
  if (view.getUint16(0, true) !== BTF_MAGIC) fail('magic', { section, got: view.getUint16(0, true) })
  if (view.getUint8(2) !== BTF_VERSION) fail('version', { section, got: view.getUint8(2) })
  const header = view.getUint32(4, true)
  if (header < BTF_HEADER_SIZE) fail('header', { section, want: BTF_HEADER_SIZE, got: header })
  const part = (part: string, at: number, align: number): { off: number; len: number } => {
    const off = header + view.getUint32(at, true)
    const len = view.getUint32(at + 4, true)
    if (off % align !== 0 || off + len > bytes.length) fail('part', { section, part, off, len, size: bytes.length })
    return { off, len }
  }
  const types = part('types', 8, 4)
  const strings = part('strings', 16, 1)
  const text = bytes.subarray(strings.off, strings.off + strings.len)
  if (text[0] !== 0 || text[text.length - 1] !== 0)
    fail('strings', {
      off: strings.off,
      got: text.length === 0 ? 'none' : text[0] !== 0 ? 'none at the start' : 'none at the end',
    })
  return { view, start: types.off, end: types.off + types.len, strings: new BtfStrings(text) }
}

/** Offsets of all types by id, and the names in their order; shapes and names are checked. */
function scan({ view, start, end, strings }: Parts): { starts: number[]; names: Uint32Array } {
  const size = strings.bytes.length
  const starts = [0]
  const names = new Uint32Array((end - start) >> 3)
  let count = 0
  const name = (at: number): void => {
    const got = view.getUint32(at, true)
    if (got >= size) fail('name', { off: at, got, size })
    names[count++] = got
  }
  for (let at = start; at < end; ) {
    const id = starts.length
    if (at + BTF_TYPE_SIZE > end) fail('short', { section: '.BTF', off: at, want: BTF_TYPE_SIZE, got: end - at })
    const info = view.getUint32(at + 4, true)
    const number = (info >>> 24) & 0x1f
    const vlen = info & 0xffff
    const row = KINDS[number]
    if (row === undefined || number === 0 || id > BTF_MAX_TYPE) return fail('kind', { id, off: at, got: number })
    const bad = (what: string): never => fail('info', { id, off: at, kind: row.kind, what })
    if ((info & 0x60ff_0000) !== 0) bad(`reserved bits are set in 0x${info.toString(16)}`)
    if (info >>> 31 !== 0 && row.flag === undefined) bad('kind_flag is set')
    if (vlen !== 0 && row.each === 0 && row.linkage === undefined) bad(`want no items, got ${vlen}`)
    if (row.word === 'none' && view.getUint32(at + 8, true) !== 0) bad('the third word is not 0')
    const items = at + BTF_TYPE_SIZE + row.extra
    const next = items + row.each * vlen
    if (next > end) fail('short', { section: '.BTF', off: at, want: next - at, got: end - at })
    if (row.named) name(at)
    else if (view.getUint32(at, true) !== 0) bad('it has a name')
    if (row.itemNames) for (let item = items; item < next; item += row.each) name(item)
    starts.push(at)
    at = next
  }
  return { starts, names: names.slice(0, count) }
}
