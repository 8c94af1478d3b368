// Jenkins' lookup3 hash as the kernel has it (include/linux/jhash.h). On a little-endian machine jhash2() of words is jhash() of their bytes.

const INITVAL = 0xdeadbeef

/** jhash() of `length` bytes at `at`, as a signed 32-bit number. */
export function jhash(view: DataView, at: number, length: number, seed: number): number {
  let a = (INITVAL + length + seed) | 0
  let b = a
  let c = a
  let left = length
  while (left > 12) {
    a = (a + view.getInt32(at, true)) | 0
    b = (b + view.getInt32(at + 4, true)) | 0
    c = (c + view.getInt32(at + 8, true)) | 0
    a = (a - c) ^ ((c << 4) | (c >>> 28))
    c = (c + b) | 0
    b = (b - a) ^ ((a << 6) | (a >>> 26))
    a = (a + c) | 0
    c = (c - b) ^ ((b << 8) | (b >>> 24))
    b = (b + a) | 0
    a = (a - c) ^ ((c << 16) | (c >>> 16))
    c = (c + b) | 0
    b = (b - a) ^ ((a << 19) | (a >>> 13))
    a = (a + c) | 0
    c = (c - b) ^ ((b << 4) | (b >>> 28))
    b = (b + a) | 0
    left -= 12
    at += 12
  }
  if (left === 0) return c
  a = (a + part(view, at, left)) | 0
  if (left > 4) b = (b + part(view, at + 4, left - 4)) | 0
  if (left > 8) c = (c + part(view, at + 8, left - 8)) | 0
  c = ((c ^ b) - ((b << 14) | (b >>> 18))) | 0
  a = ((a ^ c) - ((c << 11) | (c >>> 21))) | 0
  b = ((b ^ a) - ((a << 25) | (a >>> 7))) | 0
  c = ((c ^ b) - ((b << 16) | (b >>> 16))) | 0
  a = ((a ^ c) - ((c << 4) | (c >>> 28))) | 0
  b = ((b ^ a) - ((a << 14) | (a >>> 18))) | 0
  return ((c ^ b) - ((b << 24) | (b >>> 8))) | 0
}

/** Up to four of `left` bytes as a little-endian number. */
function part(view: DataView, at: number, left: number): number {
  if (left >= 4) return view.getInt32(at, true)
  let word = view.getUint8(at)
  if (left > 1) word |= view.getUint8(at + 1) << 8
  if (left > 2) word |= view.getUint8(at + 2) << 16
  return word
}
