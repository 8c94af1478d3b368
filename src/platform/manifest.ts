// The manifest of a recording: JSON lines, the first of which is about the machine; each other one is a look and its answer.
import { errnoName, errnoNumber } from '../util/errno.ts'
import { count, decimal, type FieldsOf, fieldsOf, hex, shorten, text } from './fields.ts'
import type { Facts } from './look-platform.ts'
import { type AnyLook, type LookName, lookNamed } from './looks.ts'

/** Number of the format that docs/recording.md describes. */
export const FORMAT = 1
export const MANIFEST = 'manifest.jsonl'
/** Folder of what programs printed while it was recorded. */
export const OUTPUTS = 'out'

export interface ReaderIds {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

/** What the first line of a manifest says. */
export interface Head {
  readonly facts: Facts
  /** The process that read: whoever reads the replay is taken for it. */
  readonly reader: ReaderIds
  /** Key with which %p hid addresses. */
  readonly pointerKey: readonly [high: number, low: number]
}

const HEAD = {
  ...{ format: count, cpus: count, cpu: count, userHz: count, pageSize: count },
  ...{ monotonic: decimal, boottime: decimal, tai: decimal, slept: decimal, pid: count, uid: count, gid: count, pointerKey: hex },
}

const LOOK = { look: text }

/** One line of a look. `errno` is null when it succeeded. */
interface LookLine {
  readonly name: LookName
  readonly row: AnyLook
  readonly args: Readonly<Record<string, unknown>>
  readonly errno: number | null
  readonly line: Readonly<Record<string, unknown>>
}

/** The line of a look. Its path comes first, so that lines sort by it. */
export function lookLine(
  name: LookName,
  args: Readonly<Record<string, unknown>>,
  answer: object | { readonly errno: number },
): string {
  const said = 'errno' in answer ? { errno: errnoName(answer.errno as number) } : answer
  const { path, ...rest } = args
  return JSON.stringify({ ...(path === undefined ? {} : { path }), look: name, ...rest, ...said })
}

/** @throws Error place, wanted, got */
export function lookOf(text: string): LookLine {
  const line = parseLine(text)
  const { look } = fieldsOf(LOOK, line)
  const row = lookNamed(look)
  if (!row) throw new Error(`"look": want a name that docs/recording.md lists, got "${shorten(look)}"`)
  return { name: look as LookName, row, args: fieldsOf(row.args, line), errno: 'errno' in line ? errnoIn(line) : null, line }
}

function parseLine(line: string): Record<string, unknown> {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    parsed = undefined
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Error(`want a JSON object, got ${line === '' ? 'an empty line' : shorten(line)}`)
  }
  return parsed as Record<string, unknown>
}

function errnoIn({ errno }: Record<string, unknown>): number {
  const known = typeof errno === 'string' ? (errnoNumber(errno) ?? Number(/^errno (\d{1,4})$/.exec(errno)?.[1] ?? 0)) : 0
  if (known > 0) return known
  throw new Error(`"errno": want a name such as ENOENT, got ${shorten(JSON.stringify(errno))}`)
}

/** @throws Error place, wanted, got */
export function headOf(line: string): Head {
  const parsed = parseLine(line)
  if (parsed.iterfs !== 'recording')
    throw new Error(`"iterfs": want "recording", got ${shorten(JSON.stringify(parsed.iterfs) ?? 'none')}`)
  const { format } = fieldsOf({ format: count }, parsed)
  if (format !== FORMAT) throw new Error(`"format": want ${FORMAT}, got ${format}`)
  return makeHead(fieldsOf(HEAD, parsed))
}

function makeHead(fields: FieldsOf<typeof HEAD>): Head {
  const { cpus, cpu, userHz, pageSize, pid, uid, gid, pointerKey } = fields
  if (cpu >= cpus) throw new Error(`"cpu": want one below "cpus", which is ${cpus}, got ${cpu}`)
  if (userHz === 0 || pageSize === 0) throw new Error('"userHz" and "pageSize": want more than 0, got 0')
  if (pointerKey.length !== 16) throw new Error(`"pointerKey": want 8 bytes as hex, got ${pointerKey.length / 2}`)
  const [high, low] = [pointerKey.slice(0, 8), pointerKey.slice(8)].map(half => Number.parseInt(half, 16)) as [number, number]
  const [monotonic, boottime, tai] = [BigInt(fields.monotonic), BigInt(fields.boottime), BigInt(fields.tai)]
  return {
    facts: { cpus, cpu, userHz, pageSize, sleptNs: BigInt(fields.slept), clocks: { monotonic, boottime, tai } },
    reader: { pid, uid, gid },
    pointerKey: [high, low],
  }
}

/** The first line. */
export function headLine({ facts, reader, pointerKey }: Head): string {
  const { cpus, cpu, userHz, pageSize, sleptNs, clocks } = facts
  return JSON.stringify({
    ...{ iterfs: 'recording', format: FORMAT, cpus, cpu, userHz, pageSize },
    ...{ monotonic: `${clocks.monotonic}`, boottime: `${clocks.boottime}`, tai: `${clocks.tai}`, slept: `${sleptNs}` },
    ...{ pid: reader.pid, uid: reader.uid, gid: reader.gid },
    pointerKey: pointerKey.map(half => half.toString(16).padStart(8, '0')).join(''),
  })
}
