// Messages of rtnetlink (linux/rtnetlink.h): a struct of fixed size, and attributes behind it.
import { EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import { attributesOf, type NlMessage } from '../util/netlink.ts'
import { latin1 } from './text.ts'

/** What is asked for: the type of the request, and the bytes of the struct that requests and answers begin with. */
export const DUMPS = {
  RTM_GETLINK: { type: 18, header: 16 }, // struct ifinfomsg
  RTM_GETROUTE: { type: 26, header: 12 }, // struct rtmsg
  RTM_GETNEIGH: { type: 30, header: 12 }, // struct ndmsg
  RTM_GETNEXTHOP: { type: 106, header: 8 }, // struct nhmsg
} as const
export type DumpName = keyof typeof DUMPS

/** One message, or an attribute that has attributes of its own. */
export class RtMessage {
  /** Names it in errors. */
  readonly what: string
  /** Of the struct. */
  readonly header: DataView
  readonly #bytes: Uint8Array
  readonly #attributes: ReturnType<typeof attributesOf>

  constructor(what: string, bytes: Uint8Array, from: number, to: number, headerSize: number) {
    this.what = what
    this.header = new DataView(bytes.buffer, bytes.byteOffset + from, headerSize)
    this.#bytes = bytes
    this.#attributes = attributesOf(bytes, from + headerSize, to)
  }

  static of(name: DumpName, { bytes, from, to }: NlMessage): RtMessage {
    return new RtMessage(name, bytes, from, to, DUMPS[name].header)
  }

  has(attribute: number): boolean {
    return this.#attributes.has(attribute)
  }

  /** @throws ErrnoError EOPNOTSUPP when the kernel gives no such attribute, here or at all */
  bytes(attribute: number): Uint8Array {
    const found = this.#attributes.get(attribute)
    if (!found) throw new ErrnoError(EOPNOTSUPP, `netlink ${this.what}: the answer has no attribute ${attribute}`)
    return this.#bytes.subarray(found.at, found.at + found.size)
  }

  /** The number in an attribute of 1, 2 or 4 bytes. @throws ErrnoError as bytes() */
  number(attribute: number): number {
    const bytes = this.bytes(attribute)
    let value = 0
    for (let i = Math.min(bytes.length, 4) - 1; i >= 0; i--) value = value * 256 + bytes[i]!
    return value
  }

  /** As number(), or `absent` when there is no such attribute. */
  numberOr(attribute: number, absent: number): number {
    return this.has(attribute) ? this.number(attribute) : absent
  }

  /** An attribute of text, without the NUL at its end. @throws ErrnoError as bytes() */
  text(attribute: number): string {
    return latin1(this.bytes(attribute)).replace(/\0.*$/s, '')
  }

  /** The attributes in an attribute, behind a struct of `headerSize` bytes. @throws ErrnoError as bytes() */
  nested(attribute: number, headerSize = 0): RtMessage {
    const bytes = this.bytes(attribute)
    return new RtMessage(`${this.what} ${attribute}`, bytes, 0, bytes.length, headerSize)
  }
}
