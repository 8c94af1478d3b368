// Numbers of any width in little-endian memory: whole bytes, and bitfields.

/** `bits` bits from bit `bitOff` (0 to 7) of the byte at `off` on, as an unsigned number. */
export function readBits(view: DataView, off: number, bitOff: number, bits: number): bigint {
  if (bitOff === 0 && bits === 32) return BigInt(view.getUint32(off, true))
  if (bitOff === 0 && bits === 64) return view.getBigUint64(off, true)
  let value = 0n
  for (let i = Math.ceil((bitOff + bits) / 8) - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(off + i))
  return BigInt.asUintN(bits, value >> BigInt(bitOff))
}

/** Writes the low `bits` bits of a number there; the bits around them stay. */
export function writeBits(view: DataView, off: number, bitOff: number, bits: number, value: bigint): void {
  const count = Math.ceil((bitOff + bits) / 8)
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(bitOff)
  const placed = (value << BigInt(bitOff)) & mask
  for (let i = 0; i < count; i++) {
    const own = Number((mask >> BigInt(8 * i)) & 0xffn)
    view.setUint8(off + i, (view.getUint8(off + i) & ~own) | Number((placed >> BigInt(8 * i)) & 0xffn))
  }
}

/** The smallest and the largest number of that many bits. */
export const rangeOf = (signed: boolean, bits: number): readonly [bigint, bigint] =>
  signed ? [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n] : [0n, (1n << BigInt(bits)) - 1n]
