// Arguments of the format rules: what a value means to a conversion. TypeScript programs pass values, BPF programs 64-bit numbers
// whose pointers are followed through the environment.
import { ADDRESS, type Addressed } from '../util/address.ts'
import { encodeText } from '../util/bytes.ts'
import { randomBytes } from '../util/random.ts'
import type { Format } from './bprintf-parse.ts'

/** An argument: an integer, text or bytes for %s, bytes for %pI4 and %pI6, an object of the kernel, or NULL. */
export type FmtArg = number | bigint | boolean | string | Uint8Array | Addressed | null | undefined

/** What pointers lead to. Everything is optional: a TypeScript program passes values, not addresses. */
export interface FmtEnv {
  /** The bytes before a NUL at an address, at most `max`; null when they cannot be read. */
  readonly readStr?: (address: bigint, max: number) => Uint8Array | null
  /** `size` bytes at an address; null when they cannot be read. */
  readonly readMem?: (address: bigint, size: number) => Uint8Array | null
  /** The 32 bits that %p shows for an address. Default: a hash with a key of this process. */
  readonly hashPointer?: (address: bigint) => bigint
  /** The function an address lies in, for %pS, %ps and %pB. Default: none is known, and the address is shown. */
  readonly symbolize?: (
    address: bigint,
  ) => { readonly name: string; readonly offset: bigint; readonly size: bigint; readonly module?: string } | null
}

/** What an IP argument that cannot be read, or NULL, points to. */
const ZEROS: Record<4 | 16, Uint8Array> = { 4: new Uint8Array(4), 16: new Uint8Array(16) }
const NONE = new Uint8Array(0)

function describe(value: FmtArg): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function wrong(format: Format, index: number, want: string, got: FmtArg): never {
  throw new TypeError(`format ${JSON.stringify(format.text)}, argument ${index + 1}: want ${want}, got ${describe(got)}`)
}

/** The integer that an argument stands for: NULL is 0, an object its address. @throws TypeError */
export function integerOf(arg: FmtArg, format: Format, index: number): number | bigint {
  switch (typeof arg) {
    case 'number':
      return Number.isInteger(arg) ? arg : wrong(format, index, 'an integer', arg)
    case 'bigint':
      return arg
    case 'boolean':
      return arg ? 1 : 0
    case 'undefined':
      return 0
    case 'object':
      if (arg === null) return 0
      if (ADDRESS in arg) return arg[ADDRESS]
  }
  return wrong(format, index, 'an integer', arg)
}

/** An argument as a 64-bit address. @throws TypeError */
export const pointerOf = (arg: FmtArg, format: Format, index: number): bigint =>
  BigInt.asUintN(64, BigInt(integerOf(arg, format, index)))

/**
 * The text of a %s argument: a string as it is, bytes before their NUL, nothing for a pointer that cannot be read. At most
 * `max` bytes are needed; more may be returned. @throws TypeError
 */
export function textOf(arg: FmtArg, max: number, env: FmtEnv, format: Format, index: number): Uint8Array {
  if (arg === null || arg === undefined) return NONE
  let bytes: Uint8Array
  if (typeof arg === 'string') bytes = encodeText(arg)
  else if (arg instanceof Uint8Array) bytes = arg
  else if (env.readStr) bytes = env.readStr(pointerOf(arg, format, index), max + 1) ?? NONE
  else return wrong(format, index, 'a string or bytes', arg)
  const nul = bytes.indexOf(0)
  return nul < 0 ? bytes : bytes.subarray(0, nul)
}

/** The bytes that an IP argument points to; zeros when they cannot be read. @throws TypeError */
export function bytesOf(arg: FmtArg, size: 4 | 16, env: FmtEnv, format: Format, index: number): Uint8Array {
  if (arg === null || arg === undefined) return ZEROS[size]
  if (arg instanceof Uint8Array) return arg.length >= size ? arg : wrong(format, index, `${size} bytes`, arg)
  if (env.readMem && typeof arg !== 'string') return env.readMem(pointerOf(arg, format, index), size) ?? ZEROS[size]
  return wrong(format, index, `${size} bytes`, arg)
}

const [KEY_HIGH, KEY_LOW] = [Number(randomBytes(4)), Number(randomBytes(4))]

/** ptr_to_hashval()'s stand-in: 32 bits that tell addresses apart without showing them; the same within a process. */
export function defaultHash(address: bigint): bigint {
  let hash = KEY_HIGH
  for (const word of [Number(address & 0xffff_ffffn), Number(address >> 32n)]) {
    hash = Math.imul(hash ^ word, 0x85ebca6b) ^ KEY_LOW
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
    hash ^= hash >>> 13
  }
  return BigInt(hash >>> 0)
}
