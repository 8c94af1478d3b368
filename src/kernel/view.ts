// The objects that TypeScript programs look at: for each struct a class with one getter per row, made at import. A getter reads
// when it is looked at, so that only what a program uses is read.

import type { SocketKind, SocketSource } from '../sources/socket.ts'
import { ADDRESS, addressOf } from '../util/address.ts'
import { kernelDevice, splitDevice } from '../util/device.ts'
import { symbolAddress } from './fops.ts'
import { cssStruct } from './rows/cgroup.ts'
import { SOCKET_STRUCT } from './rows/sock.ts'
import { STRUCTS } from './structs.ts'
import { type Row, type SourceOf, STRUCT_OF_TYPEDEF, type Struct } from './types.ts'

export type StructName = keyof typeof STRUCTS
type ViewClass = new (source: unknown) => object

/** Key of a view's source, for helpers such as d_path that need more than the fields. */
export const SOURCE: unique symbol = Symbol('source')

/** Key of a view's struct name. */
export const STRUCT: unique symbol = Symbol('struct')

/** Name of the struct in a C type, and whether the field points to it; null for a plain value. */
export function structIn(type: string): { name: StructName; pointer: boolean; array: boolean } | null {
  const match = /^(?:const )?struct (\w+)( \*)?(\[\d+\])?$/.exec(type)
  const typedef = STRUCT_OF_TYPEDEF[type as keyof typeof STRUCT_OF_TYPEDEF] as string | undefined
  const name = match?.[1] ?? typedef ?? type
  if (!Object.hasOwn(STRUCTS, name)) return null
  return { name: name as StructName, pointer: match?.[2] === ' *', array: match?.[3] !== undefined }
}

const classes = new Map<StructName, ViewClass>()

function makeClass(name: StructName): ViewClass {
  class View {
    readonly [SOURCE]: unknown
    constructor(source: unknown) {
      this[SOURCE] = source
    }
    get [STRUCT](): StructName {
      return name
    }
    get [ADDRESS](): bigint {
      return addressOfSource(name, this[SOURCE])
    }
    get [Symbol.toStringTag](): string {
      return `struct ${name}`
    }
  }
  for (const [field, row] of Object.entries(STRUCTS[name]) as [string, Row<unknown>][]) {
    const inner = structIn(row.type)
    const { read } = row
    const get = inner
      ? function (this: View): unknown {
          const value = read(this[SOURCE])
          if (value === null) return null
          return inner.array
            ? (value as unknown[]).map(item => (item === null ? null : wrap(inner.name, item)))
            : wrap(inner.name, value)
        }
      : function (this: View): unknown {
          return read(this[SOURCE])
        }
    Object.defineProperty(View.prototype, field, { get, enumerable: true })
  }
  return View
}

function wrap(name: StructName, source: unknown): object {
  let View = classes.get(name)
  if (!View) {
    View = makeClass(name)
    classes.set(name, View)
  }
  return new View(source)
}

/** The struct as a program sees it; null for a null source. */
export function view<N extends StructName>(name: N, source: SourceOf[N]): Struct<N>
export function view<N extends StructName>(name: N, source: SourceOf[N] | null): Struct<N> | null
export function view<N extends StructName>(name: N, source: SourceOf[N] | null): Struct<N> | null {
  return source === null ? null : (wrap(name, source) as Struct<N>)
}

/**
 * Structs that are the beginning of larger ones: the one that the source stands for. Object and address are the same for all of them, as a
 * pointer of C may be cast.
 */
const socketStruct = (socket: SocketSource): StructName => SOCKET_STRUCT[socket.kind] as StructName
const OUTERMOST: { readonly [N in StructName]?: (source: SourceOf[N]) => StructName } = {
  ...{ sock_common: socketStruct, sock: socketStruct, inet_sock: socketStruct, inet_connection_sock: socketStruct },
  ...{ tcp_sock: socketStruct, udp_sock: socketStruct, inet_timewait_sock: socketStruct, request_sock: socketStruct },
  ...{ unix_sock: socketStruct, netlink_sock: socketStruct },
  ...{ inet_request_sock: socketStruct, socket: () => 'socket_alloc' },
  cgroup_subsys_state: cssStruct,
}

/** The largest struct that begins where the struct `name` of the source does. */
export function outermost(name: StructName, source: unknown): StructName {
  const find = OUTERMOST[name] as ((source: unknown) => StructName) | undefined
  return find ? find(source) : name
}

/** Objects that more than one source stands for: what tells them apart. The others go by their source. */
const IDENTITY: { readonly [N in StructName]?: (source: SourceOf[N]) => string } = {
  signal_struct: task => `of ${task.tgid}`,
  mm_struct: task => `of ${task.tgid}`,
  files_struct: task => `of ${task.sharesFiles() ? task.tgid : task.tid}`,
  fdtable: task => `of ${task.sharesFiles() ? task.tgid : task.tid}`,
  nsproxy: task => NAMESPACES.map(name => task.namespace(name)).join(),
  inode: inodeId,
  super_block: inode => inodeId(inode).split(' ')[0]!,
}
const NAMESPACES = ['uts', 'ipc', 'mnt', 'pid_for_children', 'net', 'time', 'time_for_children', 'cgroup']

/** Device and number; the way to it when it may not be looked at. */
function inodeId(inode: SourceOf['inode']): string {
  if (inode.known) return `${kernelDevice(inode.known)} ${inode.known.ino}`
  const stat = inode.stat()
  return stat ? `${kernelDevice(splitDevice(stat.dev))} ${stat.ino}` : inode.id
}

/** The address of an object that is a symbol of the kernel: its operation tables. Null for others. */
export function symbolOf(name: StructName, source: unknown): bigint | null {
  if (name !== 'file_operations') return null
  const { name: symbol, platform } = source as SourceOf['file_operations']
  return symbolAddress(platform, symbol)
}

/** What tells an object from others of its struct. */
export function identityOf(name: StructName, source: unknown): string {
  const identity = IDENTITY[name] as ((source: unknown) => string) | undefined
  if (identity) return identity(source)
  return String(typeof source === 'object' && source !== null && 'id' in source ? source.id : source)
}

const addressOfSource = (name: StructName, source: unknown): bigint =>
  symbolOf(name, source) ?? addressOf(keyOf(outermost(name, source), source))

/** Names the object behind a source: struct and identity. */
export const keyOf = (name: StructName, source: unknown): string => `${name} ${identityOf(name, source)}`

/** A struct of a program's context, and what stands behind it. */
export interface Viewed {
  readonly [STRUCT]: StructName
  readonly [SOURCE]: unknown
}

/** bpf_d_path(): the text of a place in a file system, as the kernel's d_path() prints it. */
export const d_path = (path: Struct<'path'>): string => (path as unknown as { [SOURCE]: SourceOf['path'] })[SOURCE].text

/** bpf_skc_to_*(): the same socket as what it is, or null when it is another kind. */
const skc_to =
  <N extends StructName>(name: N, ...kinds: readonly SocketKind[]) =>
  (sk: Struct<'sock_common'> | Struct<'sock'> | null): Struct<N> | null => {
    const source = sk && (sk as unknown as { [SOURCE]: SocketSource })[SOURCE]
    return source && kinds.includes(source.kind) ? (wrap(name, source) as Struct<N>) : null
  }
export const bpf_skc_to_tcp_sock = skc_to('tcp_sock', 'tcp', 'tcp6')
export const bpf_skc_to_tcp6_sock = skc_to('tcp6_sock', 'tcp6')
export const bpf_skc_to_tcp_timewait_sock = skc_to('tcp_timewait_sock', 'timewait')
export const bpf_skc_to_tcp_request_sock = skc_to('tcp_request_sock', 'request')
export const bpf_skc_to_udp6_sock = skc_to('udp6_sock', 'udp6')

/** bpf_map_sum_elem_count(): elements of a hash when the file was opened; 0 for other maps. */
export const bpf_map_sum_elem_count = (map: Struct<'bpf_map'>): number =>
  (map as unknown as { [SOURCE]: SourceOf['bpf_map'] })[SOURCE].elements ?? 0

/** One field of a struct, for people. */
export interface FieldDoc {
  readonly name: string
  readonly type: string
  readonly from: string
}

/** The fields of a struct that programs can read, in the order of the rows. */
export const listFields = (name: StructName): FieldDoc[] =>
  (Object.entries(STRUCTS[name]) as [string, Row<unknown>][]).map(([field, { type, from }]) => ({ name: field, type, from }))

/** Names of all structs. */
export const listStructs = (): StructName[] => Object.keys(STRUCTS) as StructName[]
