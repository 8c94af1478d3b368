// The transport over libfuse, through the package fuse-native. Its calls name paths; each is turned into the FUSE requests that
// the kernel would have sent (LOOKUPs from the root, the operation, FORGETs), so that the server behind is the same.
//
// Decisions: it runs in the main thread (the add-on crashes in workers). libfuse renames a file that is unlinked while open
// to .fuse_hidden*; that rename becomes the UNLINK it stands for, and the hidden path an alias of the inode. hard_remove is not
// used: with it libfuse answers reads of the unlinked file with ENOENT.
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import Fuse, { type Done, type FuseNativeOps } from 'fuse-native'
import { decodeText, encodeText } from '../../src/util/bytes.ts'
import { deviceName, splitDevice } from '../../src/util/device.ts'
import { EIO, ENOENT } from '../../src/util/errno.ts'
import * as abi from '../fuse/abi.ts'
import { FUSE_OPS, type OpName } from '../fuse/ops.ts'
import type { FuseServer } from './transport.ts'

/** What this transport cannot pass on, and what the user sees. */
export const FUSE_NATIVE_LIMITS = {
  caller: 'requests do not tell who asks: new entries belong to the daemon, and .iterfs/ctl is for its user only',
  allowOther: 'only root lets other users in, whatever user_allow_other says',
  pidNamespace: 'iterators show the pid namespace of the daemon, not that of the reader',
  rename2: 'renameat2 with flags is refused by libfuse 2 with EINVAL',
  nonseekable: 'lseek succeeds; reads go on where they were all the same',
  listxattr: 'listing attributes is answered EOPNOTSUPP',
  readdir: "d_off and d_type are libfuse's; the order is ours",
  times: 'times have a precision of 1 ms, and utimensat sets both times to the first',
  truncation: 'O_TRUNC does not change mtime',
  names: 'names that are not UTF-8 cannot be used',
  interrupt: 'a reader cannot be interrupted before its read is answered',
} as const

/** libfuse options beside fuse-native's own; they ride on the one text option that takes commas. */
const FSNAME = 'iterfs,subtype=iterfs,direct_io,use_ino,attr_timeout=0,entry_timeout=0,negative_timeout=0'
/** How often, in ms, the mount table is looked at. */
const WATCH_MS = 500
const HIDDEN = /\/\.fuse_hidden[0-9a-f]+$/
const OPS: Record<OpName, { code: number; in?: unknown }> = FUSE_OPS

interface Reply {
  readonly errno: number
  readonly payload: Uint8Array
}
type Waiting = (reply: Reply) => void

/** One mount over libfuse; it ends by unmounting its folder (mnt/unmount.ts). */
export class FuseNativeTransport {
  /** Resolves when the mount is gone. */
  readonly closed: Promise<void>
  readonly #dir: string
  readonly #server: FuseServer
  readonly #fuse: Fuse
  readonly #uid = process.getuid!()
  readonly #gid = process.getgid!()
  readonly #waiting = new Map<number, Waiting>()
  /** Hidden path of an unlinked open file -> its node. */
  readonly #aliases = new Map<string, number>()
  #lastUnique = 0
  #close!: () => void

  /** @param words generic mount options (`ro`, `noexec`) beside nosuid and nodev, which are always there */
  constructor(dir: string, server: FuseServer, words: readonly string[] = []) {
    this.#dir = dir
    this.#server = server
    this.closed = new Promise(done => {
      this.#close = done
    })
    this.#fuse = new Fuse(dir, this.#ops(), {
      fsname: [FSNAME, ...words].join(','),
      allowOther: this.#uid === 0,
      defaultPermissions: true,
      timeout: false,
      autoUnmount: false,
    })
  }

  /** @throws Error what libfuse said */
  async mount(): Promise<void> {
    this.#request(
      'INIT',
      0,
      abi.fuse_init_in.encode({ major: abi.FUSE_KERNEL_VERSION, minor: abi.FUSE_MIN_MINOR, max_readahead: 0, flags: 0 }),
    )
    await new Promise<void>((done, fail) => this.#fuse.mount(err => (err ? fail(err) : done())))
    await this.#watch()
  }

  /** libfuse's loop ends without a word: the mount table tells when the mount is gone. */
  async #watch(): Promise<void> {
    // Not the synchronous stat: this thread answers it.
    const { dev } = await stat(this.#dir)
    const id = ` ${deviceName(splitDevice(BigInt(dev)))} `
    const timer = setInterval(() => {
      if (readFileSync('/proc/self/mountinfo', 'latin1').includes(id)) return
      clearInterval(timer)
      this.#close()
    }, WATCH_MS)
  }

  /** A late reply made by an engine worker: whole reply bytes. */
  reply(bytes: Uint8Array): void {
    const { unique, error } = abi.fuse_out_header.decode(bytes)
    const waiting = this.#waiting.get(unique)
    this.#waiting.delete(unique)
    waiting?.({ errno: -error, payload: bytes.subarray(abi.fuse_out_header.size) })
  }

  // Requests

  #encode(
    op: OpName,
    nodeid: number,
    fixed: Uint8Array,
    names: readonly Uint8Array[],
    data: Uint8Array,
  ): { unique: number; bytes: Uint8Array } {
    this.#lastUnique += 2
    const unique = this.#lastUnique
    const length = abi.fuse_in_header.size + fixed.length + names.reduce((sum, name) => sum + name.length + 1, 0) + data.length
    const bytes = new Uint8Array(length)
    abi.fuse_in_header.encodeInto(bytes, 0, {
      len: length,
      opcode: OPS[op].code,
      unique,
      nodeid,
      uid: this.#uid,
      gid: this.#gid,
      pid: 0,
    })
    bytes.set(fixed, abi.fuse_in_header.size)
    let at = abi.fuse_in_header.size + fixed.length
    for (const name of names) {
      bytes.set(name, at)
      at += name.length + 1
    }
    bytes.set(data, at)
    return { unique, bytes }
  }

  /** A request whose answer comes at once. */
  #request(
    op: OpName,
    nodeid: number,
    fixed: Uint8Array = NONE,
    names: readonly Uint8Array[] = [],
    data: Uint8Array = NONE,
  ): Reply {
    const reply = this.#server.handle(this.#encode(op, nodeid, fixed, names, data).bytes)
    if (!reply) return { errno: EIO, payload: NONE }
    return { errno: -abi.fuse_out_header.decode(reply).error, payload: reply.slice(abi.fuse_out_header.size) }
  }

  /** A request whose answer may come later, through reply(). */
  #requestLater(op: OpName, nodeid: number, fixed: Uint8Array, done: Waiting): void {
    const { unique, bytes } = this.#encode(op, nodeid, fixed, [], NONE)
    this.#waiting.set(unique, done)
    const reply = this.#server.handle(bytes)
    if (reply) this.reply(reply.slice())
  }

  #forget(nodeids: readonly number[]): void {
    for (const nodeid of nodeids)
      this.#server.handle(this.#encode('FORGET', nodeid, abi.fuse_forget_in.encode({ nlookup: 1 }), [], NONE).bytes)
  }

  /** Walks to `path` and calls `body` with its node, holding the kernel's references meanwhile. The result is `body`'s or -errno. */
  #at(path: string, body: (nodeid: number) => number): number {
    const alias = this.#aliases.get(path)
    if (alias !== undefined) return body(alias)
    // libfuse looks for a hidden name that is free.
    if (HIDDEN.test(path)) return -ENOENT
    const held: number[] = []
    try {
      let nodeid: number = abi.FUSE_ROOT_ID
      for (const name of path.split('/').filter(part => part !== '')) {
        const { errno, payload } = this.#request('LOOKUP', nodeid, NONE, [encodeText(name)])
        if (errno) return -errno
        nodeid = abi.fuse_entry_out.decode(payload).nodeid
        held.push(nodeid)
      }
      return body(nodeid)
    } finally {
      this.#forget(held)
    }
  }

  /** As #at(), for the folder of `path` and its last name. */
  #in(path: string, body: (nodeid: number, name: Uint8Array) => number): number {
    const slash = path.lastIndexOf('/')
    return this.#at(path.slice(0, slash), nodeid => body(nodeid, encodeText(path.slice(slash + 1))))
  }

  /** An operation that answers with an entry, whose reference is given back at once. */
  #entry(op: OpName, nodeid: number, fixed: Uint8Array, names: readonly Uint8Array[]): Reply {
    const reply = this.#request(op, nodeid, fixed, names)
    if (reply.errno === 0) this.#forget([abi.fuse_entry_out.decode(reply.payload).nodeid])
    return reply
  }

  #setattr(path: string, values: Parameters<typeof abi.fuse_setattr_in.encode>[0]): number {
    return this.#at(path, nodeid => -this.#request('SETATTR', nodeid, abi.fuse_setattr_in.encode(values)).errno)
  }

  // Calls of fuse-native

  #ops(): FuseNativeOps {
    const open = (op: OpName) => (path: string, flags: number, done: Done) => {
      const failed = this.#at(path, nodeid => {
        this.#requestLater(op, nodeid, abi.fuse_open_in.encode({ flags }), ({ errno, payload }) =>
          done(-errno, errno ? 0 : abi.fuse_open_out.decode(payload).fh),
        )
        return 0
      })
      if (failed) done(failed, 0)
    }
    const release = (op: OpName) => (_path: string, fh: number, done: Done) =>
      done(-this.#request(op, abi.FUSE_ROOT_ID, abi.fuse_release_in.encode({ fh })).errno)
    return {
      statfs: (_path: string, done: Done) => {
        const { errno, payload } = this.#request('STATFS', abi.FUSE_ROOT_ID)
        const { bsize, frsize, namelen } = abi.fuse_statfs_out.decode(payload)
        done(-errno, {
          bsize,
          frsize,
          namemax: namelen,
          blocks: 0,
          bfree: 0,
          bavail: 0,
          files: 0,
          ffree: 0,
          favail: 0,
          fsid: 0,
          flag: 0,
        })
      },
      getattr: (path: string, done: Done) => {
        let stat: unknown
        const result = this.#at(path, nodeid => {
          const { errno, payload } = this.#request('GETATTR', nodeid, abi.fuse_getattr_in.encode({}))
          if (errno === 0) stat = statOf(abi.fuse_attr_out.decode(payload))
          return -errno
        })
        done(result, stat)
      },
      readlink: (path: string, done: Done) => {
        let target = ''
        const result = this.#at(path, nodeid => {
          const { errno, payload } = this.#request('READLINK', nodeid)
          target = decodeText(payload)
          return -errno
        })
        done(result, target)
      },
      readdir: (path: string, done: Done) => {
        const names: string[] = []
        done(
          this.#at(path, nodeid => this.#list(nodeid, names)),
          names,
        )
      },
      chmod: (path: string, mode: number, done: Done) => done(this.#setattr(path, { valid: abi.FATTR_MODE, mode })),
      chown: (path: string, uid: number, gid: number, done: Done) => {
        const keep = (id: number): boolean => id >>> 0 === 0xffff_ffff
        done(
          this.#setattr(path, {
            valid: (keep(uid) ? 0 : abi.FATTR_UID) | (keep(gid) ? 0 : abi.FATTR_GID),
            uid: uid >>> 0,
            gid: gid >>> 0,
          }),
        )
      },
      truncate: (path: string, size: number, done: Done) => done(this.#setattr(path, { valid: abi.FATTR_SIZE, size })),
      ftruncate: (path: string, _fh: number, size: number, done: Done) =>
        done(this.#setattr(path, { valid: abi.FATTR_SIZE, size })),
      utimens: (path: string, atime: number, mtime: number, done: Done) =>
        done(
          this.#setattr(path, { valid: abi.FATTR_ATIME | abi.FATTR_MTIME, ...timeOf('atime', atime), ...timeOf('mtime', mtime) }),
        ),
      mknod: (path: string, mode: number, rdev: number, done: Done) =>
        done(this.#in(path, (dir, name) => -this.#entry('MKNOD', dir, abi.fuse_mknod_in.encode({ mode, rdev }), [name]).errno)),
      mkdir: (path: string, mode: number, done: Done) =>
        done(this.#in(path, (dir, name) => -this.#entry('MKDIR', dir, abi.fuse_mkdir_in.encode({ mode }), [name]).errno)),
      unlink: (path: string, done: Done) => done(this.#unlink(path)),
      rmdir: (path: string, done: Done) => done(this.#in(path, (dir, name) => -this.#request('RMDIR', dir, NONE, [name]).errno)),
      symlink: (target: string, path: string, done: Done) =>
        done(this.#in(path, (dir, name) => -this.#entry('SYMLINK', dir, NONE, [name, encodeText(target)]).errno)),
      link: (from: string, to: string, done: Done) =>
        done(
          this.#at(from, oldnodeid =>
            this.#in(to, (dir, name) => -this.#entry('LINK', dir, abi.fuse_link_in.encode({ oldnodeid }), [name]).errno),
          ),
        ),
      rename: (from: string, to: string, done: Done) => done(HIDDEN.test(to) ? this.#hide(from, to) : this.#rename(from, to)),
      open: open('OPEN'),
      opendir: open('OPENDIR'),
      release: release('RELEASE'),
      releasedir: release('RELEASEDIR'),
      create: (path: string, mode: number, done: Done) => {
        let fh = 0
        const result = this.#in(path, (dir, name) => {
          const { errno, payload } = this.#entry('CREATE', dir, abi.fuse_create_in.encode({ mode }), [name])
          if (errno === 0) fh = abi.fuse_open_out.decode(payload, abi.fuse_entry_out.size).fh
          return -errno
        })
        done(result, fh)
      },
      read: (_path: string, fh: number, buffer: Uint8Array, size: number, offset: number, done: Done) => {
        this.#requestLater('READ', abi.FUSE_ROOT_ID, abi.fuse_read_in.encode({ fh, size, offset }), ({ errno, payload }) => {
          buffer.set(payload)
          done(errno ? -errno : payload.length, payload.length)
        })
      },
      write: (_path: string, fh: number, buffer: Uint8Array, size: number, offset: number, done: Done) => {
        const fixed = abi.fuse_write_in.encode({ fh, size, offset })
        const { errno, payload } = this.#request('WRITE', abi.FUSE_ROOT_ID, fixed, [], buffer.subarray(0, size))
        const taken = errno ? -errno : abi.fuse_write_out.decode(payload).size
        done(taken, taken)
      },
      fsync: (_path: string, _datasync: number, fh: number, done: Done) =>
        done(-this.#request('FSYNC', abi.FUSE_ROOT_ID, abi.fuse_fsync_in.encode({ fh })).errno),
    }
  }

  #list(nodeid: number, names: string[]): number {
    const opened = this.#request('OPENDIR', nodeid, abi.fuse_open_in.encode({}))
    if (opened.errno) return -opened.errno
    const { fh } = abi.fuse_open_out.decode(opened.payload)
    for (let offset = 0; ; ) {
      const { errno, payload } = this.#request('READDIR', nodeid, abi.fuse_read_in.encode({ fh, offset, size: 65536 }))
      if (errno || payload.length === 0) break
      for (let at = 0; at < payload.length; ) {
        const { namelen, off } = abi.fuse_dirent.decode(payload, at)
        names.push(decodeText(payload, at + abi.fuse_dirent.size, at + abi.fuse_dirent.size + namelen))
        offset = off
        at += (abi.fuse_dirent.size + namelen + 7) & ~7
      }
    }
    this.#request('RELEASEDIR', nodeid, abi.fuse_release_in.encode({ fh }))
    return 0
  }

  #rename(from: string, to: string): number {
    return this.#in(from, (dir, oldName) =>
      this.#in(
        to,
        (newdir, newName) => -this.#request('RENAME', dir, abi.fuse_rename_in.encode({ newdir }), [oldName, newName]).errno,
      ),
    )
  }

  /** libfuse hides an open file that is unlinked: it is unlinked, and the hidden path leads to its node. */
  #hide(from: string, hidden: string): number {
    return this.#in(from, (dir, name) => {
      const { errno, payload } = this.#request('LOOKUP', dir, NONE, [name])
      if (errno) return -errno
      const { nodeid } = abi.fuse_entry_out.decode(payload)
      const unlinked = this.#request('UNLINK', dir, NONE, [name]).errno
      if (unlinked) this.#forget([nodeid])
      else this.#aliases.set(hidden, nodeid)
      return -unlinked
    })
  }

  #unlink(path: string): number {
    const alias = this.#aliases.get(path)
    if (alias === undefined) return this.#in(path, (dir, name) => -this.#request('UNLINK', dir, NONE, [name]).errno)
    this.#aliases.delete(path)
    this.#forget([alias])
    return 0
  }
}

const NONE = new Uint8Array(0)

function statOf(attr: ReturnType<typeof abi.fuse_attr_out.decode>): Record<string, unknown> {
  const date = (s: number, ns: number): Date => new Date(s * 1000 + ns / 1e6)
  const { ino, mode, nlink, uid, gid, rdev, size, blocks, blksize } = attr
  return {
    ...{ ino, mode, nlink, uid, gid, rdev, size, blocks, blksize, dev: 0 },
    atime: date(attr.atime, attr.atimensec),
    mtime: date(attr.mtime, attr.mtimensec),
    ctime: date(attr.ctime, attr.ctimensec),
  }
}

const timeOf = (name: 'atime' | 'mtime', ms: number): Record<string, number> => ({
  [name]: Math.floor(ms / 1000),
  [`${name}nsec`]: Math.round((ms % 1000) * 1e6),
})
