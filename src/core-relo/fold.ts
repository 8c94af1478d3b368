// Instructions on known numbers: what the verifier computes for registers that hold constants. Unsigned 64-bit BigInts.

const U32 = 0xffff_ffffn
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)

/** The low `bits` bits of a number, sign-extended. */
export const signed = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value)

/** a OP b in `bits` (32 or 64) bits; `off` tells signed division and sign-extending moves. Null for operations that there are not. */
export function foldAlu(op: number, a: bigint, b: bigint, bits: number, off: number): bigint | null {
  const cut = (value: bigint): bigint => BigInt.asUintN(bits, value)
  const x = cut(a)
  const y = cut(b)
  const shift = BigInt(Number(b & BigInt(bits - 1)))
  switch (op) {
    case 0x00:
      return cut(x + y)
    case 0x10:
      return cut(x - y)
    case 0x20:
      return cut(x * y)
    case 0x30:
      if (y === 0n) return 0n
      return off === 1 ? cut(signed(x, bits) / signed(y, bits)) : x / y
    case 0x40:
      return x | y
    case 0x50:
      return x & y
    case 0x60:
      return cut(x << shift)
    case 0x70:
      return x >> shift
    case 0x80:
      return cut(-x)
    case 0x90:
      if (y === 0n) return x
      return off === 1 ? cut(signed(x, bits) % signed(y, bits)) : x % y
    case 0xa0:
      return x ^ y
    case 0xb0:
      return off === 8 || off === 16 || off === 32 ? cut(signed(y, off)) : y
    case 0xc0:
      return cut(signed(x, bits) >> shift)
    default:
      return null
  }
}

/** Byte order: `swap` turns the bytes around, the result has `bits` bits. */
export function foldEnd(value: bigint, bits: number, swap: boolean): bigint {
  const x = BigInt.asUintN(bits, value)
  if (!swap) return x
  let result = 0n
  for (let i = 0n; i < BigInt(bits); i += 8n) result = (result << 8n) | ((x >> i) & 0xffn)
  return result
}

/** Whether the conditional jump `op` is taken, comparing `bits` bits; null for operations that there are not. */
export function foldJump(op: number, a: bigint, b: bigint, bits: number): boolean | null {
  const x = bits === 32 ? a & U32 : u64(a)
  const y = bits === 32 ? b & U32 : u64(b)
  const sx = signed(x, bits)
  const sy = signed(y, bits)
  switch (op) {
    case 0x10:
      return x === y
    case 0x20:
      return x > y
    case 0x30:
      return x >= y
    case 0x40:
      return (x & y) !== 0n
    case 0x50:
      return x !== y
    case 0x60:
      return sx > sy
    case 0x70:
      return sx >= sy
    case 0xa0:
      return x < y
    case 0xb0:
      return x <= y
    case 0xc0:
      return sx < sy
    case 0xd0:
      return sx <= sy
    default:
      return null
  }
}
