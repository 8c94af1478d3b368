// The tree of a bpffs mount: folders, symlinks and pins, with the rules of kernel/bpf/inode.c and libfs that it uses. Modes and
// the sticky bit are checked by the kernel (default_permissions) against the attributes given here.
import { decodeText, encodeText } from '../../src/util/bytes.ts'
import { EACCES, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, ESTALE, throwErrno } from '../../src/util/errno.ts'
import * as abi from '../fuse/abi.ts'
import { type Answer, DEFERRED, type FuseHandlers, type FuseRequest } from '../fuse/protocol.ts'
import { attrOf, BLOCK_SIZE, setAttributes, touchAtime } from './attr.ts'
import type { ControlFile, PinHost } from './host.ts'
import {
  addEntry,
  type Body,
  type Dir,
  type Inode,
  isDir,
  isOwn,
  removeEntry,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_ISGID,
  S_ISVTX,
} from './inode.ts'
import { Listing } from './listing.ts'
import { checkNewName, hasDot, lookupEntry, NAME_MAX } from './names.ts'
import { rename } from './rename.ts'

export interface TreeOptions {
  readonly uid: number
  readonly gid: number
  /** Permission bits of the root; the sticky bit is always added. */
  readonly mode: number
  readonly host: PinHost
  /** Owner of .iterfs and its files. */
  readonly ownerUid: number
}

/** The hidden folder of control files; bpffs reserves all names with a dot. */
const CONTROL_DIR = '.iterfs'
/** How long, in s, the kernel may keep names and attributes: they change through its own requests only. */
const VALID_S = 3600
/** Open flag of execve(), which reads from the start: bpffs refuses it. */
const FMODE_EXEC = 0x20
/** O_DIRECT of x86 and of arm64. Each is O_DIRECTORY on the other, with which no open of a pin gets here. */
const O_DIRECT = 0x4000 | 0x10000
const O_TRUNC = 0x200
/** Armings that were never used are forgotten after this time and beyond this many. */
const ARM_VALID_NS = 60_000_000_000n
const MAX_ARMED = 1024

/** What the next CREATE of a caller pins. */
interface Armed {
  readonly object: number
  /** The pin's name may have a dot. */
  readonly dots: boolean
  /** ns since the epoch */
  readonly at: bigint
}

interface OpenFile {
  readonly inode: Inode
  /** Set for a listing. */
  readonly listing?: Listing
  /** The handle that made a pin has no session: bpffs has no such handle. */
  readonly bare?: boolean
}

export class BpffsTree {
  readonly handlers: FuseHandlers
  readonly #host: PinHost
  readonly #nodes = new Map<number, Inode>()
  readonly #files = new Map<number, OpenFile>()
  readonly #armed = new Map<string, Armed>()
  readonly #root: Dir
  readonly #control: Dir
  #lastIno = 0
  #lastFh = 0

  constructor(options: TreeOptions) {
    this.#host = options.host
    this.#root = this.#newInode(S_IFDIR | S_ISVTX | (options.mode & 0o7777), options.uid, options.gid, {
      kind: 'dir',
      entries: new Map(),
      parent: null,
    }) as Dir
    this.#root.lookups = 1
    this.#control = this.#newInode(S_IFDIR | 0o555, options.ownerUid, 0, {
      kind: 'dir',
      entries: new Map(),
      parent: this.#root,
    }) as Dir
    this.handlers = this.#makeHandlers()
  }

  /** Adds a file to .iterfs/. */
  addControl(name: string, mode: number, file: ControlFile): void {
    const inode = this.#newInode(S_IFREG | mode, this.#control.uid, this.#control.gid, { kind: 'control', file })
    this.#insert(this.#control, encodeText(name), inode)
  }

  /** Adds a pin of the mount's own to the root: maps.debug and progs.debug, which nobody can remove or rename. */
  addDebug(name: string, object: number): void {
    this.#insert(this.#root, encodeText(name), this.#newInode(S_IFREG | 0o400, 0, 0, { kind: 'pin', object, own: true }))
    this.#host.getObject(object)
  }

  /** The next CREATE by this caller makes a pin of `object`, with `dots` also under a name with a dot; replaces what was armed for the caller before. */
  armPin(pid: number, uid: number, object: number, dots: boolean): void {
    const key = `${pid}:${uid}`
    this.#armed.delete(key)
    this.#armed.set(key, { object, dots, at: this.#host.now() })
    if (this.#armed.size > MAX_ARMED) this.#armed.delete(this.#armed.keys().next().value!)
  }

  #armedFor({ pid, uid }: FuseRequest): Armed | undefined {
    const armed = this.#armed.get(`${pid}:${uid}`)
    return armed && this.#host.now() - armed.at <= ARM_VALID_NS ? armed : undefined
  }

  /** A deferred OPEN was answered with an errno: no RELEASE will come. */
  openFailed(fh: number): void {
    const file = this.#files.get(fh)
    if (file) this.#closed(fh, file)
  }

  /** The number of what is pinned at an inode number, or undefined. */
  objectOfInode(ino: number): number | undefined {
    const inode = this.#nodes.get(ino)
    return inode?.body.kind === 'pin' ? inode.body.object : undefined
  }

  /** Every path of every pin, from the root, without those of the mount itself. */
  pins(): { object: number; path: string }[] {
    const found: { object: number; path: string }[] = []
    const walk = (dir: Dir, path: string): void => {
      for (const { name, inode } of dir.body.entries.values()) {
        if (isDir(inode)) walk(inode, `${path}${name}/`)
        else if (inode.body.kind === 'pin' && !inode.body.own) found.push({ object: inode.body.object, path: `${path}${name}` })
      }
    }
    walk(this.#root, '')
    return found
  }

  /** Inodes and open files that are held, for tests that look for leaks. */
  get held(): { nodes: number; files: number } {
    return { nodes: this.#nodes.size, files: this.#files.size }
  }

  // Inodes

  #newInode(mode: number, uid: number, gid: number, body: Body): Inode {
    const now = this.#host.now()
    const ino = ++this.#lastIno
    const nlink = body.kind === 'dir' ? 2 : 1
    const inode: Inode = {
      ino,
      mode,
      uid,
      gid,
      nlink,
      size: 0,
      atime: now,
      mtime: now,
      ctime: now,
      lookups: 0,
      opens: 0,
      body,
    }
    this.#nodes.set(ino, inode)
    return inode
  }

  /** bpf_get_inode: the owner is the caller, the group too unless the folder hands down its own (inode_init_owner). */
  #create(dir: Dir, bytes: Uint8Array, req: FuseRequest, mode: number, body: Body): Inode {
    const inherit = (dir.mode & S_ISGID) !== 0
    const inode = this.#newInode(
      inherit && body.kind === 'dir' ? mode | S_ISGID : mode,
      req.uid,
      inherit ? dir.gid : req.gid,
      body,
    )
    this.#insert(dir, bytes, inode)
    return inode
  }

  #insert(dir: Dir, bytes: Uint8Array, inode: Inode): void {
    addEntry(dir, bytes, inode, this.#host.now())
  }

  #node(nodeid: number): Inode {
    return this.#nodes.get(nodeid) ?? throwErrno(ESTALE)
  }

  #dir(nodeid: number): Dir {
    const inode = this.#node(nodeid)
    return isDir(inode) ? inode : throwErrno(ENOTDIR)
  }

  /** A folder that may be changed: not the control folder, nor one that was removed. */
  #changeable(nodeid: number): Dir {
    const dir = this.#dir(nodeid)
    if (dir === this.#control) throwErrno(EPERM)
    return dir.nlink === 0 ? throwErrno(ENOENT) : dir
  }

  /** One name fewer for the inode. */
  #dropName(inode: Inode): void {
    inode.ctime = this.#host.now()
    inode.nlink = isDir(inode) ? 0 : inode.nlink - 1
    this.#maybeFree(inode)
  }

  /** The kernel evicts an inode, and drops its object, when it has no name, no open file and no O_PATH reference any more. */
  #maybeFree(inode: Inode): void {
    if (inode.nlink > 0 || inode.opens > 0 || inode.lookups > 0) return
    this.#nodes.delete(inode.ino)
    if (inode.body.kind === 'pin') this.#host.putObject(inode.body.object)
  }

  #forget(nodeid: number, count: number): number {
    const inode = this.#nodes.get(nodeid)
    if (inode) {
      inode.lookups = Math.max(0, inode.lookups - count)
      this.#maybeFree(inode)
    }
    return 0
  }

  // Replies

  #attrOut(inode: Inode): Uint8Array {
    return abi.fuse_attr_out.encode({ attr_valid: VALID_S, ...attrOf(inode) })
  }

  /** fuse_entry_out; the kernel holds one more reference. */
  #entryOut(inode: Inode): Uint8Array {
    inode.lookups++
    return abi.fuse_entry_out.encode({ nodeid: inode.ino, entry_valid: VALID_S, attr_valid: VALID_S, ...attrOf(inode) })
  }

  // Open files

  #opened(inode: Inode, file: Omit<OpenFile, 'inode'> = {}): number {
    const fh = ++this.#lastFh
    this.#files.set(fh, { inode, ...file })
    inode.opens++
    return fh
  }

  #file(fh: number): OpenFile {
    return this.#files.get(fh) ?? throwErrno(EINVAL)
  }

  #closed(fh: number, { inode }: OpenFile): void {
    this.#files.delete(fh)
    inode.opens--
    this.#maybeFree(inode)
  }

  // Operations

  #makeHandlers(): FuseHandlers {
    return {
      LOOKUP: req => this.#lookup(req),
      FORGET: req => this.#forget(req.nodeid, req.in.nlookup),
      BATCH_FORGET: req => {
        for (const { nodeid, nlookup } of batch(req.data, req.in.count)) this.#forget(nodeid, nlookup)
        return 0
      },
      GETATTR: req => this.#attrOut(this.#node(req.nodeid)),
      SETATTR: req => this.#setattr(req),
      READLINK: req => this.#readlink(req),
      SYMLINK: req => this.#symlink(req),
      MKNOD: req => this.#mknod(req),
      MKDIR: req => this.#mkdir(req),
      UNLINK: req => this.#unlink(req),
      RMDIR: req => this.#rmdir(req),
      RENAME: req => this.#rename(req, req.in.newdir, 0),
      RENAME2: req => this.#rename(req, req.in.newdir, req.in.flags),
      LINK: req => this.#link(req),
      OPEN: req => this.#open(req),
      CREATE: req => this.#createPin(req),
      READ: req => this.#read(req),
      WRITE: req => this.#write(req),
      RELEASE: req => this.#release(req.in.fh),
      FSYNC: () => -EINVAL,
      OPENDIR: req => abi.fuse_open_out.encode({ fh: this.#opened(this.#dir(req.nodeid), { listing: new Listing() }) }),
      READDIR: req => this.#readdir(req),
      RELEASEDIR: req => this.#release(req.in.fh),
      FSYNCDIR: () => 0,
      STATFS: () => abi.fuse_statfs_out.encode({ bsize: BLOCK_SIZE, frsize: BLOCK_SIZE, namelen: NAME_MAX }),
      LISTXATTR: req => (req.in.size === 0 ? abi.fuse_getxattr_out.encode({ size: 0 }) : 0),
      INTERRUPT: req => {
        this.#host.interrupt(req.in.unique)
        return 0
      },
      DESTROY: () => 0,
    }
  }

  #lookup(req: FuseRequest<'LOOKUP'>): Answer {
    const dir = this.#dir(req.nodeid)
    const name = req.names[0]!
    if (dir === this.#root && decodeText(name) === CONTROL_DIR) return this.#entryOut(this.#control)
    // The kernel looks a name up before it creates it.
    return this.#entryOut(lookupEntry(dir, name, hasDot(name) && this.#armedFor(req)?.dots === true).inode)
  }

  #setattr(req: FuseRequest<'SETATTR'>): Answer {
    const inode = this.#node(req.nodeid)
    if (inode === this.#control || inode.body.kind === 'control') {
      // truncate(2) of a control file changes nothing, so that O_TRUNC without FUSE_ATOMIC_O_TRUNC works too.
      return req.in.valid & ~TRUNCATE_ONLY ? -EPERM : this.#attrOut(inode)
    }
    return setAttributes(inode, req.in, this.#host.now()) || this.#attrOut(inode)
  }

  #readlink(req: FuseRequest<'READLINK'>): Answer {
    const inode = this.#node(req.nodeid)
    if (inode.body.kind !== 'symlink') return -EINVAL
    touchAtime(inode, this.#host.now())
    return inode.body.target
  }

  #symlink(req: FuseRequest<'SYMLINK'>): Answer {
    const dir = this.#changeable(req.nodeid)
    const [name, target] = [req.names[0]!, req.names[1]!]
    checkNewName(dir, name)
    if (target.length === 0) return -ENOENT
    return this.#entryOut(this.#create(dir, name, req, S_IFLNK | 0o777, { kind: 'symlink', target: target.slice() }))
  }

  /** bpffs has no create operation, and refuses devices, fifos and sockets. */
  #mknod(req: FuseRequest<'MKNOD'>): Answer {
    checkNewName(this.#changeable(req.nodeid), req.names[0]!)
    const type = req.in.mode & S_IFMT
    return type === S_IFREG || type === 0 ? -EACCES : -EPERM
  }

  #mkdir(req: FuseRequest<'MKDIR'>): Answer {
    const dir = this.#changeable(req.nodeid)
    const name = req.names[0]!
    checkNewName(dir, name)
    const body: Body = { kind: 'dir', entries: new Map(), parent: dir }
    return this.#entryOut(this.#create(dir, name, req, S_IFDIR | (req.in.mode & 0o1777), body))
  }

  #unlink(req: FuseRequest<'UNLINK'>): Answer {
    const dir = this.#changeable(req.nodeid)
    const entry = lookupEntry(dir, req.names[0]!)
    if (isDir(entry.inode)) return -EISDIR
    if (isOwn(entry.inode)) return -EPERM
    removeEntry(dir, entry, this.#host.now())
    this.#dropName(entry.inode)
    return 0
  }

  #rmdir(req: FuseRequest<'RMDIR'>): Answer {
    const dir = this.#changeable(req.nodeid)
    const entry = lookupEntry(dir, req.names[0]!)
    if (!isDir(entry.inode)) return -ENOTDIR
    if (entry.inode.body.entries.size > 0) return -ENOTEMPTY
    removeEntry(dir, entry, this.#host.now())
    this.#dropName(entry.inode)
    return 0
  }

  #rename(req: FuseRequest, newdir: number, flags: number): Answer {
    const from = { dir: this.#changeable(req.nodeid), name: req.names[0]! }
    const to = { dir: this.#changeable(newdir), name: req.names[1]! }
    const replaced = rename(from, to, flags, this.#host.now())
    if (replaced) this.#dropName(replaced)
    return 0
  }

  #link(req: FuseRequest<'LINK'>): Answer {
    const dir = this.#changeable(req.nodeid)
    const inode = this.#node(req.in.oldnodeid)
    if (isDir(inode) || isOwn(inode) || inode.body.kind === 'control') return -EPERM
    if (inode.nlink === 0) return -ENOENT
    checkNewName(dir, req.names[0]!)
    this.#insert(dir, req.names[0]!, inode)
    inode.nlink++
    inode.ctime = this.#host.now()
    return this.#entryOut(inode)
  }

  #open(req: FuseRequest<'OPEN'>): Answer {
    const inode = this.#node(req.nodeid)
    const { body } = inode
    if (body.kind === 'dir') return -EISDIR
    if (req.in.flags & FMODE_EXEC) return -EINVAL
    if (body.kind === 'control') {
      const fh = this.#opened(inode)
      const failed = body.file.open(req, fh)
      if (failed) this.openFailed(fh)
      return failed || abi.fuse_open_out.encode({ fh, open_flags: abi.FOPEN_DIRECT_IO })
    }
    if (body.kind !== 'pin' || req.in.flags & O_DIRECT) return -EINVAL
    // FUSE_ATOMIC_O_TRUNC. bpffs truncates after a successful open; one that fails now is a fault of the daemon.
    if (req.in.flags & O_TRUNC) {
      inode.size = 0
      inode.mtime = inode.ctime = this.#host.now()
    }
    const fh = this.#opened(inode)
    this.#host.openPin(req, body.object, fh)
    return DEFERRED
  }

  /** BPF_OBJ_PIN: the file that an armed caller creates is the pin. Nobody else can create a file (bpffs has no create). */
  #createPin(req: FuseRequest<'CREATE'>): Answer {
    const dir = this.#changeable(req.nodeid)
    const name = req.names[0]!
    const armed = this.#armedFor(req)
    if (!armed) return -EACCES
    if (dir === this.#root && decodeText(name) === CONTROL_DIR) return -EEXIST
    checkNewName(dir, name, armed.dots)
    this.#armed.delete(`${req.pid}:${req.uid}`)
    const { object } = armed
    const inode = this.#create(dir, name, req, S_IFREG | (req.in.mode & 0o7777), { kind: 'pin', object, own: false })
    this.#host.getObject(object)
    const fh = this.#opened(inode, { bare: true })
    const entry = this.#entryOut(inode)
    const reply = new Uint8Array(entry.length + abi.fuse_open_out.size)
    reply.set(entry)
    abi.fuse_open_out.encodeInto(reply, entry.length, { fh, open_flags: abi.FOPEN_DIRECT_IO | abi.FOPEN_NONSEEKABLE })
    return reply
  }

  #read(req: FuseRequest<'READ'>): Answer {
    const { inode, bare } = this.#file(req.in.fh)
    if (inode.body.kind === 'control') return inode.body.file.read(req, req.in.fh, req.in.size, req.in.offset)
    if (inode.body.kind !== 'pin' || bare) return -EINVAL
    this.#host.readPin(req, req.in.fh, req.in.size)
    return DEFERRED
  }

  #write(req: FuseRequest<'WRITE'>): Answer {
    const { inode } = this.#file(req.in.fh)
    if (inode.body.kind !== 'control') return -EINVAL
    if (req.data.length !== req.in.size) return -EINVAL
    const taken = inode.body.file.write(req, req.in.fh, req.data)
    return taken < 0 ? taken : abi.fuse_write_out.encode({ size: taken })
  }

  #release(fh: number): Answer {
    const file = this.#files.get(fh)
    if (!file) return 0
    const { body } = file.inode
    if (body.kind === 'control') body.file.release(fh)
    else if (body.kind === 'pin' && !file.bare) this.#host.releasePin(fh)
    this.#closed(fh, file)
    return 0
  }

  #readdir(req: FuseRequest<'READDIR'>): Answer {
    const { inode, listing } = this.#file(req.in.fh)
    if (!listing || !isDir(inode)) return -ENOTDIR
    touchAtime(inode, this.#host.now())
    return listing.read(inode, req.in.offset, req.in.size)
  }
}

/** FATTR bits of truncate(2). */
const TRUNCATE_ONLY = abi.FATTR_SIZE | abi.FATTR_FH | abi.FATTR_LOCKOWNER | abi.FATTR_MTIME | abi.FATTR_MTIME_NOW

/** The entries of a BATCH_FORGET, as many as are really there. */
function* batch(data: Uint8Array, count: number): Generator<{ nodeid: number; nlookup: number }> {
  const { size } = abi.fuse_forget_one
  for (let i = 0; i < count && (i + 1) * size <= data.length; i++) yield abi.fuse_forget_one.decode(data, i * size)
}
