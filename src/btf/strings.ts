// The string section of a BTF. Strings are made when they are asked for: vmlinux has 130,000 of them.
import { decodeText } from '../util/bytes.ts'
import { fail } from './error.ts'

const latin1 = new TextDecoder('latin1')

/** Strings by their offset; every one ends in a NUL, as the section does. */
export class BtfStrings {
  readonly bytes: Uint8Array
  /** The whole section, when it is ASCII: offsets in it are those of the bytes. */
  readonly #ascii: string | null
  /** @param bytes a section that begins and ends with NUL */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.#ascii = isAscii(bytes) ? latin1.decode(bytes) : null
  }

  /** The string at `off`. @throws BpfError outside the section */
  at(off: number): string {
    if (off === 0) return ''
    if (off >= this.bytes.length) return fail('string', { got: off, size: this.bytes.length })
    if (this.#ascii !== null) return this.#ascii.slice(off, this.#ascii.indexOf('\0', off))
    return decodeText(this.bytes, off, this.bytes.indexOf(0, off))
  }
}

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! >= 0x80) return false
  return true
}
