/** Key of an object's address, for %p and its kin. */
export const ADDRESS: unique symbol = Symbol('address')

/** Something that stands for a kernel object and has an address. */
export interface Addressed {
  readonly [ADDRESS]: bigint
}

/** Where the synthetic addresses of objects lie: in the kernel's direct mapping, 2^34 pages of 4 KiB from here on. */
export const OBJECT_BASE = 0xffff_8880_0000_0000n
/** High half of OBJECT_BASE. Its low half is 0. */
export const OBJECT_BASE_HI = 0xffff_8880
/** log2 of the bytes of a page; an object begins at one. */
export const PAGE_SHIFT = 12
const PAGES = 2 ** 34

/**
 * The page, counted from OBJECT_BASE, at which the object with this name lies: the same name, the same page. It is a hash (two of
 * FNV-1a's kind), since no interface shows real addresses.
 */
export function pageOf(name: string): number {
  let high = 0x811c9dc5
  let low = 0x9747b28c
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i)
    high = Math.imul(high ^ c, 0x01000193)
    low = Math.imul(low ^ c, 0x85ebca6b)
    low ^= low >>> 13
  }
  low = Math.imul(low ^ (low >>> 16), 0xc2b2ae35)
  high = Math.imul(high ^ (high >>> 15), 0x27d4eb2f)
  return ((high >>> 13) & 3) * 2 ** 32 + (low >>> 0)
}

/** The address of a page. */
export const pageAddress = (page: number): bigint => OBJECT_BASE + (BigInt(page) << BigInt(PAGE_SHIFT))

/** The page, counted from OBJECT_BASE, that the address hi:lo (halves, signed or not) lies in; -1 when it is no object's. */
export function pageAt(lo: number, hi: number): number {
  const high = (hi >>> 0) - OBJECT_BASE_HI
  if (high < 0 || high >= PAGES / 2 ** 20) return -1
  return high * 2 ** 20 + (lo >>> PAGE_SHIFT)
}

/** A stable synthetic address of the object with this name. */
export const addressOf = (name: string): bigint => pageAddress(pageOf(name))
