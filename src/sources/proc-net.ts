// Lines of /proc/net/tcp, tcp6, udp and udp6.
import { decodeText } from '../util/bytes.ts'
import { endsOf, type InetTelling, TIMER } from './inet-telling.ts'
import type { Moment } from './jiffies.ts'

/** Columns, split at spaces; `ends`, two of them, are the addresses. */
const COLUMN = {
  ...{ SL: 0, LOCAL: 1, REMOTE: 2, ST: 3, QUEUES: 4, TIMER: 5, RETRNSMT: 6, UID: 7, TIMEOUT: 8, INODE: 9, REF: 10 },
  ...{ DROPS: 12, RTO: 12, ATO: 13, QUICK: 14, CWND: 15, SSTHRESH: 16 },
} as const
/** Columns that a whole tcp socket has, and one in TIME_WAIT or SYN_RECV has not. */
const WHOLE = 13

/** One line. */
export class ProcSocket implements InetTelling {
  readonly family: number
  readonly #columns: readonly string[]
  readonly #userHz: number
  readonly #moment: Moment

  constructor(line: string, family: number, userHz: number, moment: Moment) {
    this.family = family
    this.#columns = line.trim().split(/ +/)
    this.#userHz = userHz
    this.#moment = moment
  }
  get state(): number {
    return this.#hex(COLUMN.ST, 0)
  }
  get whole(): boolean {
    return this.#columns.length >= WHOLE
  }
  get localPort(): number {
    return this.#hex(COLUMN.LOCAL, 1)
  }
  get remotePort(): number {
    return this.#hex(COLUMN.REMOTE, 1)
  }
  get local(): Uint8Array {
    return bytesOf(this.#columns[COLUMN.LOCAL]!)
  }
  get remote(): Uint8Array {
    return bytesOf(this.#columns[COLUMN.REMOTE]!)
  }
  get sendQueue(): number {
    return this.#hex(COLUMN.QUEUES, 0)
  }
  get receiveQueue(): number {
    return this.#hex(COLUMN.QUEUES, 1)
  }
  get timer(): number {
    return this.#hex(COLUMN.TIMER, 0)
  }
  /** In steps of 1/USER_HZ s. */
  get expires(): bigint {
    return this.#moment.after(this.timer === TIMER.NONE ? 0 : this.#hex(COLUMN.TIMER, 1), this.#userHz)
  }
  get retransmits(): number {
    return this.#hex(COLUMN.RETRNSMT, 0)
  }
  get uid(): number {
    return this.#number(COLUMN.UID)
  }
  get probes(): number {
    return this.#number(COLUMN.TIMEOUT)
  }
  get inode(): number {
    return this.#number(COLUMN.INODE)
  }
  get refcnt(): number {
    return this.#number(COLUMN.REF)
  }
  /** udp: of the table by port. */
  get bucket(): number {
    return Number.parseInt(this.#columns[COLUMN.SL]!, 10)
  }
  get drops(): number {
    return this.#number(COLUMN.DROPS)
  }
  /** Jiffies, in steps of 1/USER_HZ s. */
  get rto(): bigint {
    return this.#jiffies(COLUMN.RTO)
  }
  get ato(): bigint {
    return this.#jiffies(COLUMN.ATO)
  }
  get quick(): number {
    return this.#number(COLUMN.QUICK) >> 1
  }
  get pingpong(): boolean {
    return (this.#number(COLUMN.QUICK) & 1) !== 0
  }
  get cwnd(): number {
    return this.#number(COLUMN.CWND)
  }
  /** -1 for an infinite one; of a listener fastopenq.max_qlen. */
  get ssthresh(): number {
    return this.#number(COLUMN.SSTHRESH)
  }

  #number(column: number): number {
    return Number(this.#columns[column])
  }
  #hex(column: number, part: number): number {
    return Number.parseInt(this.#columns[column]!.split(':')[part]!, 16)
  }
  #jiffies(column: number): bigint {
    return this.#moment.span(this.#number(column), this.#userHz)
  }
}

/** `0100007F:0016` as bytes in network order. */
function bytesOf(end: string): Uint8Array {
  const digits = end.slice(0, end.indexOf(':'))
  const bytes = new Uint8Array(digits.length / 2)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < bytes.length; at += 4) view.setUint32(at, Number.parseInt(digits.slice(at * 2, at * 2 + 8), 16), true)
  return bytes
}

/** One file of /proc/net as it was at one moment. */
export class ProcTable {
  readonly sockets: readonly ProcSocket[]
  #byEnds: Map<string, ProcSocket[]> | undefined

  constructor(bytes: Uint8Array, family: number, userHz: number, moment: Moment) {
    const lines = decodeText(bytes).split('\n').slice(1)
    this.sockets = lines.filter(line => line !== '').map(line => new ProcSocket(line, family, userHz, moment))
  }

  /** The line of a socket; null when there is none. */
  find(of: InetTelling): ProcSocket | null {
    if (!this.#byEnds) {
      this.#byEnds = new Map()
      for (const socket of this.sockets) {
        const key = endsOf(socket)
        const same = this.#byEnds.get(key)
        if (same) same.push(socket)
        else this.#byEnds.set(key, [socket])
      }
    }
    const same = this.#byEnds.get(endsOf(of)) ?? []
    // A connection gets its inode when it is accepted, which may have been in between.
    return same.find(({ inode }) => inode === of.inode) ?? (same.length === 1 ? same[0]! : null)
  }
}
