// Answers of unix_diag, made by hand.
import { ENOENT } from '../../src/util/errno.ts'
import { align4, NLM_F_DUMP, NLMSG_DONE, NLMSG_ERROR, NLMSG_HDRLEN } from '../../src/util/netlink.ts'

export const latin1Bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'))

interface Shown {
  readonly type: number
  readonly state: number
  readonly ino: number
  readonly name?: string
  readonly peer?: number
  readonly waiting?: readonly number[]
}

/** UNIX_DIAG_* */
const [NAME, PEER, ICONS] = [0, 2, 3]
const SOCK_DIAG_BY_FAMILY = 20
const NLM_F_MULTI = 2

/** struct unix_diag_msg with attributes. */
export function unixMessage({ type, state, ino, name, peer, waiting }: Shown): Uint8Array {
  const parts = [Uint8Array.of(1, type, state, 0), words(ino, ino, 0)]
  if (name !== undefined) parts.push(attribute(NAME, latin1Bytes(name)))
  if (peer !== undefined) parts.push(attribute(PEER, words(peer)))
  if (waiting) parts.push(attribute(ICONS, words(...waiting)))
  return new Uint8Array(Buffer.concat(parts))
}

/** Answers dumps with all of them, and a request for one by its inode. */
export const unixReply =
  (messages: readonly Uint8Array[]) =>
  (_protocol: number, request: Uint8Array): Uint8Array[] => {
    const view = new DataView(request.buffer, request.byteOffset)
    if (view.getUint16(6, true) & NLM_F_DUMP) {
      const all = messages.map(payload => message(SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, payload))
      return [new Uint8Array(Buffer.concat([...all, message(NLMSG_DONE, NLM_F_MULTI, words(0))]))]
    }
    const ino = view.getUint32(NLMSG_HDRLEN + 8, true)
    const found = messages.find(payload => new DataView(payload.buffer).getUint32(4, true) === ino)
    return [found ? message(SOCK_DIAG_BY_FAMILY, 0, found) : message(NLMSG_ERROR, 0, words(-ENOENT))]
  }

const words = (...numbers: number[]): Uint8Array => new Uint8Array(Int32Array.from(numbers).buffer)

function attribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + align4(value.length))
  bytes.set(new Uint8Array(Uint16Array.of(4 + value.length, type).buffer))
  bytes.set(value, 4)
  return bytes
}

function message(type: number, flags: number, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(NLMSG_HDRLEN + align4(payload.length))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, NLMSG_HDRLEN + payload.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  bytes.set(payload, NLMSG_HDRLEN)
  return bytes
}
