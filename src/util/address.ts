/** Key of an object's address, for %p and its kin. */
export const ADDRESS: unique symbol = Symbol('address')

/** Something that stands for a kernel object and has an address. */
export interface Addressed {
  readonly [ADDRESS]: bigint
}

/** Where the synthetic addresses of objects lie: in the kernel's direct mapping. */
const BASE = 0xffff_8880_0000_0000n

/**
 * A stable synthetic address of the object with this name: the same name, the same address; 64-byte aligned. It is a hash
 * (FNV-1a), since no interface shows real ones.
 */
export function addressOf(name: string): bigint {
  let hash = 0xcbf29ce484222325n
  for (let i = 0; i < name.length; i++) hash = BigInt.asUintN(64, (hash ^ BigInt(name.charCodeAt(i))) * 0x100000001b3n)
  return BASE + (hash & 0x3f_ffff_ffffn & ~63n)
}
