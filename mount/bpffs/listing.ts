// One open folder's listing: what dcache_readdir of libfs shows. "." has d_off 1, ".." 2, then the newest entry first.
import { fuse_dirent } from '../fuse/abi.ts'
import { type Dir, type Entry, S_IFMT } from './inode.ts'

const DOT = new Uint8Array([0x2e])
const DOTDOT = new Uint8Array([0x2e, 0x2e])

/** Largest answer in bytes: a request may ask for up to 4 GiB. */
const MAX_READ = 1 << 20

export class Listing {
  /** Entries as they were when the listing began; those made or renamed since are not in it. */
  #snapshot: Entry[] | null = null

  /** fuse_dirents from position `offset` on, at most `size` bytes; empty at the end. */
  read(dir: Dir, offset: number, size: number): Uint8Array {
    if (offset === 0 || !this.#snapshot) this.#snapshot = [...dir.body.entries.values()].reverse()
    const bytes = new Uint8Array(Math.min(size, MAX_READ))
    let used = 0
    for (let at = offset; at < this.#snapshot.length + 2; at++) {
      const item = this.#item(dir, at)
      if (!item) continue
      const length = (fuse_dirent.size + item.name.length + 7) & ~7
      if (used + length > bytes.length) break
      fuse_dirent.encodeInto(bytes, used, {
        ino: item.ino,
        off: at + 1,
        namelen: item.name.length,
        type: (item.mode & S_IFMT) >> 12,
      })
      bytes.set(item.name, used + fuse_dirent.size)
      used += length
    }
    return bytes.subarray(0, used)
  }

  #item(dir: Dir, at: number): { ino: number; mode: number; name: Uint8Array } | null {
    if (at === 0) return { ino: dir.ino, mode: dir.mode, name: DOT }
    if (at === 1) {
      const parent = dir.body.parent ?? dir
      return { ino: parent.ino, mode: parent.mode, name: DOTDOT }
    }
    const entry = this.#snapshot?.[at - 2]
    return entry?.alive ? { ino: entry.inode.ino, mode: entry.inode.mode, name: entry.bytes } : null
  }
}
