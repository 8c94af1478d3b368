// Who holds a socket: no kernel interface leads from a socket to its descriptors, but those of all processes lead to their sockets.
import type { Dir } from '../platform/platform.ts'
import { isDenied, isGone, type SourceSession } from './session.ts'
import { TaskSource } from './task.ts'

interface Place {
  readonly tgid: number
  readonly fd: number
}

/** One descriptor of a socket. */
export class SocketOwner {
  readonly #session: SourceSession
  readonly #places: readonly Place[]
  readonly #at: number

  constructor(session: SourceSession, places: readonly Place[], at: number) {
    this.#session = session
    this.#places = places
    this.#at = at
  }
  get id(): string {
    const { tgid, fd } = this.#places[this.#at]!
    return `${fd} of ${tgid}`
  }
  get fd(): number {
    return this.#places[this.#at]!.fd
  }
  /** The leader of the process. */
  get task(): TaskSource {
    const { tgid } = this.#places[this.#at]!
    return new TaskSource(this.#session, tgid, tgid)
  }
  /** The next descriptor of the same socket: ascending by process, then by descriptor. */
  get next(): SocketOwner | null {
    return this.#at + 1 < this.#places.length ? new SocketOwner(this.#session, this.#places, this.#at + 1) : null
  }
}

/** Descriptors by the inode of their socket, as they were when one was first looked for in the session. */
const known = new WeakMap<SourceSession, Map<number, Place[]>>()

/**
 * The first descriptor of the socket with that inode; null when none is to be seen: it has none, or those of its process may not be
 * looked at. Undefined without a session.
 */
export function ownerOf(session: SourceSession | undefined, inode: number): SocketOwner | null | undefined {
  if (!session) return undefined
  let owners = known.get(session)
  if (!owners) {
    owners = findOwners(session)
    known.set(session, owners)
  }
  const places = owners.get(inode)
  return places ? new SocketOwner(session, places, 0) : null
}

const SOCKET = 'socket:['

function findOwners(session: SourceSession): Map<number, Place[]> {
  const owners = new Map<number, Place[]>()
  const tgids = session.platform.list('/proc').map(Number).filter(Number.isInteger)
  for (const tgid of tgids.sort((a, b) => a - b)) {
    eachSocket(session, tgid, (fd, inode) => {
      const places = owners.get(inode)
      if (places) places.push({ tgid, fd })
      else owners.set(inode, [{ tgid, fd }])
    })
  }
  return owners
}

function eachSocket(session: SourceSession, tgid: number, found: (fd: number, inode: number) => void): void {
  let dir: Dir | undefined
  try {
    dir = session.platform.openDir(`/proc/${tgid}`)
    const fds = dir.list('fd').map(Number)
    for (const fd of fds.sort((a, b) => a - b)) {
      const link = linkOf(dir, fd)
      if (link.startsWith(SOCKET)) found(fd, Number(link.slice(SOCKET.length, -1)))
    }
  } catch (err) {
    if (isDenied(err)) session.denied('fd')
    else if (!isGone(err)) throw err
  } finally {
    dir?.close()
  }
}

/** Empty when it was closed. */
function linkOf(dir: Dir, fd: number): string {
  try {
    return dir.readlink(`fd/${fd}`)
  } catch (err) {
    if (isGone(err)) return ''
    throw err
  }
}
