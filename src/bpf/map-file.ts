// Pinned maps as files: what reading one gives (bpffs_map_fops).
import { BTF_F_MAP_FILE, formatTyped } from '../btf/show.ts'
import type { Btf } from '../btf/types.ts'
import { hashAddress } from '../helpers/bprintf-args.ts'
import { BaseMap } from '../maps/base.ts'
import type { BpfMap } from '../maps/map.ts'
import { canShow, showMap } from '../maps/show.ts'
import { concatBytes, encodeText } from '../util/bytes.ts'
import { EFAULT, EIO, ErrnoError } from '../util/errno.ts'

/** An open file of text that is made while it is read. */
export class TextFile {
  readonly #pieces: Iterator<string, void>
  /** Bytes that are there; those before `#from` were read. */
  #bytes: Uint8Array = new Uint8Array()
  #from = 0
  #failed: unknown

  constructor(pieces: Iterator<string, void>) {
    this.#pieces = pieces
  }

  /** One read(2) of at most `size` bytes; empty at the end. @throws what making the text threw, after what came before it */
  read(size: number): Uint8Array {
    const parts = [this.#bytes.subarray(this.#from)]
    let length = parts[0]!.length
    while (length < size && this.#failed === undefined) {
      const piece = this.#next()
      if (piece === null) break
      parts.push(piece)
      length += piece.length
    }
    if (length === 0 && this.#failed !== undefined) throw this.#failed
    this.#bytes = concatBytes(parts)
    this.#from = Math.min(size, length)
    return this.#bytes.subarray(0, this.#from)
  }

  /** Takes back the last `n` bytes that read() gave. */
  unread(n: number): void {
    this.#from -= n
  }

  /** Safe to call twice. */
  close(): void {
    this.#pieces.return?.()
  }

  #next(): Uint8Array | null {
    try {
      const { value } = this.#pieces.next()
      return value === undefined ? null : encodeText(value)
    } catch (err) {
      this.#failed = err
      return null
    }
  }
}

/** open(2) of a pinned map. @throws ErrnoError EIO for one whose type, or lack of BTF, leaves nothing to print */
export function openMapFile(map: BpfMap): TextFile {
  const btf = map.attr.btf?.btf
  if (!(map instanceof BaseMap) || !btf || !canShow(map)) throw new ErrnoError(EIO, `map ${map.attr.name} cannot be shown`)
  const show = (typeId: number, at: number, size: number): string => {
    const { u8 } = map.space
    const read = (off: number, count: number): Uint8Array | null =>
      off + count <= size ? u8.subarray(at + off, at + off + count) : null
    const text = formatTyped(btf, typeId, { flags: BTF_F_MAP_FILE, read, hashPointer: hashAddress })
    return text ?? missing(map, btf, typeId)
  }
  return new TextFile(showMap(map, show))
}

function missing({ attr }: BpfMap, btf: Btf, typeId: number): never {
  throw new ErrnoError(
    EFAULT,
    `map ${attr.name}: a ${btf.types[typeId]?.kind} does not fit into keys of ${attr.keySize} or values of ${attr.valueSize} bytes`,
  )
}
