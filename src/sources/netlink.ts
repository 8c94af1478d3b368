// Netlink requests: what is asked, and the answer as messages.
import type { NetNs } from '../platform/platform.ts'
import { EINTR, ENOBUFS, ErrnoError, strerror } from '../util/errno.ts'
import {
  messagesOf,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  type NlMessage,
} from '../util/netlink.ts'

/** Times that a dump is begun again because the kernel says that it changed under way. */
const MOST_TRIES = 10

/**
 * All messages of a dump, but the one that ends it.
 * @param type of the request, such as RTM_GETROUTE or SOCK_DIAG_BY_FAMILY
 * @param payload behind the header
 * @throws ErrnoError of the kernel's answer (EPERM, EINVAL, ...) and of NetNs.netlink(); EINTR when it changed under way at each of 10 tries
 */
export function dump(net: NetNs, protocol: number, type: number, payload: Uint8Array): NlMessage[] {
  for (let tries = 1; ; tries++) {
    try {
      return collect(net.netlink(protocol, request(type, NLM_F_REQUEST | NLM_F_DUMP, payload)))
    } catch (err) {
      const again = err instanceof ErrnoError && (err.errno === EINTR || err.errno === ENOBUFS)
      if (!again || tries === MOST_TRIES) throw err
    }
  }
}

/** The answer to a request for one thing: its message, or null when there is none (ENOENT, ESRCH of the kernel are thrown). */
export const ask = (net: NetNs, protocol: number, type: number, payload: Uint8Array): NlMessage | null =>
  collect(net.netlink(protocol, request(type, NLM_F_REQUEST, payload)))[0] ?? null

function request(type: number, flags: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(NLMSG_HDRLEN + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  view.setUint32(8, 1, true)
  bytes.set(payload, NLMSG_HDRLEN)
  return bytes
}

function collect(datagrams: readonly Uint8Array[]): NlMessage[] {
  const found: NlMessage[] = []
  for (const datagram of datagrams) {
    for (const message of messagesOf(datagram)) {
      if (message.flags & NLM_F_DUMP_INTR) throw new ErrnoError(EINTR, 'netlink dump: changed under way')
      const errno = message.type === NLMSG_ERROR || message.type === NLMSG_DONE ? errnoIn(message) : 0
      if (errno !== 0) throw new ErrnoError(errno, `netlink: ${strerror(errno)}`)
      if (message.type !== NLMSG_ERROR && message.type !== NLMSG_DONE) found.push(message)
    }
  }
  return found
}

/** Both NLMSG_ERROR and NLMSG_DONE begin with a negative errno, or 0. */
const errnoIn = ({ bytes, from, to }: NlMessage): number =>
  to - from < 4 ? 0 : -new DataView(bytes.buffer, bytes.byteOffset).getInt32(from, true)
