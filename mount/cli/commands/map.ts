// iterfs map: bpftool map with the maps of an iterfs mount. Every verb works on a MapClient, which the caller connects to a daemon.
import { EINVAL, ErrnoError, mapTypeByName, strerror } from '../../../src/index.ts'
import { CliError } from '../error.ts'
import { JsonWriter } from '../json-writer.ts'
import { fail, isWord, parseElem, parseMap, parseMapRef, parseNumber, Words } from '../map-args.ts'
import type { MapClient, MapInfo, MapTypes } from '../map-client.ts'
import {
  entryBtf,
  entryErrorJson,
  entryErrorText,
  entryJson,
  entryText,
  headerJson,
  headerText,
  hexText,
  mapJson,
  mapText,
} from '../map-text.ts'

/** Options before or behind the verb. */
export interface MapOptions {
  /** -j, -p */
  readonly json: boolean
  readonly pretty: boolean
  /** -f: with the paths of pins */
  readonly bpffs: boolean
}

/** Where the text goes. */
export interface Output {
  stdout(text: string): unknown
  stderr(text: string): unknown
}

const USAGE = `Usage: iterfs map { show | list }   [MAP]
       iterfs map create     FILE type TYPE key KEY_SIZE value VALUE_SIZE \\
                                 entries MAX_ENTRIES name NAME [flags FLAGS] \\
                                 [inner_map MAP]
       iterfs map dump       MAP
       iterfs map update     MAP [key DATA] [value VALUE] [any | exist | noexist]
       iterfs map lookup     MAP [key DATA]
       iterfs map getnext    MAP [key DATA]
       iterfs map delete     MAP  key DATA
       iterfs map pin        MAP  FILE
       iterfs map peek       MAP
       iterfs map push       MAP value VALUE
       iterfs map pop        MAP
       iterfs map enqueue    MAP value VALUE
       iterfs map dequeue    MAP
       iterfs map freeze     MAP

       MAP := { id MAP_ID | pinned FILE | name MAP_NAME }
       DATA := { [hex] BYTES }
       PROG := { id PROG_ID | pinned FILE | tag PROG_TAG | name PROG_NAME }
       VALUE := { DATA | MAP | PROG }
       OPTIONS := { {-j|--json} [{-p|--pretty}] | {-f|--bpffs} }
`

/** What a verb works with. `json` is null when the output is for people. */
interface Run {
  readonly client: MapClient
  readonly words: Words
  readonly verb: string
  readonly json: JsonWriter | null
  readonly bpffs: boolean
  write(text: string): void
}

/** A failure of which everything was said already. */
class Said extends Error {
  readonly errno: number
  constructor(errno: number) {
    super('')
    this.errno = errno
  }
}

/** The rows: bpftool's verbs in its order, which decides what a shortened verb means. */
const VERBS: readonly [verb: string, run: (run: Run) => void][] = [
  ['show', show],
  ['list', show],
  ['help', () => fail('')],
  ['dump', dump],
  ['update', update],
  ['lookup', lookup],
  ['getnext', getNext],
  ['delete', remove],
  ['pin', pin],
  ['create', create],
  ['peek', lookup],
  ['push', update],
  ['enqueue', update],
  ['pop', pop],
  ['dequeue', pop],
  ['freeze', freeze],
]

/** Takes the options out of the words of the command line. */
export function splitMapOptions(words: readonly string[]): { options: MapOptions; words: string[] } {
  const has = (...names: string[]): boolean => words.some(word => names.includes(word))
  const pretty = has('-p', '--pretty')
  return {
    options: { json: pretty || has('-j', '--json'), pretty, bpffs: has('-f', '--bpffs') },
    words: words.filter(word => !/^(-[jpf]|--(json|pretty|bpffs))$/.test(word)),
  }
}

/** Runs one verb; the exit status, bpftool's. */
export function runMap(args: readonly string[], client: MapClient, output: Output): number {
  const { options, words } = splitMapOptions(args)
  let buffered = ''
  const flush = (): void => {
    if (buffered !== '') output.stdout(buffered)
    buffered = ''
  }
  const write = (text: string): void => {
    buffered += text
    if (buffered.length > 1 << 16) flush()
  }
  const json = options.json ? new JsonWriter(write, options.pretty) : null
  const [verb = 'show', ...rest] = words
  const row = VERBS.find(([name]) => isWord(verb, name))
  let status = 0
  if (!row || row[0] === 'help') {
    output.stderr(USAGE)
    status = row ? 0 : 255
  } else {
    try {
      row[1]({ client, words: new Words(rest), verb, json, bpffs: options.bpffs, write })
    } catch (err) {
      if (!(err instanceof CliError || err instanceof Said || err instanceof ErrnoError)) throw err
      status = err instanceof CliError ? err.status : (256 - err.errno) & 0xff
      if (err.message !== '') {
        if (json) {
          json.startObject()
          json.field('error', err.message)
          json.endObject()
        } else output.stderr(`Error: ${err.message}\n`)
      }
    }
  }
  if (json) write('\n')
  flush()
  return status
}

/** Runs `body`; what bpf(2) refuses becomes `WHAT: reason`, with its errno as status. */
function attempt<T>(what: string, body: () => T): T {
  try {
    return body()
  } catch (err) {
    if (err instanceof ErrnoError) fail(`${what}: ${strerror(err.errno)}`, err.errno)
    throw err
  }
}

function show({ client, words, json, bpffs, write }: Run): void {
  if (words.left > 0 && words.left !== 2) fail(`what is '${words.peek()}'?`)
  const one = words.left === 2
  const maps = one ? client.find(parseMapRef(words)) : client.list()
  if (one && maps.length === 0) fail('')
  const pins = bpffs && maps.some(map => map.pinned.length > 0)
  if (!json) {
    for (const map of maps) write(mapText(map, pins))
    return
  }
  const array = !one || maps.length > 1
  if (array) json.startArray()
  for (const map of maps) mapJson(json, map, pins)
  if (array) json.endArray()
}

function dump({ client, words, json, write }: Run): void {
  if (words.left !== 2) fail("'dump' needs a MAP: id MAP_ID, pinned FILE or name MAP_NAME")
  const maps = client.find(parseMapRef(words))
  if (maps.length === 0) fail('')
  const plainBtf = !json && maps.every(map => map.btfId !== 0)
  const writer = json ?? (plainBtf ? new JsonWriter(write, true) : null)
  if (maps.length > 1) writer?.startArray()
  let errno = 0
  for (const [i, map] of maps.entries()) {
    errno = dumpMap(client, map, { writer, plain: plainBtf, header: maps.length > 1, write })
    if (!writer && i < maps.length - 1) write('\n')
    if (errno) break
  }
  if (maps.length > 1) writer?.endArray()
  if (plainBtf) write('\n')
  if (errno) throw new Said(errno)
}

interface DumpTo {
  readonly writer: JsonWriter | null
  readonly plain: boolean
  readonly header: boolean
  write(text: string): void
}

/** Writes the elements of one map; 0, or the errno that ended them. */
function dumpMap(client: MapClient, map: MapInfo, { writer, plain, header, write }: DumpTo): number {
  const types = writer ? client.types(map) : null
  if (writer) {
    if (header) {
      writer.startObject()
      headerJson(writer, map)
      writer.name('elements')
    }
    writer.startArray()
  } else if (header) write(headerText(map))
  let count = 0
  const errno = client.dump(map, (key, value) => {
    if (typeof value === 'number') {
      if (writer && !plain) entryErrorJson(writer, map, key, value)
      else write(entryErrorText(map, key, value) ?? '')
      return
    }
    count++
    if (!writer) write(entryText(map, key, value, client.cpus))
    else if (plain && types) entryBtf(writer, map, types, key, value, client.cpus, true)
    else if (plain) write(entryText(map, key, value, client.cpus))
    else entryJson(writer, map, types, key, value, client.cpus)
  })
  if (writer) {
    writer.endArray()
    if (header) writer.endObject()
  } else write(`Found ${count} element${count === 1 ? '' : 's'}\n`)
  return errno
}

function update({ client, words, json }: Run): void {
  const map = parseMap(words, client)
  const { key, value, flags } = parseElem(words, map, client, { key: true, value: true, flags: true })
  attempt('update failed', () => client.update(map, key, value, flags))
  json?.raw('null')
}

function remove({ client, words, json }: Run): void {
  const map = parseMap(words, client)
  const { key } = parseElem(words, map, client, { key: true, value: false, flags: false })
  attempt('delete failed', () => client.delete(map, key))
  json?.raw('null')
}

/** An element on its own, as lookup and pop print it. */
function printElem({ client, json, write }: Run, map: MapInfo, key: Uint8Array, value: Uint8Array): void {
  const types: MapTypes | null = client.types(map)
  if (json) return entryJson(json, map, types, key, value, client.cpus)
  if (!types) return write(entryText(map, key, value, client.cpus))
  entryBtf(new JsonWriter(write, true), map, types, key, value, client.cpus, true)
  write('\n')
}

function lookup(run: Run): void {
  const { client, words, json, write } = run
  const map = parseMap(words, client)
  const { key } = parseElem(words, map, client, { key: true, value: false, flags: false })
  const value = orMissing(
    'lookup failed',
    () => client.lookup(map, key),
    () => {
      if (json) json.raw('null')
      else write(`key:\n${hexText(key)}\n\nNot found\n`)
    },
  )
  printElem(run, map, key, value)
}

function pop(run: Run): void {
  const { client, words, json, write } = run
  const map = parseMap(words, client)
  const key = new Uint8Array(map.keySize)
  const value = orMissing(
    'pop failed',
    () => client.lookupAndDelete(map, key),
    () => {
      if (json) json.raw('null')
      else write('Error: empty map\n')
    },
  )
  printElem(run, map, key, value)
}

/** What `body` gives; ENOENT is no error message but what `missing` writes, and a status. */
function orMissing(what: string, body: () => Uint8Array, missing: () => void): Uint8Array {
  try {
    return body()
  } catch (err) {
    if (!(err instanceof ErrnoError)) throw err
    if (err.errno !== 2) fail(`${what}: ${strerror(err.errno)}`, err.errno)
    missing()
    throw new Said(err.errno)
  }
}

function getNext({ client, words, json, write }: Run): void {
  const map = parseMap(words, client)
  const key = words.left > 0 ? parseElem(words, map, client, { key: true, value: false, flags: false }).key : null
  const next = attempt("can't get next key", () => client.nextKey(map, key))
  if (!json) return write(`${key ? `key:\n${hexText(key)}` : 'key: None'}\nnext key:\n${hexText(next)}\n`)
  json.startObject()
  json.name('key')
  if (key) json.bytes(key)
  else json.raw('null')
  json.name('next_key')
  json.bytes(next)
  json.endObject()
}

function freeze({ client, words, verb, json }: Run): void {
  words.need(verb, 2)
  const map = parseMap(words, client)
  words.end()
  attempt('failed to freeze map', () => client.freeze(map))
  json?.raw('null')
}

function pin({ client, words, verb, json }: Run): void {
  words.need(verb, 3, EINVAL)
  const map = parseMap(words, client)
  const path = words.take()
  words.end()
  attempt(`can't pin the object (${path})`, () => client.pin(map, path))
  json?.raw('null')
}

function create({ client, words, verb, json }: Run): void {
  words.need(verb, 7)
  const path = words.take()
  const sizes = { keySize: 0, valueSize: 0, maxEntries: 0, flags: 0 }
  let type: number | undefined
  let name: string | undefined
  let innerId: number | undefined
  while (words.left > 0) {
    const word = words.peek()!
    words.need(words.peek(-1)!, 2)
    words.take()
    if (isWord(word, 'type')) {
      if (type !== undefined) fail('map type already specified')
      const text = words.take()
      type = mapTypeByName(text)?.type ?? fail(`unrecognized map type: ${text}`)
    } else if (isWord(word, 'name')) name = words.take()
    else if (isWord(word, 'key')) sizes.keySize = parseSize(words, sizes.keySize, 'key size')
    else if (isWord(word, 'value')) sizes.valueSize = parseSize(words, sizes.valueSize, 'value size')
    else if (isWord(word, 'entries')) sizes.maxEntries = parseSize(words, sizes.maxEntries, 'max entries')
    else if (isWord(word, 'flags')) sizes.flags = parseSize(words, sizes.flags, 'flags')
    else if (isWord(word, 'inner_map')) innerId = parseMap(words, client).id
    else fail(`unknown arg ${word}`)
  }
  if (name === undefined) return fail('map name not specified')
  const map = { type: type ?? 0, name, ...sizes, ...(innerId === undefined ? {} : { innerId }) }
  try {
    client.create(map, path)
  } catch (err) {
    if (err instanceof ErrnoError) fail(`map create failed: ${strerror(err.errno)}`)
    throw err
  }
  json?.raw('null')
}

/** parse_u32_arg() */
function parseSize(words: Words, before: number, what: string): number {
  if (before !== 0) fail(`${what} already specified`)
  const text = words.take()
  const size = parseNumber(text)
  return size === null ? fail(`can't parse ${text} as ${what}`) : size >>> 0
}
