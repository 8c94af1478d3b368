// Arguments of `iterfs map`, in bpftool's syntax and with its messages: MAP, PROG, DATA, VALUE, flags. Words may be cut short (is_prefix).
import { CliError } from './error.ts'
import type { MapClient, MapInfo, MapRef, ProgRef } from './map-client.ts'
import { isMapOfMaps, isMapOfProgs, isPercpu } from './map-text.ts'

const USAGE_ERRNO = 1
const MAX_NAME = 15

/** Whether a word of the command line stands for `full`. */
export const isWord = (word: string | undefined, full: string): boolean =>
  word !== undefined && word !== '' && full.startsWith(word)

/** The words that are left; take() in order. */
export class Words {
  readonly #words: readonly string[]
  #at = 0

  constructor(words: readonly string[]) {
    this.#words = words
  }

  get left(): number {
    return this.#words.length - this.#at
  }

  peek(ahead = 0): string | undefined {
    return this.#words[this.#at + ahead]
  }

  take(): string {
    const word = this.#words[this.#at++]
    return word ?? fail(`what is '${this.#words.at(-1) ?? ''}'?`)
  }

  /** REQ_ARGS: at least `count` words behind `word`. */
  need(word: string, count: number, errno: number = USAGE_ERRNO): void {
    if (this.left < count) fail(`'${word}' needs at least ${count} arguments, ${this.left} found`, errno)
  }

  /** Nothing may be left. */
  end(): void {
    if (this.left > 0) fail(`what is '${this.peek()}'?`)
  }
}

/** @throws CliError with bpftool's status 255 */
export function fail(message: string, errno: number = USAGE_ERRNO): never {
  throw new CliError(message, errno)
}

/** strtoul(): the number that the whole text is, in base 16 or as its prefix says; null when it is none. */
export function parseNumber(text: string, base: 0 | 16 = 0): number | null {
  const [, sign, digits] = /^\s*([+-]?)(.*)$/s.exec(text)!
  const lower = digits!.toLowerCase()
  if (lower === '') return sign ? null : 0
  const isHex = lower.startsWith('0x')
  const radix = base === 16 || isHex ? 16 : lower.startsWith('0') ? 8 : 10
  const body = isHex ? lower.slice(2) : lower
  const valid = radix === 16 ? /^[0-9a-f]+$/ : radix === 8 ? /^[0-7]+$/ : /^\d+$/
  if (!valid.test(body)) return null
  const value = Number(BigInt.asUintN(64, sign === '-' ? -toBigInt(body, radix) : toBigInt(body, radix)))
  return value
}

const toBigInt = (digits: string, radix: number): bigint => BigInt(radix === 10 ? digits : (radix === 16 ? '0x' : '0o') + digits)

/** `id N | pinned FILE | name NAME` */
export function parseMapRef(words: Words): MapRef {
  const word = words.take()
  if (isWord(word, 'id')) return { id: parseId(words.take()) }
  if (isWord(word, 'name')) {
    const name = words.take()
    if (name.length > MAX_NAME) fail("can't parse name")
    return { name }
  }
  if (isWord(word, 'pinned')) return { pinned: words.take() }
  return fail(`expected 'id', 'name' or 'pinned', got: '${word}'?`)
}

/** `id N | tag TAG | pinned FILE | name NAME` */
function parseProgRef(words: Words): ProgRef {
  if (isWord(words.peek(), 'tag')) {
    words.take()
    const tag = words.take()
    return /^[0-9a-f]{16}$/i.test(tag) ? { tag } : fail("can't parse tag")
  }
  const word = words.peek()
  if (!isWord(word, 'id') && !isWord(word, 'name') && !isWord(word, 'pinned'))
    fail(`expected 'id', 'tag', 'name' or 'pinned', got: '${word}'?`)
  return parseMapRef(words)
}

function parseId(text: string): number {
  const id = parseNumber(text)
  return id === null ? fail(`can't parse ${text} as ID`) : id >>> 0
}

/** The one map that MAP names. */
export function parseMap(words: Words, client: Pick<MapClient, 'find'>): MapInfo {
  const found = client.find(parseMapRef(words))
  if (found.length > 1) fail('several maps match this handle')
  return found[0] ?? fail('')
}

/** `[hex] BYTE...`, `size` of them. */
function parseBytes(words: Words, what: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  const isHex = isWord(words.peek(), 'hex')
  if (isHex) words.take()
  for (let i = 0; i < size; i++) {
    const word = words.peek()
    if (word === undefined) fail(`${what} expected ${size} bytes got ${i}`)
    const byte = parseNumber(word!, isHex ? 16 : 0)
    if (byte === null) fail(`error parsing byte: ${word}`)
    bytes[i] = Number(BigInt(byte!) & 0xffn)
    words.take()
  }
  return bytes
}

const FLAGS = { any: 0, noexist: 1, exist: 2 } as const

/** What an element's words may hold: a key, a value, flags. */
export interface Wanted {
  readonly key: boolean
  readonly value: boolean
  readonly flags: boolean
}

export interface Elem {
  key: Uint8Array
  value: Uint8Array
  flags: number
}

/** `[key DATA] [value VALUE] [UPDATE_FLAGS]` in any order; what is wanted must be there, flags apart (parse_elem). */
export function parseElem(words: Words, map: MapInfo, client: MapClient, wanted: Wanted): Elem {
  const elem: Elem = { key: new Uint8Array(0), value: new Uint8Array(0), flags: 0 }
  let needKey = wanted.key && map.keySize > 0
  let needValue = wanted.value && map.valueSize > 0
  let mayHaveFlags = wanted.flags
  while (words.left > 0) {
    const word = words.peek()!
    if (isWord(word, 'key')) {
      if (!needKey) fail(wanted.key && map.keySize > 0 ? 'duplicate key' : 'unnecessary key')
      words.take()
      elem.key = parseBytes(words, 'key', map.keySize)
      needKey = false
    } else if (isWord(word, 'value')) {
      if (!needValue) fail(wanted.value && map.valueSize > 0 ? 'duplicate value' : 'unnecessary value')
      words.take()
      elem.value = parseValue(words, map, client)
      needValue = false
    } else if (isWord(word, 'any') || isWord(word, 'noexist') || isWord(word, 'exist')) {
      if (!mayHaveFlags) fail(`flags specified multiple times: ${word}`)
      words.take()
      elem.flags = isWord(word, 'any') ? FLAGS.any : isWord(word, 'noexist') ? FLAGS.noexist : FLAGS.exist
      mayHaveFlags = false
    } else fail(`expected key or value, got: ${word}`)
  }
  if (needKey) fail('did not find key')
  if (needValue) fail('did not find value')
  return elem
}

function parseValue(words: Words, map: MapInfo, client: MapClient): Uint8Array {
  const toMap = isMapOfMaps(map)
  if (toMap || isMapOfProgs(map)) {
    if (words.left < 2) fail(`not enough value arguments for ${toMap ? 'map in map' : 'map of progs'}`)
    const id = toMap ? parseMap(words, client).id : client.prog(parseProgRef(words))
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setUint32(0, id, true)
    return bytes
  }
  const bytes = parseBytes(words, 'value', map.valueSize)
  if (!isPercpu(map)) return bytes
  const step = Math.ceil(map.valueSize / 8) * 8
  const all = new Uint8Array(step * client.cpus)
  for (let cpu = 0; cpu < client.cpus; cpu++) all.set(bytes, cpu * step)
  return all
}
