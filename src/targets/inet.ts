// The targets tcp and udp: internet sockets of the opener's network namespace (net/ipv4/tcp_ipv4.c, net/ipv4/udp.c).
import type { CtxArgInfo, IterReg, Opener } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { NetNs, Platform } from '../platform/platform.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import type { InetProtocol } from '../sources/inet-diag.ts'
import type { InetSocket } from '../sources/inet-socket.ts'
import { InetSockets, type Learned } from '../sources/inet-sockets.ts'
import { type SourceHooks, SourceSession } from '../sources/session.ts'

/** The sockets of one list, which is made at the first read, and those that it lacks when it is used up. */
class InetOps implements SeqOperations<InetSocket> {
  readonly startToken = true
  readonly #sockets: InetSockets
  readonly #net: NetNs
  readonly #ctx: (socket: InetSocket | null) => CtxArgs
  #list: readonly InetSocket[] | null = null
  #at = 0
  #looked = false

  constructor(sockets: InetSockets, ctx: (socket: InetSocket | null) => CtxArgs) {
    this.#sockets = sockets
    this.#net = sockets.net
    this.#ctx = ctx
  }
  start(): InetSocket | null {
    this.#list ??= this.#sockets.list()
    if (this.#at === this.#list.length && !this.#looked) {
      this.#looked = true
      this.#list = this.#sockets.missed()
      this.#at = 0
    }
    const socket = this.#list[this.#at] ?? null
    if (socket) socket.held = 1
    return socket
  }
  next(): InetSocket | null {
    this.#sockets.session?.release()
    this.#at++
    return this.start()
  }
  ctx(socket: InetSocket | null): CtxArgs {
    return this.#ctx(socket)
  }
  stop(): void {
    this.#sockets.session?.release()
  }
  close(): void {
    this.#net.close()
    this.#sockets.session?.close()
  }
}

interface InetTarget {
  readonly target: InetProtocol
  readonly ctx_arg_info: readonly CtxArgInfo[]
  readonly get_func_proto?: readonly string[]
  readonly ctx: (socket: InetSocket | null) => CtxArgs
}

const UID: CtxArgInfo = { name: 'uid', type: 'uid_t' }

const INET_TARGETS: readonly InetTarget[] = [
  {
    target: 'tcp',
    ctx_arg_info: [{ name: 'sk_common', type: 'struct sock_common *', orNull: true, trusted: true }, UID],
    get_func_proto: ['setsockopt', 'getsockopt'],
    ctx: socket => ({ sk_common: view('sock_common', socket), uid: socket?.uid ?? 0 }),
  },
  {
    target: 'udp',
    ctx_arg_info: [
      { name: 'udp_sk', type: 'struct udp_sock *', orNull: true, trusted: true },
      UID,
      { name: 'bucket', type: 'int' },
    ],
    ctx: socket => ({ udp_sk: view('udp_sock', socket), uid: socket?.uid ?? 0, bucket: socket?.bucket() ?? 0 }),
  },
]

/** The two targets over a platform. */
export const inetTargets = (platform: Platform, hooks: SourceHooks): IterReg[] =>
  INET_TARGETS.map(({ target, ctx, ...reg }) => {
    const learned: Learned = { extensions: 0 }
    return {
      target,
      feature: 0,
      ...reg,
      seq_info: {
        open: (_aux, opener: Opener) =>
          new InetOps(
            new InetSockets(platform, platform.openNet(opener.pid), target, learned, new SourceSession(platform, hooks)),
            ctx,
          ) as SeqOperations,
      },
    }
  })
