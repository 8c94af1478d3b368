// What the tree asks of the outside. The tree itself runs no program and reads nothing but requests.
import type { Answer, FuseRequest } from '../fuse/protocol.ts'

export interface PinHost {
  /** The engine answers the OPEN itself, later: fuse_open_out or an errno; after an errno it calls BpffsTree.openFailed(). */
  openPin(req: FuseRequest, object: number, fh: number): void
  /** The engine answers the READ itself, later. */
  readPin(req: FuseRequest, fh: number, size: number): void
  /** The last close of what openPin() opened. */
  releasePin(fh: number): void
  /** The reader of a deferred request got a signal. */
  interrupt(unique: number): void
  /** A pin was made: one more inode refers to the object. */
  getObject(object: number): void
  /** The inode is gone: no name, no open file, no reference of the kernel (O_PATH, a lookup under way). */
  putObject(object: number): void
  /** ns since the epoch */
  now(): bigint
}

/** A file in .iterfs/. */
export interface ControlFile {
  /** 0 or a negative errno. */
  open(req: FuseRequest, fh: number): number
  read(req: FuseRequest, fh: number, size: number, offset: number): Answer
  /** Bytes taken, or a negative errno. */
  write(req: FuseRequest, fh: number, data: Uint8Array): number
  release(fh: number): void
}
