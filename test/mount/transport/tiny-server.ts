// A file system for tests of the transports: one folder of fixed files, without iterators behind it.
import {
  FATTR_MODE,
  FOPEN_DIRECT_IO,
  fuse_attr_out,
  fuse_dirent,
  fuse_entry_out,
  fuse_open_out,
  fuse_statfs_out,
} from '../../../mount/fuse/abi.ts'
import { type Answer, DEFERRED, encodeReply, type FuseHandlers, FuseProtocol } from '../../../mount/fuse/protocol.ts'
import type { FuseServer } from '../../../mount/transport/transport.ts'
import { decodeText, encodeText } from '../../../src/util/bytes.ts'
import { EIO, ENOENT, EPERM } from '../../../src/util/errno.ts'

/** What the files hold; `big` holds zeros for as long as they are read. */
export const FILES = {
  hello: 'hello, world\n',
  /** Its OPEN and READ are answered later, by another thread. */
  late: 'better late than never\n',
  /** Its READ fails with EIO. */
  broken: '',
  big: '',
  /** JSON: `lookups` that the client holds of each file, and `open` handles, as they are when it is read. */
  state: '',
} as const
type Name = keyof typeof FILES

interface Node {
  readonly name: Name
  nlink: number
  mode: number
  lookups: number
  open: number
}

const ROOT = 1
const FIRST = 2

/** @param later gets replies that are not given at once; somebody else sends them */
export function createTinyServer(later: (reply: Uint8Array) => void): FuseServer {
  const nodes = (Object.keys(FILES) as Name[]).map((name): Node => ({ name, nlink: 1, mode: 0o644, lookups: 0, open: 0 }))
  const nodeOf = (id: number): Node => nodes[id - FIRST]!
  const owner = { uid: process.getuid!(), gid: process.getgid!() }
  const attr = (id: number): Record<string, number> => {
    if (id === ROOT) return { ino: ROOT, mode: 0o40777, nlink: 2, ...owner }
    const { mode, nlink } = nodeOf(id)
    return { ino: id, mode: 0o100000 | mode, nlink, ...owner, mtime: 1e9, mtimensec: 5e8 }
  }
  const open = ({ unique, nodeid }: { unique: number; nodeid: number }): Answer => {
    nodeOf(nodeid).open++
    const payload = fuse_open_out.encode({ fh: nodeid, open_flags: FOPEN_DIRECT_IO })
    if (nodeOf(nodeid).name !== 'late') return payload
    later(encodeReply(unique, 0, payload))
    return DEFERRED
  }
  const textOf = ({ name }: Node): string =>
    name === 'state'
      ? JSON.stringify(Object.fromEntries(nodes.map(({ name, lookups, open }) => [name, { lookups, open }])))
      : FILES[name]

  const handlers: FuseHandlers = {
    LOOKUP({ names }) {
      const at = nodes.findIndex(node => node.nlink > 0 && node.name === decodeText(names[0]!))
      if (at < 0) return -ENOENT
      nodes[at]!.lookups++
      return fuse_entry_out.encode({ nodeid: at + FIRST, ...attr(at + FIRST) })
    },
    FORGET({ nodeid, in: { nlookup } }) {
      if (nodeid !== ROOT) nodeOf(nodeid).lookups -= nlookup
      return 0
    },
    GETATTR: ({ nodeid }) => fuse_attr_out.encode(attr(nodeid)),
    SETATTR({ nodeid, in: { valid, mode } }) {
      if (nodeid === ROOT || valid !== FATTR_MODE) return -EPERM
      nodeOf(nodeid).mode = mode & 0o7777
      return fuse_attr_out.encode(attr(nodeid))
    },
    STATFS: () => fuse_statfs_out.encode({ bsize: 4096, frsize: 4096, namelen: 255 }),
    OPENDIR: () => fuse_open_out.encode({ fh: 0 }),
    READDIR({ in: { offset } }) {
      const left = nodes.map((node, i) => ({ node, off: i + 1 })).filter(({ node, off }) => node.nlink > 0 && off > offset)
      return Buffer.concat(
        left.map(({ node, off }) => {
          const name = encodeText(node.name)
          const bytes = new Uint8Array((fuse_dirent.size + name.length + 7) & ~7)
          fuse_dirent.encodeInto(bytes, 0, { ino: off - 1 + FIRST, off, namelen: name.length, type: 8 })
          bytes.set(name, fuse_dirent.size)
          return bytes
        }),
      )
    },
    RELEASEDIR: () => 0,
    OPEN: open,
    READ({ unique, in: { fh, offset, size } }) {
      const node = nodeOf(fh)
      if (node.name === 'big') return new Uint8Array(size)
      if (node.name === 'broken') return -EIO
      const part = encodeText(textOf(node)).subarray(offset, offset + size)
      if (node.name !== 'late') return part
      later(encodeReply(unique, 0, part))
      return DEFERRED
    },
    RELEASE({ in: { fh } }) {
      nodeOf(fh).open--
      return 0
    },
    UNLINK({ names }) {
      const node = nodes.find(node => node.nlink > 0 && node.name === decodeText(names[0]!))
      if (!node) return -ENOENT
      node.nlink = 0
      return 0
    },
  }
  return new FuseProtocol(handlers, { report: err => process.stderr.write(`bug: ${String(err)}\n`) })
}
