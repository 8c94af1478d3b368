// Text of the kernel is bytes. JavaScript strings of iterfs are those bytes decoded as UTF-8, and a byte that
// is not valid UTF-8 becomes the lone surrogate U+DC80+byte-0x80 (as in Python's PEP 383), so nothing is lost.

const fatal = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** Decodes bytes `from`..`to` (exclusive) losslessly; encodeText() gives the same bytes back. */
export function decodeText(bytes: Uint8Array, from = 0, to = bytes.length): string {
  let i = from
  while (i < to && bytes[i]! < 0x80) i++
  if (i === to && to - from < 64) {
    let text = ''
    for (let k = from; k < to; k++) text += String.fromCharCode(bytes[k]!)
    return text
  }
  const part = bytes.subarray(from, to)
  try {
    return fatal.decode(part)
  } catch {
    return decodeInvalid(part)
  }
}

function decodeInvalid(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; ) {
    const size = validAt(bytes, i)
    if (size > 0) text += fatal.decode(bytes.subarray(i, i + size))
    else text += String.fromCharCode(0xdc00 + bytes[i]!)
    i += size || 1
  }
  return text
}

/** Length of the valid UTF-8 sequence at `i`, 0 when there is none. */
function validAt(bytes: Uint8Array, i: number): number {
  const b = bytes[i]!
  const size = b < 0x80 ? 1 : b < 0xc2 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : b < 0xf5 ? 4 : 0
  if (size < 2) return size
  if (i + size > bytes.length) return 0
  try {
    fatal.decode(bytes.subarray(i, i + size))
    return size
  } catch {
    return 0
  }
}

/** The bytes of a string made by decodeText() or written by a user; other lone surrogates become U+FFFD. */
export function encodeText(text: string): Uint8Array {
  let ascii = true
  for (let i = 0; i < text.length && ascii; i++) ascii = text.charCodeAt(i) < 0x80
  if (ascii) {
    const bytes = new Uint8Array(text.length)
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
    return bytes
  }
  if (!/[\udc80-\udcff]/.test(text)) return encoder.encode(text)
  const parts: number[] = []
  for (const char of text) {
    const code = char.codePointAt(0)!
    if (code >= 0xdc80 && code <= 0xdcff) parts.push(code - 0xdc00)
    else parts.push(...encoder.encode(char))
  }
  return Uint8Array.from(parts)
}

/** The parts one behind the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Whether a file begins as ELF files do. */
export const isElf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46
