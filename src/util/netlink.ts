// Netlink messages: struct nlmsghdr and attributes (linux/netlink.h).

export const NETLINK_ROUTE = 0
export const NETLINK_SOCK_DIAG = 4

export const NLMSG_ERROR = 2
export const NLMSG_DONE = 3
export const NLM_F_REQUEST = 1
export const NLM_F_MULTI = 2
/** A dump that changed under way and may lack something. */
export const NLM_F_DUMP_INTR = 0x10
/** NLM_F_ROOT | NLM_F_MATCH */
export const NLM_F_DUMP = 0x300

/** sizeof(struct nlmsghdr): len u32, type u16, flags u16, seq u32, pid u32 */
export const NLMSG_HDRLEN = 16
/** sizeof(struct nlattr): len u16, type u16 */
const NLA_HDRLEN = 4
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of the type. */
const NLA_TYPE_MASK = 0x3fff

/** One message; `bytes` is the datagram that it is in. */
export interface NlMessage {
  readonly type: number
  readonly flags: number
  readonly bytes: Uint8Array
  /** Where the payload begins and ends. */
  readonly from: number
  readonly to: number
}

export const align4 = (n: number): number => (n + 3) & ~3

/** The messages of a datagram; ends at the first that is cut short. */
export function* messagesOf(bytes: Uint8Array): Generator<NlMessage> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at + NLMSG_HDRLEN <= bytes.length; ) {
    const len = view.getUint32(at, true)
    if (len < NLMSG_HDRLEN || at + len > bytes.length) return
    yield {
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      bytes,
      from: at + NLMSG_HDRLEN,
      to: at + len,
    }
    at += align4(len)
  }
}

/** True for the datagram with which an answer ends. */
export function endsAnswer(datagram: Uint8Array): boolean {
  for (const { type, flags } of messagesOf(datagram)) {
    if (type === NLMSG_DONE || type === NLMSG_ERROR || !(flags & NLM_F_MULTI)) return true
  }
  return false
}

/** Offsets of the attributes between `from` and `to`, by type: where the value begins and how long it is. */
export function attributesOf(
  bytes: Uint8Array,
  from: number,
  to: number,
): Map<number, { readonly at: number; readonly size: number }> {
  const found = new Map<number, { at: number; size: number }>()
  for (let at = from; at + NLA_HDRLEN <= to; ) {
    const len = bytes[at]! | (bytes[at + 1]! << 8)
    if (len < NLA_HDRLEN || at + len > to) break
    const type = (bytes[at + 2]! | (bytes[at + 3]! << 8)) & NLA_TYPE_MASK
    found.set(type, { at: at + NLA_HDRLEN, size: len - NLA_HDRLEN })
    at += align4(len)
  }
  return found
}
