// The targets unix and netlink (net/unix/af_unix.c, net/netlink/af_netlink.c).
import type { IterReg } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { SeqOperations } from '../seq/seq-operations.ts'
import { NetlinkSockets } from '../sources/netlink-sockets.ts'
import { type SourceHooks, SourceSession } from '../sources/session.ts'
import { UnixSockets } from '../sources/unix.ts'
import { SocketOps } from './socket-ops.ts'

/** The two targets over a platform. */
export const unixTargets = (platform: Platform, hooks: SourceHooks): IterReg[] => [
  {
    target: 'unix',
    ctx_arg_info: [
      { name: 'unix_sk', type: 'struct unix_sock *', orNull: true },
      { name: 'uid', type: 'uid_t' },
    ],
    feature: 0,
    get_func_proto: ['setsockopt', 'getsockopt'],
    seq_info: {
      open(_, { pid }) {
        const [session, net] = [new SourceSession(platform, hooks), platform.openNet(pid)]
        const sockets = new UnixSockets(net, session)
        return new SocketOps(
          session,
          net,
          () => sockets.list(1),
          socket => ({ unix_sk: view('unix_sock', socket), uid: socket?.uid ?? 0 }),
        ) as SeqOperations
      },
    },
  },
  {
    target: 'netlink',
    ctx_arg_info: [{ name: 'sk', type: 'struct netlink_sock *', orNull: true }],
    feature: 0,
    seq_info: {
      open(_, { pid }) {
        const [session, net] = [new SourceSession(platform, hooks), platform.openNet(pid)]
        const sockets = new NetlinkSockets(net, session)
        return new SocketOps(
          session,
          net,
          () => sockets.list(),
          socket => ({ sk: view('netlink_sock', socket) }),
        ) as SeqOperations
      },
    },
  },
]
