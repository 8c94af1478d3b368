// Where C compilers put members by themselves, and what must be written between two members so that they put them elsewhere.
import { fail } from './error.ts'
import { alignOf } from './query.ts'
import type { Btf, BtfType } from './types.ts'

/** Types that a gap is filled with, the widest first, by their bits. */
const PADS = [
  ['long', 64],
  ['int', 32],
  ['short', 16],
  ['char', 8],
] as const

/** Most bitfields of one gap: 512 KiB. */
const MAX_LINES = 65_536

const roundUp = (bits: number, to: number): number => Math.ceil(bits / to) * to

/**
 * Unnamed bitfields between the bits `from` and `to`, such that what follows, of `align` bytes, begins at `to`. Where the compiler leaves
 * the gap by itself nothing is written; between bitfields it never does (btf_dump_emit_bit_padding).
 * @throws BpfError for gaps that no compiler makes
 */
export function paddings(from: number, to: number, align: number, inBitfield: boolean): string[] {
  const lines: string[] = []
  if (from >= to) return lines
  // The widest type that has a border within the gap: up to there its alignment does it, behind it whole ones fill the rest.
  const [word, width] = PADS.find(([, bits]) => roundUp(from, bits) <= to) ?? PADS[PADS.length - 1]!
  const border = roundUp(from, width)
  let at = from
  if (border > from && border <= to) {
    // A zero width forces the border, where what follows would not, or would fit before it.
    const forced = border === to ? roundUp(from, 8 * align) !== border : to - border <= border - from
    if (inBitfield) lines.push(`${word}: ${border - from}`)
    else if (forced) lines.push(`${word}: 0`)
    at = border
  }
  if ((to - at) / width > MAX_LINES) fail('text', { limit: MAX_LINES })
  for (; to - at >= width; at += width) lines.push(`${word}: ${width}`)
  if (at < to) {
    const [narrow] = PADS.findLast(([, bits]) => bits >= to - at)!
    lines.push(`${narrow}: ${to - at}`)
  }
  return lines
}

/** Alignment of a type, and whether a struct needs the attribute `packed` to be as it is. */
export function layoutOf(btf: Btf, id: number, type?: BtfType): { readonly align: number; readonly packed: boolean } {
  const align = alignOf(btf, id)
  if (type?.kind !== 'struct') return { align, packed: false }
  let most = 1
  for (const member of type.members) {
    const each = alignOf(btf, member.type)
    if (member.bits === 0 && member.offBits % (8 * each) !== 0) return { align, packed: true }
    most = Math.max(most, each)
  }
  return { align, packed: type.size % align !== 0 || type.size % most !== 0 }
}
