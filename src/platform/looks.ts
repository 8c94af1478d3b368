// The looks: every question that a platform answers, one row each. A recording is a set of looks with their answers; docs/recording.md
// describes the format that these rows make.
import { splitDevice } from '../util/device.ts'
import { messagesOf, NLMSG_HDRLEN } from '../util/netlink.ts'
import { count, decimal, device, type FieldsOf, flag, flagOrNull, hex, type Kinds, octal, text, texts } from './fields.ts'
import type { FileStat } from './platform.ts'

/** A look whose answer stands in its line of the manifest. */
interface LineLook<A extends Kinds, F extends Kinds, V> {
  /** What the look asks for; `of` names the object. For errors. */
  readonly what: string
  readonly args: A
  readonly fields: F
  readonly put: (value: V) => FieldsOf<F>
  readonly get: (fields: FieldsOf<F>) => V
}

/** A look whose answer is a file of the recording. */
interface FileLook<A extends Kinds, V> {
  readonly what: string
  readonly args: A
  /** Path from the top of the recording. */
  readonly file: (args: FieldsOf<A>) => string
  readonly put: (value: V) => Uint8Array
  readonly get: (bytes: Uint8Array) => V
}

const inLine = <A extends Kinds, F extends Kinds, V>(look: LineLook<A, F, V>): LineLook<A, F, V> => look
const inFile = <A extends Kinds, V>(look: FileLook<A, V>): FileLook<A, V> => look

const asItIs = (bytes: Uint8Array): Uint8Array => bytes
const PATH = { path: text }

export const LOOKS = {
  read: inFile({ what: 'content', args: PATH, file: ({ path }) => `files${path}`, put: asItIs, get: asItIs }),
  readlink: inLine({
    ...{ what: 'text of the link', args: PATH, fields: { text } },
    put: (value: string) => ({ text: value }),
    get: fields => fields.text,
  }),
  list: inLine({
    ...{ what: 'names in the folder', args: PATH, fields: { names: texts } },
    put: (names: readonly string[]) => ({ names }),
    get: fields => fields.names,
  }),
  stat: inLine({
    what: 'stat(2)',
    args: PATH,
    fields: {
      ...{ mode: octal, nlink: count, uid: count, gid: count, dev: device, ino: decimal, rdev: device },
      ...{ size: decimal, blksize: count, blocks: decimal, atime: decimal, mtime: decimal, ctime: decimal },
    },
    put: putStat,
    get: getStat,
  }),
  exists: inLine({
    ...{ what: 'whether it exists', args: PATH, fields: { exists: flag } },
    put: (exists: boolean) => ({ exists }),
    get: fields => fields.exists,
  }),
  dir: inLine({ what: 'the folder', args: PATH, fields: {}, put: (_: true) => ({}), get: () => true as const }),
  parentNs: inLine({
    ...{ what: 'the namespace above', args: { path: text, levels: count }, fields: { inum: count } },
    put: (inum: number) => ({ inum }),
    get: fields => fields.inum,
  }),
  sameFiles: inLine({
    ...{ what: 'kcmp(2) of fd tables', args: { tid1: count, tid2: count }, fields: { same: flagOrNull } },
    put: (same: boolean | null) => ({ same }),
    get: fields => fields.same,
  }),
  memory: inLine({
    ...{ what: 'memory', args: { pid: count, address: text, size: count }, fields: { hex } },
    put: (bytes: Uint8Array) => ({ hex: toHex(bytes) }),
    get: fields => fromHex(fields.hex),
  }),
  kconfig: inFile({ what: 'configuration of the kernel', args: {}, file: () => 'kconfig', put: utf8, get: fromUtf8 }),
  openNet: inLine({
    ...{ what: 'network namespace', args: { tid: count }, fields: { net: text, inum: count } },
    put: (of: { readonly net: string; readonly inum: number }) => of,
    get: fields => fields,
  }),
  netRead: inFile({
    ...{ what: '/proc/net', args: { net: text, name: text } },
    ...{ file: ({ net, name }) => `net/${net}/${name}`, put: asItIs, get: asItIs },
  }),
  netInodes: inLine({
    ...{ what: 'inode numbers of netlink sockets', args: { net: text }, fields: { inodes: texts } },
    put: (inodes: readonly number[]) => ({ inodes: inodes.map(String) }),
    get: fields => fields.inodes.map(Number),
  }),
  netlink: inFile({
    what: 'answer to a netlink request',
    args: { net: text, protocol: count, request: hex },
    file: ({ net, protocol, request }) => `net/${net}/netlink-${protocol}-${hashOf(request)}.hex`,
    put: putDatagrams,
    get: getDatagrams,
  }),
} as const

export type LookName = keyof typeof LOOKS
export type ArgsOf<L extends LookName> = FieldsOf<(typeof LOOKS)[L]['args']>
export type ValueOf<L extends LookName> = ReturnType<(typeof LOOKS)[L]['get']>

/** A row as code sees it that does not know which one it is. */
export type AnyLook = LineLook<Kinds, Kinds, unknown> | FileLook<Kinds, unknown>
export const lookNamed = (name: string): AnyLook | undefined =>
  Object.hasOwn(LOOKS, name) ? (LOOKS[name as LookName] as unknown as AnyLook) : undefined

/** Tells a look from all others. */
export const keyOf = (name: LookName, args: object): string => `${name} ${JSON.stringify(args)}`

/** Says in an error what is looked at. */
export function placeOf(name: LookName, args: object): string {
  if ('path' in args) return `${(args as { path: string }).path}: ${LOOKS[name].what}`
  const rest = Object.entries(args).map(([arg, value]) => `${arg} ${value}`)
  return [LOOKS[name].what, ...rest].join(' ')
}

function putStat(stat: FileStat) {
  return {
    ...{ mode: `0${stat.mode.toString(8)}`, nlink: stat.nlink, uid: stat.uid, gid: stat.gid },
    ...{ dev: putDevice(stat.dev), ino: `${stat.ino}`, rdev: putDevice(stat.rdev), size: `${stat.size}` },
    ...{ blksize: stat.blksize, blocks: `${stat.blocks}` },
    ...{ atime: `${stat.atime}`, mtime: `${stat.mtime}`, ctime: `${stat.ctime}` },
  }
}

function getStat(fields: ReturnType<typeof putStat>): FileStat {
  const { mode, nlink, uid, gid, blksize } = fields
  return {
    ...{ mode: Number.parseInt(mode, 8), nlink, uid, gid, blksize, dev: getDevice(fields.dev), rdev: getDevice(fields.rdev) },
    ...{ ino: BigInt(fields.ino), size: BigInt(fields.size), blocks: BigInt(fields.blocks) },
    ...{ atime: BigInt(fields.atime), mtime: BigInt(fields.mtime), ctime: BigInt(fields.ctime) },
  }
}

function putDevice(number: bigint): string {
  const { major, minor } = splitDevice(number)
  return `${major}:${minor}`
}

/** makedev(3) */
function getDevice(name: string): bigint {
  const [major, minor] = name.split(':').map(BigInt) as [bigint, bigint]
  return ((major & 0xfffn) << 8n) | ((major & ~0xfffn) << 32n) | (minor & 0xffn) | ((minor & ~0xffn) << 12n)
}

function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

function fromUtf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

export function fromHex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, 'hex'))
}

/** 32 bits that stand for a text in a file name (FNV-1a). */
function hashOf(value: string): string {
  let hash = 0x811c9dc5
  for (let i = 0; i < value.length; i++) hash = Math.imul(hash ^ value.charCodeAt(i), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

/** One message a line, and an empty line behind each datagram. */
function putDatagrams(datagrams: readonly Uint8Array[]): Uint8Array {
  const lines = datagrams.flatMap(datagram => {
    const starts = [...messagesOf(datagram)].map(message => message.from - NLMSG_HDRLEN)
    if (starts[0] !== 0) starts.unshift(0)
    return [...starts.map((from, i) => toHex(datagram.subarray(from, starts[i + 1] ?? datagram.length))), '']
  })
  return utf8(lines.map(line => `${line}\n`).join(''))
}

function getDatagrams(bytes: Uint8Array): Uint8Array[] {
  return fromUtf8(bytes)
    .split('\n\n')
    .slice(0, -1)
    .map(datagram => fromHex(datagram.replaceAll('\n', '')))
}
