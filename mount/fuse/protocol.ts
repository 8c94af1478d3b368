// The FUSE protocol, bytes in and bytes out: decode, dispatch, errno door, reply. Holds no descriptor.
import { EINVAL, EIO, ENOSYS, EPROTO, errnoOf } from '../../src/util/errno.ts'
import { fuse_in_header, fuse_out_header } from './abi.ts'
import { answerInit } from './init.ts'
import { FUSE_OPS, type FuseOp, type FuseRequest, type OpName } from './ops.ts'

export type { FuseRequest } from './ops.ts'

/** Somebody else writes the reply, later. */
export const DEFERRED: unique symbol = Symbol('DEFERRED')

/** What a handler answers: payload bytes, 0 for an empty success, a negative errno, or DEFERRED. */
export type Answer = Uint8Array | number | typeof DEFERRED

/** Handlers by operation; one that is missing is ENOSYS. INIT is answered by the protocol itself. */
export type FuseHandlers = { readonly [N in Exclude<OpName, 'INIT'>]?: (req: FuseRequest<N>) => Answer }

export interface ProtocolOptions {
  /** Hears of exceptions that no errno was meant by. */
  report(err: unknown): void
}

const OPS = new Map<number, [OpName, FuseOp]>(Object.entries(FUSE_OPS).map(([name, op]) => [op.code, [name as OpName, op]]))
/** Offset of `unique` in fuse_in_header and in fuse_out_header. */
const UNIQUE_AT = 8
const NONE = new Uint8Array(0)

/** Decodes requests, calls handlers and encodes what they answer. */
export class FuseProtocol {
  readonly #handlers: FuseHandlers
  readonly #options: ProtocolOptions

  constructor(handlers: FuseHandlers, options: ProtocolOptions) {
    this.#handlers = handlers
    this.#options = options
  }

  /** One request. The reply's bytes, or null when nothing is to be sent now. Never throws unless report() does. */
  handle(request: Uint8Array): Uint8Array | null {
    if (request.length < fuse_in_header.size) return null // there is no `unique` to answer to
    const header = fuse_in_header.decode(request)
    const known = OPS.get(header.opcode)
    const answer = known ? this.#answer(known[0], known[1], header, request) : -ENOSYS
    if (answer === DEFERRED || known?.[1].reply === false || header.unique === 0) return null // a reply to 0 is a notification
    const reply = typeof answer === 'number' ? encodeReply(header.unique, -answer) : encodeReply(header.unique, 0, answer)
    reply.set(request.subarray(UNIQUE_AT, UNIQUE_AT + 8), UNIQUE_AT) // all 64 bits
    return reply
  }

  #answer(name: OpName, op: FuseOp, header: ReturnType<typeof fuse_in_header.decode>, request: Uint8Array): Answer {
    try {
      const req = decodeRequest(name, op, header, request)
      if (!req) return -EINVAL
      if (name === 'INIT') return answerInit((req as FuseRequest<'INIT'>).in) ?? -EPROTO
      const handler = this.#handlers[name] as ((req: FuseRequest) => Answer) | undefined
      if (!handler) return -ENOSYS
      const answer = handler(req)
      checkSize(name, op, answer)
      return answer
    } catch (err) {
      const errno = errnoOf(err, this.#options.report)
      return errno > 0 ? -errno : -EIO
    }
  }
}

/** The kernel throws a reply of the wrong size away, and its caller waits for ever. @throws Error */
function checkSize(name: OpName, op: FuseOp, answer: Answer): void {
  if (op.out === 'bytes' || op.reply === false || answer === DEFERRED || (typeof answer === 'number' && answer < 0)) return
  const want = op.out?.reduce((sum, { size }) => sum + size, 0) ?? 0
  const got = typeof answer === 'number' ? 0 : answer.length
  if (got !== want) throw new Error(`${name}: want an answer of ${want} bytes, got ${got}`)
}

/** The request's parts, or null when its length and its names do not fit the operation. */
function decodeRequest(
  name: OpName,
  op: FuseOp,
  header: ReturnType<typeof fuse_in_header.decode>,
  request: Uint8Array,
): FuseRequest | null {
  if (header.len !== request.length) return null
  let at = fuse_in_header.size
  const end = request.length - header.total_extlen * 8
  const size = op.in?.size ?? 0
  if (at + size > end) return null
  const fixed = op.in ? op.in.decode(request, at) : null
  at += size
  const names: Uint8Array[] = []
  for (let i = 0; i < (op.names ?? 0); i++) {
    const nul = request.indexOf(0, at)
    if (nul < 0 || nul >= end) return null
    names.push(request.subarray(at, nul))
    at = nul + 1
  }
  const data = op.data ? request.subarray(at, end) : NONE
  const { unique, nodeid, uid, gid, pid } = header
  return { op: name, unique, nodeid, uid, gid, pid, in: fixed, names, data } as FuseRequest
}

/** A whole reply. `errno` is 0 or positive; a failure carries no payload. */
export function encodeReply(unique: number, errno: number, payload: Uint8Array = NONE): Uint8Array {
  const length = errno === 0 ? payload.length : 0
  const bytes = new Uint8Array(fuse_out_header.size + length)
  fuse_out_header.encodeInto(bytes, 0, { len: bytes.length, error: errno === 0 ? 0 : -errno, unique })
  if (length > 0) bytes.set(payload, fuse_out_header.size)
  return bytes
}

/** The 16 bytes before `payloadLength` bytes of payload, for threads that write both themselves. */
export function encodeReplyHeader(into: Uint8Array, unique: number, errno: number, payloadLength: number): void {
  fuse_out_header.encodeInto(into, 0, { len: fuse_out_header.size + payloadLength, error: errno === 0 ? 0 : -errno, unique })
}
