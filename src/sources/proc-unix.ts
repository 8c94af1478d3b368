// Lines of /proc/net/unix (unix_seq_show). Names are printed as they are: one with a newline in it looks like a line's end.
import { latin1 } from './text.ts'

/** One line. */
export interface UnixRow {
  /** Tells it apart from other lines: the inode, or for those without one the address that is shown. */
  readonly key: string
  readonly refcnt: number
  readonly listens: boolean
  /** SOCK_* */
  readonly type: number
  /** SS_* */
  readonly socketState: number
  /** 0 when it has no file: a connection that waits to be accepted. */
  readonly inode: number
  /** The name as it is printed, one character a byte: `@` for each NUL. Null when it was not bound. */
  readonly text: string | null
}

/** pointer, RefCount, Protocol, Flags, Type, St, Inode */
const LINE = /([0-9a-f]+): ([0-9A-F]+) [0-9A-F]+ ([0-9A-F]+) ([0-9A-F]+) ([0-9A-F]+) +(\d+)( |\n)/y
const SO_ACCEPTCON = 0x10000

/**
 * All lines, in the kernel's order.
 * @param namesOf names of sockets by inode, of those at least that have a newline in them
 */
export function parseUnix(bytes: Uint8Array, namesOf: ReadonlyMap<number, Uint8Array>): UnixRow[] {
  const text = latin1(bytes)
  const broken = [...new Set([...namesOf.values()].map(printed).filter(name => name.includes('\n')))]
  const rows: UnixRow[] = []
  const queued = new Map<string, number>()
  const hex = (digits: string): number => Number.parseInt(digits, 16)
  for (let at = text.indexOf('\n') + 1; at > 0 && at < text.length; ) {
    LINE.lastIndex = at
    const match = LINE.exec(text)
    if (!match) {
      at = text.indexOf('\n', at) + 1 // the rest of a name that nobody knows
      continue
    }
    const [whole, pointer, refcnt, flags, type, socketState, ino, end] = match as unknown as string[]
    const from = at + whole!.length
    const inode = Number(ino)
    const to = end === '\n' ? from - 1 : endOfName(text, from, namesOf.get(inode), broken)
    const name = end === '\n' ? null : text.slice(from, to)
    rows.push({
      key: inode !== 0 ? ino! : queuedKey(pointer!, name, queued),
      ...{ refcnt: hex(refcnt!), listens: (hex(flags!) & SO_ACCEPTCON) !== 0, type: hex(type!) },
      ...{ socketState: hex(socketState!), inode, text: name },
    })
    at = to + 1
  }
  return rows
}

/** Where the name that begins at `from` ends. */
function endOfName(text: string, from: number, known: Uint8Array | undefined, broken: readonly string[]): number {
  const is = (name: string): boolean => text.startsWith(name, from) && text[from + name.length] === '\n'
  // Whoever waits to be accepted has the name of the listener.
  const name = known ? printed(known) : broken.find(is)
  if (name !== undefined && is(name)) return from + name.length
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

/** Where addresses are hidden (kernel.kptr_restrict) the n-th of its name. */
function queuedKey(pointer: string, name: string | null, seen: Map<string, number>): string {
  if (/[1-9a-f]/.test(pointer)) return `queued ${pointer}`
  const number = seen.get(name ?? '') ?? 0
  seen.set(name ?? '', number + 1)
  return `queued ${number} of ${name}`
}

/** A name as the file prints it. */
export function printed(name: Uint8Array): string {
  if (name[0] === 0) return latin1(name).replaceAll('\0', '@')
  return latin1(name.at(-1) === 0 ? name.subarray(0, -1) : name)
}

/** The name that was printed; of an abstract one each `@` but the first stays one. */
export const unprinted = (text: string): Uint8Array =>
  Uint8Array.from(text.startsWith('@') ? `\0${text.slice(1)}` : `${text}\0`, c => c.charCodeAt(0))
