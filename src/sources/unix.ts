// Sockets of AF_UNIX. /proc/net/unix has all of them, in the iterator's order, with their references; unix_diag has exact names, other ends and
// memory of those that have a file. Neither is complete while sockets come and go: each makes up for what the other leaves out.
import type { NetNs } from '../platform/platform.ts'
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { MOST_LOOKS, merge } from './merge.ts'
import { parseUnix, printed, type UnixRow } from './proc-unix.ts'
import type { SourceSession } from './session.ts'
import { askUnix, dumpUnix, dumpUnixInodes, type UnixDiag } from './unix-diag.ts'
import { UnixSocket } from './unix-socket.ts'

/** Who waits to be accepted: inodes of the listener and of the other end, which is 0 when that was closed. */
interface Waiting {
  readonly listener: number
  readonly peer: number
}

/** Name and type by which a listener and its connections are known to belong together. */
const queueOf = (text: string | null, type: number): string => `${type} ${text}`

export class UnixSockets {
  readonly net: NetNs
  readonly session: SourceSession | undefined
  readonly #details = new Map<number, UnixDiag>()
  /** Lines of sockets with a file, by inode. */
  #rows = new Map<number, UnixRow>()
  readonly #waiting = new Map<UnixRow, Waiting>()
  /** Lines of those that wait, by the inode of the other end. */
  readonly #queued = new Map<number, UnixRow>()
  /** Why unix_diag does not answer. */
  #refused: ErrnoError | null = null

  /** @param session by which owners are looked for */
  constructor(net: NetNs, session?: SourceSession) {
    this.net = net
    this.session = session
  }

  /** All sockets, each once, in the order of /proc/net/unix, held by so many references of iterators. @throws ErrnoError when that may not be read */
  list(held = 0): UnixSocket[] {
    this.#details.clear()
    const inodes = this.#refused ? [] : (this.#ask(() => this.#dump()) ?? [])
    const keyOf = ({ key }: UnixRow): string => key
    let rows = merge(this.#read(), [], keyOf) // a file that is read while sockets come has some twice
    for (let looks = 1; looks < MOST_LOOKS && this.#lacks(rows, inodes); looks++) rows = merge(rows, this.#read(), keyOf)
    this.#rows = byInode(rows)
    this.#pair(rows)
    return rows.map(row => new UnixSocket(this, row, held))
  }

  /** The socket with that inode; null when there is none. */
  find(inode: number): UnixSocket | null {
    const row = this.#rows.get(inode)
    if (row) return new UnixSocket(this, row, 0)
    const known = this.#details.get(inode) ?? this.#askOne(inode) ?? (this.#refused ? this.line(inode) : null)
    return known && new UnixSocket(this, known, 0)
  }

  /** Who waits to be accepted and has that socket at its other end; null when none does. */
  queuedOf(peer: number): UnixSocket | null {
    const row = this.#queued.get(peer)
    return row ? new UnixSocket(this, row, 0) : null
  }

  /** Of the line of one who waits. @throws ErrnoError when its listener cannot be told */
  waitingOf(row: UnixRow): Waiting {
    return this.#waiting.get(row) ?? this.fail('the listener of one who waits to be accepted')
  }

  /** The listener that has the name of one who waits to be accepted; null when it cannot be told. */
  namesake(row: UnixRow): UnixDiag | null {
    const found = this.#waiting.get(row)
    return found ? (this.#details.get(found.listener) ?? null) : null
  }

  /** What unix_diag tells of a socket; null where it does not answer. @throws ObjectGone */
  detail(inode: number): UnixDiag | null {
    if (this.#refused) return null
    const known = this.#details.get(inode)
    if (known) return known
    const found = this.#askOne(inode)
    if (!found && !this.#refused) throw new ObjectGone(`unix socket ${inode}`)
    return found
  }

  /** The line of a socket with a file; null when there is none. */
  line(inode: number): UnixRow | null {
    const known = this.#rows.get(inode)
    if (known) return known
    this.#rows = byInode(merge([...this.#rows.values()], this.#read(), ({ key }) => key))
    return this.#rows.get(inode) ?? null
  }

  /** What neither tells. */
  fail(what: string): never {
    const reason = this.#refused?.message ?? 'unix_diag does not tell it'
    throw new ErrnoError(this.#refused?.errno ?? EOPNOTSUPP, `unix socket: ${what}: /proc/net/unix does not show it, ${reason}`)
  }

  /** Inodes in the kernel's order. A dump of more than one part is followed by one with other parts. */
  #dump(): number[] {
    const { sockets, parts } = dumpUnix(this.net)
    for (const socket of sockets) this.#details.set(socket.inode, socket)
    const inodes = sockets.map(({ inode }) => inode)
    return parts > 1 ? merge(inodes, dumpUnixInodes(this.net), inode => inode) : inodes
  }

  /** Whether a socket that there is, or one who waits, has no line yet. */
  #lacks(rows: readonly UnixRow[], inodes: readonly number[]): boolean {
    const there = new Set(rows.map(({ inode }) => inode))
    if (inodes.some(inode => !there.has(inode) && this.#askOne(inode) !== null)) return true
    let waiting = 0
    for (const detail of this.#details.values()) waiting += detail.waiting.length
    return rows.filter(({ inode }) => inode === 0).length < waiting
  }

  /** Finds listener and other end of those who wait. Which of several of one listener is whose other end nothing tells: they are taken in turn. */
  #pair(rows: readonly UnixRow[]): void {
    this.#waiting.clear()
    this.#queued.clear()
    const queues = new Map<string, Waiting[]>()
    for (const { inode, type, name, waiting } of this.#details.values()) {
      if (waiting.length === 0) continue
      const queue = queueOf(name && printed(name), type)
      queues.set(queue, [...(queues.get(queue) ?? []), ...waiting.map(peer => ({ listener: inode, peer }))])
    }
    for (const row of rows) {
      const found = row.inode === 0 ? queues.get(queueOf(row.text, row.type))?.shift() : undefined
      if (!found) continue
      this.#waiting.set(row, found)
      if (found.peer !== 0) this.#queued.set(found.peer, row)
    }
  }

  #askOne(inode: number): UnixDiag | null {
    const found = this.#refused ? null : this.#ask(() => askUnix(this.net, inode))
    if (found) this.#details.set(inode, found)
    return found
  }

  #ask<T>(question: () => T): T | null {
    try {
      return question()
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
      this.#refused = err
      return null
    }
  }

  #read(): UnixRow[] {
    const names = new Map<number, Uint8Array>()
    for (const { inode, name } of this.#details.values()) if (name?.includes(NEWLINE)) names.set(inode, name)
    return parseUnix(this.net.read('unix'), names)
  }
}

const NEWLINE = 0x0a

const byInode = (rows: readonly UnixRow[]): Map<number, UnixRow> =>
  new Map(rows.filter(({ inode }) => inode !== 0).map(row => [row.inode, row]))
