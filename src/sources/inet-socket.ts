// One internet socket, of inet_diag or of /proc/net.
import type { NetNs } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import { EACCES, ENODATA, ErrnoError } from '../util/errno.ts'
import { attributesOf } from '../util/netlink.ts'
import { type CgroupSource, cgroupById } from './cgroup.ts'
import { type Attribute, type DiagSocket, INET_DIAG, u32At, u64At } from './inet-diag.ts'
import type { InetSockets } from './inet-sockets.ts'
import {
  AF_INET6,
  endsOf,
  type InetTelling,
  TCP_LISTEN,
  TCP_NEW_SYN_RECV,
  TCP_SYN_RECV,
  TCP_TIME_WAIT,
  TIMER,
} from './inet-telling.ts'
import { jiffies, kernelHz } from './jiffies.ts'
import type { ProcSocket } from './proc-net.ts'
import { ownerOf, type SocketOwner } from './sock-owner.ts'
import { SK_MEMINFO, type SocketEnds, type SocketKind, type SocketSource, type SocketTimer } from './socket.ts'
import { TCP_INFO, type TcpInfoField } from './tcp-info.ts'

const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const IPPROTO_TCP = 6
const IPPROTO_UDP = 17
const INET_ULP_INFO_NAME = 1
const TCP_INFINITE_SSTHRESH = 0x7fffffff
/** icsk_pending */
const ICSK_TIME_RETRANS = 1
const ICSK_TIME_PROBE0 = 3

export class InetSocket implements SocketSource {
  readonly kind: SocketKind
  readonly #sockets: InetSockets
  readonly diag: DiagSocket | null
  /** The line of /proc/net, looked for when a field is looked at that only it has. */
  #line: ProcSocket | null
  /** References of the iterator that shows it. */
  held = 0

  /** One of `diag` and `line` is there. */
  constructor(sockets: InetSockets, diag: DiagSocket | null, line: ProcSocket | null) {
    this.#sockets = sockets
    this.diag = diag
    this.#line = line
    this.kind = kindOf(sockets.protocol, diag ?? line!)
  }
  get telling(): InetTelling {
    return this.diag ?? this.#line!
  }
  get id(): string {
    return this.diag ? `${this.diag.cookie}` : `${this.net.inum} ${endsOf(this.telling)} ${this.inode}`
  }
  get net(): NetNs {
    return this.#sockets.net
  }
  get family(): number {
    return this.telling.family
  }
  get state(): number {
    if (this.kind === 'timewait') return TCP_TIME_WAIT
    return this.kind === 'request' ? TCP_NEW_SYN_RECV : this.telling.state
  }
  get type(): number {
    return this.#sockets.protocol === 'tcp' ? SOCK_STREAM : SOCK_DGRAM
  }
  get protocol(): number {
    return this.#sockets.protocol === 'tcp' ? IPPROTO_TCP : IPPROTO_UDP
  }
  get inode(): number {
    return this.telling.inode
  }
  /** Of a connection that begins: its listener's. */
  get uid(): number {
    const { telling } = this
    return this.kind === 'request' ? this.#sockets.listenerUid(telling.localPort, telling.local) : telling.uid
  }
  get boundInterface(): number {
    return this.#diag('the interface').boundInterface
  }
  get ends(): SocketEnds {
    return this.telling
  }
  /** What TIME_WAIT shows as its state: FIN_WAIT2 or TIME_WAIT. */
  get substate(): number {
    return this.telling.state
  }
  cookie(): bigint {
    return BigInt(this.#diag('the cookie').cookie)
  }
  refcnt(): number {
    return this.line().refcnt
  }
  memory(): readonly number[] {
    if (!this.diag && this.type === SOCK_DGRAM) return this.#procMemory()
    const { bytes, at, size } = this.#wanted(INET_DIAG.SKMEMINFO, 'memory')
    return Array.from({ length: size / 4 }, (_, i) => u32At(bytes, at + i * 4))
  }
  drops(): number {
    return this.diag || this.protocol === IPPROTO_TCP ? this.memory()[SK_MEMINFO.DROPS]! : this.line().drops
  }
  backlog(): { readonly now: number; readonly most: number } {
    if (this.telling.state !== TCP_LISTEN) return { now: 0, most: 0 }
    const most = (): number => this.#diag('sk_max_ack_backlog').sendQueue
    return {
      now: this.telling.receiveQueue,
      get most() {
        return most()
      },
    }
  }

  owner(): SocketOwner | null | undefined {
    return this.inode === 0 ? null : ownerOf(this.#sockets.session, this.inode)
  }

  /** Bytes that wait to be read, and to be acknowledged. */
  get receiveQueue(): number {
    return this.telling.receiveQueue
  }
  get sendQueue(): number {
    return this.telling.state === TCP_LISTEN ? 0 : this.telling.sendQueue
  }
  /** icsk_pending: all that send again are one. */
  get pending(): number {
    const { timer } = this.telling
    return timer === TIMER.RETRANSMIT ? ICSK_TIME_RETRANS : timer === TIMER.PROBE0 ? ICSK_TIME_PROBE0 : 0
  }
  /** The timer, when it is the one that runs next and one of these; see TIMER. */
  timerOf(name: string, ...timers: readonly number[]): SocketTimer {
    const { telling } = this
    return { id: `${name} of ${this.kind} ${this.id}`, expires: timers.includes(telling.timer) ? telling.expires : 0n }
  }
  /** sk_timer: keepalive. */
  timer(): SocketTimer {
    return this.timerOf('sk_timer', TIMER.KEEPALIVE)
  }
  shutdown(): number {
    const found = this.#wanted(INET_DIAG.SHUTDOWN, 'sk_shutdown')
    return found.bytes[found.at]!
  }
  pacing(): { readonly rate: bigint; readonly most: bigint } {
    return { rate: this.bigInfo('pacing_rate'), most: this.bigInfo('max_pacing_rate') }
  }
  /** SYN-ACKs sent again (num_retrans). */
  synAcks(): number {
    return this.#diag('num_retrans').retransmits
  }
  /** Of what follows a listener's are in /proc/net only, where times are in steps of 1/USER_HZ s. */
  get #inInfo(): boolean {
    return this.diag !== null && this.telling.state !== TCP_LISTEN
  }
  /** Jiffies. */
  rto(): number {
    if (!this.#inInfo) return Number(this.line().rto)
    return Number((this.bigInfo('rto') * kernelHz(this.#sockets.platform)) / 1_000_000n)
  }
  retransmitted(): number {
    return this.#inInfo ? this.info('retransmits') : this.line().retransmits
  }
  probes(): number {
    return this.#inInfo ? this.info('probes') : this.line().probes
  }
  cwnd(): number {
    return this.diag ? this.info('snd_cwnd') : this.line().cwnd
  }
  ssthresh(): number {
    if (this.telling.state === TCP_LISTEN) return TCP_INFINITE_SSTHRESH
    if (this.diag) return this.info('snd_ssthresh')
    const { ssthresh } = this.line()
    return ssthresh === -1 ? TCP_INFINITE_SSTHRESH : ssthresh
  }
  /** The low 32 bits of jiffies, `ms` ago. */
  jiffiesBefore(ms: number): number {
    const { platform } = this.#sockets
    return Number(BigInt.asUintN(32, jiffies(platform) - (BigInt(ms) * kernelHz(platform)) / 1000n))
  }

  /** @throws ErrnoError, ObjectGone */
  line(): ProcSocket {
    this.#line ??= this.#sockets.line(this)
    return this.#line
  }

  /** A number of tcp_info, as the kernel sends it. */
  info(field: TcpInfoField): number {
    return Number(this.bigInfo(field))
  }
  bigInfo(field: TcpInfoField): bigint {
    const { at: off, size: bytes } = TCP_INFO[field]
    const found = this.#wanted(INET_DIAG.INFO, `tcpi_${field}`)
    if (off + bytes > found.size) throw new ErrnoError(ENODATA, `tcp_info: this kernel does not tell tcpi_${field}`)
    const at = found.at + off
    if (bytes === 8) return u64At(found.bytes, at)
    const low = u32At(found.bytes, at)
    return BigInt(bytes === 4 ? low : low & ((1 << (8 * bytes)) - 1))
  }
  /** An attribute of one byte or a text of them; null when there is none. */
  small(attribute: number): number | null {
    const found = this.#attribute(attribute)
    return found && found.bytes[found.at]!
  }
  text(attribute: number): string | null {
    const found = this.#attribute(attribute)
    if (!found) return null
    const end = found.bytes.indexOf(0, found.at)
    return decodeText(found.bytes, found.at, Math.min(end < 0 ? Infinity : end, found.at + found.size))
  }
  /** Name of the protocol above tcp; null for none. */
  ulp(): string | null {
    this.mark() // who may not see the mark may not see this either
    const found = this.#attribute(INET_DIAG.ULP_INFO)
    if (!found) return null
    const name = attributesOf(found.bytes, found.at, found.at + found.size).get(INET_ULP_INFO_NAME)
    return name ? decodeText(found.bytes, name.at, name.at + name.size - 1) : null
  }
  mark(): number {
    const found = this.#attribute(INET_DIAG.MARK)
    if (!found)
      throw new ErrnoError(EACCES, `socket ${this.id}: want CAP_NET_ADMIN, without which sock_diag does not tell the mark`)
    return u32At(found.bytes, found.at)
  }
  cgroup(): CgroupSource | null {
    const { bytes, at } = this.#wanted(INET_DIAG.CGROUP_ID, 'the cgroup')
    return cgroupById(this.#sockets.platform, u64At(bytes, at))
  }
  /** udp: place in the table by port, as /proc/net shows it. */
  bucket(): number {
    return this.line().bucket
  }

  #diag(what: string): DiagSocket {
    return this.diag ?? this.#sockets.lacks(this, what)
  }
  /** What /proc/net/udp has of it. */
  #procMemory(): number[] {
    const { receiveQueue, sendQueue, drops } = this.line()
    const found: number[] = []
    found[SK_MEMINFO.RMEM_ALLOC] = receiveQueue
    found[SK_MEMINFO.WMEM_ALLOC] = sendQueue
    found[SK_MEMINFO.DROPS] = drops
    return found
  }
  #attribute(type: number): Attribute | null {
    return this.#sockets.attribute(this, type)
  }
  #wanted(type: number, what: string): Attribute {
    return this.#attribute(type) ?? fail(`${this.kind} ${this.id}: ${what}`)
  }
}

const fail = (what: string): never => {
  throw new ErrnoError(ENODATA, `sock_diag of this kernel does not tell ${what}`)
}

function kindOf(protocol: string, telling: InetTelling): SocketKind {
  const six = telling.family === AF_INET6
  if (protocol === 'udp') return six ? 'udp6' : 'udp'
  if (telling.timer === TIMER.TIME_WAIT) return 'timewait'
  if (telling.state === TCP_SYN_RECV && !telling.whole) return 'request'
  return six ? 'tcp6' : 'tcp'
}
