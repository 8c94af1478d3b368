// Inodes and directory entries: the data of the tree, and the few rules that keep them together.
import { decodeText } from '../../src/util/bytes.ts'
import type { ControlFile } from './host.ts'

export const S_IFMT = 0o170000
export const S_IFDIR = 0o040000
export const S_IFREG = 0o100000
export const S_IFLNK = 0o120000
export const S_ISGID = 0o2000
export const S_ISVTX = 0o1000

/** A name in a directory. A rename makes a new one, so that a listing in progress sees the old one die. */
export interface Entry {
  readonly name: string
  readonly bytes: Uint8Array
  readonly inode: Inode
  alive: boolean
}

export type Body =
  | { readonly kind: 'dir'; readonly entries: Map<string, Entry>; parent: Inode | null }
  /** `object` is the number that the store gives what is pinned (pinNumber()); it means nothing to the tree. */
  | { readonly kind: 'pin'; readonly object: number; readonly own: boolean }
  | { readonly kind: 'symlink'; readonly target: Uint8Array }
  | { readonly kind: 'control'; readonly file: ControlFile }

export interface Inode {
  readonly ino: number
  /** Type and permission bits, as st_mode. */
  mode: number
  uid: number
  gid: number
  nlink: number
  size: number
  /** ns since the epoch */
  atime: bigint
  mtime: bigint
  ctime: bigint
  /** References that the kernel holds (nlookup): each entry answered is one, FORGET gives them back. */
  lookups: number
  /** Open files. */
  opens: number
  readonly body: Body
}

export type Dir = Inode & { readonly body: Body & { kind: 'dir' } }

export const isDir = (inode: Inode): inode is Dir => inode.body.kind === 'dir'

/** True for maps.debug and progs.debug, which nobody can remove, rename or link. */
export const isOwn = (inode: Inode): boolean => inode.body.kind === 'pin' && inode.body.own

/** True when `dir` is `inode` or lies below it. */
export function isBelow(dir: Dir, inode: Inode): boolean {
  for (let at: Inode | null = dir; at; at = at.body.kind === 'dir' ? at.body.parent : null) if (at === inode) return true
  return false
}

/** Puts `inode` into `dir` under a name that is free. */
export function addEntry(dir: Dir, bytes: Uint8Array, inode: Inode, now: bigint): void {
  const name = decodeText(bytes)
  dir.body.entries.set(name, { name, bytes: bytes.slice(), inode, alive: true })
  if (isDir(inode)) {
    inode.body.parent = dir
    dir.nlink++
  }
  dir.mtime = dir.ctime = now
}

/** Takes an entry out of `dir`; the inode's own link count is the caller's. */
export function removeEntry(dir: Dir, entry: Entry, now: bigint): void {
  entry.alive = false
  dir.body.entries.delete(entry.name)
  if (isDir(entry.inode)) dir.nlink--
  dir.mtime = dir.ctime = now
}
