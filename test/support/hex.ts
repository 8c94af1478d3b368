// Bytes as annotated hex: white space and comments from // to the end of the line are left out.

/** Bytes of a hex text. @throws Error when it has anything but hex digits or half a byte */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/\/\/.*$/gm, '').replace(/\s+/g, '')
  if (!/^([0-9a-f]{2})*$/.test(digits)) throw new Error(`hex: want pairs of digits 0-9a-f, got "${digits}"`)
  return Uint8Array.from(digits.match(/../g) ?? [], byte => Number.parseInt(byte, 16))
}

/** fromHex() as template tag. */
export const hex = (text: TemplateStringsArray): Uint8Array => fromHex(text.raw.join(''))

/** Bytes as hex digits, for comparisons that print well. */
export const toHex = (bytes: Uint8Array | null): string | null =>
  bytes && Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
