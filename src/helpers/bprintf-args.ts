// Arguments of the format rules: what a value means to a conversion. TypeScript programs pass values (ValueReader), BPF programs
// 64-bit numbers in memory (bprintf-memory.ts); the printer asks both through ArgReader, for halves and bytes, never for BigInts.
import { ADDRESS, type Addressed } from '../util/address.ts'
import { encodeText } from '../util/bytes.ts'
import { randomBytes } from '../util/random.ts'
import type { Format } from './bprintf-parse.ts'

/** An argument: an integer, text or bytes for %s, bytes for %pI4 and %pI6, an object of the kernel, or NULL. */
export type FmtArg = number | bigint | boolean | string | Uint8Array | Addressed | null | undefined

/** The symbol that an address lies in. */
export interface FoundSymbol {
  readonly name: string
  readonly offset: bigint
  readonly size: bigint
  readonly module?: string
}

/** What addresses are shown as. */
export interface FmtEnv {
  /** The 32 bits that %p shows for an address. Default: a hash with a key of this process. */
  readonly hashPointer?: (address: bigint) => bigint
  /** The function an address lies in, for %pS, %ps and %pB. Default: none is known, and the address is shown. */
  readonly symbolize?: (address: bigint) => FoundSymbol | null
}

/** Where the printer gets arguments from. What a method finds is in the reader's own fields until the next call of one. */
export interface ArgReader {
  /** How many arguments there are. */
  readonly count: number
  readonly env: FmtEnv
  /** What load() found: the halves, signed or not. */
  readonly lo: number
  readonly hi: number
  /** What text() and memory() found, from `from` on. */
  readonly bytes: Uint8Array
  readonly from: number
  /** The integer or address that an argument stands for. @throws TypeError */
  load(index: number): void
  /** The text of a %s argument, at most `max` bytes: its length. Nothing for a pointer that cannot be read. @throws TypeError */
  text(index: number, max: number): number
  /** The bytes that an IP argument points to; zeros when they cannot be read. @throws TypeError */
  memory(index: number, size: 4 | 16): void
}

/** What an IP argument that cannot be read, or NULL, points to. */
export const ZEROS = new Uint8Array(16)
const NONE = new Uint8Array(0)
const TWO32 = 0x1_0000_0000

/** Values of a TypeScript program. */
export class ValueReader implements ArgReader {
  readonly count: number
  readonly env: FmtEnv
  lo = 0
  hi = 0
  bytes: Uint8Array = NONE
  from = 0
  readonly #args: readonly FmtArg[]
  readonly #format: Format

  constructor(args: readonly FmtArg[], env: FmtEnv, format: Format) {
    this.count = args.length
    this.env = env
    this.#args = args
    this.#format = format
  }

  load(index: number): void {
    const value = integerOf(this.#args[index], this.#format, index)
    if (typeof value === 'number' && Number.isSafeInteger(value)) {
      this.lo = value | 0
      this.hi = value >= 0 && value < TWO32 ? 0 : Math.floor(value / TWO32) | 0
    } else {
      words.setBigUint64(0, BigInt(value)) // takes the low 64 bits
      this.lo = words.getInt32(4)
      this.hi = words.getInt32(0)
    }
  }

  text(index: number, max: number): number {
    const arg = this.#args[index]
    this.from = 0
    if (typeof arg === 'string') {
      const length = asciiLength(arg, max)
      if (length >= 0) {
        this.bytes = ascii
        return length
      }
    }
    this.bytes = textOf(arg, this.#format, index)
    return Math.min(this.bytes.length, max)
  }

  memory(index: number, size: 4 | 16): void {
    this.from = 0
    this.bytes = bytesOf(this.#args[index], size, this.#format, index)
  }
}

const words = new DataView(new ArrayBuffer(8))
const ascii = new Uint8Array(512)

/** Copies ASCII text before its NUL, at most `max` (and 512) bytes, to `ascii`; -1 when it is not ASCII. */
function asciiLength(text: string, max: number): number {
  const length = Math.min(text.length, max, ascii.length)
  for (let i = 0; i < length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0) return i
    if (c >= 0x80) return -1
    ascii[i] = c
  }
  return length
}

function describe(value: FmtArg): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

function wrong(format: Format, index: number, want: string, got: FmtArg): never {
  throw new TypeError(`format ${JSON.stringify(format.text)}, argument ${index + 1}: want ${want}, got ${describe(got)}`)
}

/** The integer that an argument stands for: NULL is 0, an object its address. */
function integerOf(arg: FmtArg, format: Format, index: number): number | bigint {
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

/** A string as it is, bytes before their NUL. */
function textOf(arg: FmtArg, format: Format, index: number): Uint8Array {
  if (arg === null || arg === undefined) return NONE
  if (typeof arg !== 'string' && !(arg instanceof Uint8Array)) return wrong(format, index, 'a string or bytes', arg)
  const bytes = typeof arg === 'string' ? encodeText(arg) : arg
  const nul = bytes.indexOf(0)
  return nul < 0 ? bytes : bytes.subarray(0, nul)
}

function bytesOf(arg: FmtArg, size: 4 | 16, format: Format, index: number): Uint8Array {
  if (arg === null || arg === undefined) return ZEROS
  return arg instanceof Uint8Array && arg.length >= size ? arg : wrong(format, index, `${size} bytes`, arg)
}

/** ptr_key: random, unless a recording has it. */
let [keyHigh, keyLow] = [Number(randomBytes(4)), Number(randomBytes(4))]

/** Makes %p of this thread print what it printed with this key elsewhere. @param key two times 32 bits */
export function setPointerKey(key: readonly [high: number, low: number]): void {
  ;[keyHigh, keyLow] = key
}

/** ptr_to_hashval()'s stand-in: 32 bits that tell addresses apart without showing them; the same within a process. */
export function hashHalves(lo: number, hi: number): number {
  let hash = keyHigh
  for (let i = 0; i < 2; i++) {
    hash = Math.imul(hash ^ (i === 0 ? lo : hi), 0x85ebca6b) ^ keyLow
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
    hash ^= hash >>> 13
  }
  return hash >>> 0
}

/** hashHalves() of an address. */
export const hashAddress = (address: bigint): bigint =>
  BigInt(hashHalves(Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n))))
