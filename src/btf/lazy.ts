// Types that read their name and their items from the bytes of `.BTF` when somebody looks at them.
import { BTF_TYPE_SIZE, KINDS } from './kinds.ts'
import type { BtfStrings } from './strings.ts'
import type { BtfEnumerator, BtfKind, BtfMember, BtfParam, BtfSecinfo, BtfType } from './types.ts'

/** Where types are read from. Their shape has been checked. */
export interface BtfFile {
  readonly view: DataView
  readonly strings: BtfStrings
}

/** The type that begins at `at`. */
export function lazyType(file: BtfFile, at: number): BtfType {
  const { view } = file
  const { kind } = KINDS[view.getUint8(at + 7) & 0x1f]!
  const flag = flagAt(file, at)
  const word = view.getUint32(at + 8, true)
  switch (kind) {
    case 'ptr':
    case 'const':
    case 'volatile':
    case 'restrict':
      return { kind, type: word }
    case 'array':
      return {
        kind,
        type: view.getUint32(at + 12, true),
        indexType: view.getUint32(at + 16, true),
        count: view.getUint32(at + 20, true),
      }
    case 'struct':
    case 'union':
      return new Composite(kind, file, at) as BtfType
    case 'enum':
    case 'enum64':
      return new Enumeration(kind, file, at) as BtfType
    case 'func_proto':
      return new FuncProto(kind, file, at) as BtfType
    case 'datasec':
      return new Datasec(kind, file, at) as BtfType
    case 'typedef':
      return new Ref(kind, file, at) as BtfType
    case 'func':
      return new Func(kind, file, at) as BtfType
    case 'int': {
      const bits = view.getUint32(at + 12, true)
      const fields = { size: word, encoding: bits >>> 24, offBits: (bits >>> 16) & 0xff, bits: bits & 0xff }
      return Object.assign(new Named(kind, file, at), fields) as BtfType
    }
    case 'float':
      return Object.assign(new Named(kind, file, at), { size: word }) as BtfType
    case 'fwd':
      return Object.assign(new Named(kind, file, at), { union: flag }) as BtfType
    case 'var':
      return Object.assign(new Ref(kind, file, at), { linkage: view.getUint32(at + 12, true) }) as BtfType
    case 'decl_tag':
      return Object.assign(new Ref(kind, file, at), { component: view.getInt32(at + 12, true), attr: flag }) as BtfType
    case 'type_tag':
      return Object.assign(new Ref(kind, file, at), { attr: flag }) as BtfType
    default:
      return { kind: 'void' }
  }
}

const flagAt = ({ view }: BtfFile, at: number): boolean => view.getUint8(at + 7) >= 0x80
const nameAt = ({ view, strings }: BtfFile, at: number): string => strings.at(view.getUint32(at, true))

/** Keys of what types do not show. */
const FILE = Symbol('file')
const AT = Symbol('at')
const LIST = Symbol('list')

// Fields are declared and set in the constructor: definitions of fields and private names cost as much as all the rest.
class Lazy<T> {
  declare readonly kind: BtfKind
  declare private readonly [FILE]: BtfFile
  declare private readonly [AT]: number
  declare private [LIST]: readonly T[] | null
  constructor(kind: BtfKind, file: BtfFile, at: number) {
    this.kind = kind
    this[FILE] = file
    this[AT] = at
    this[LIST] = null
  }
  protected nameText(): string {
    return nameAt(this[FILE], this[AT])
  }
  protected items(each: number, read: (file: BtfFile, at: number) => T): readonly T[] {
    if (this[LIST] !== null) return this[LIST]
    const vlen = this[FILE].view.getUint16(this[AT] + 4, true)
    const start = this[AT] + BTF_TYPE_SIZE
    this[LIST] = Array.from({ length: vlen }, (_, i) => read(this[FILE], start + i * each))
    return this[LIST]
  }
}

class Named<T = never> extends Lazy<T> {
  get name(): string {
    return this.nameText()
  }
}

class Ref extends Named {
  declare readonly type: number
  constructor(kind: BtfKind, file: BtfFile, at: number) {
    super(kind, file, at)
    this.type = file.view.getUint32(at + 8, true)
  }
}

class Func extends Ref {
  declare readonly linkage: number
  constructor(kind: BtfKind, file: BtfFile, at: number) {
    super(kind, file, at)
    this.linkage = file.view.getUint16(at + 4, true)
  }
}

const plainMember = (file: BtfFile, at: number): BtfMember => ({
  name: nameAt(file, at),
  type: file.view.getUint32(at + 4, true),
  offBits: file.view.getUint32(at + 8, true),
  bits: 0,
})
const bitfieldMember = (file: BtfFile, at: number): BtfMember => ({
  name: nameAt(file, at),
  type: file.view.getUint32(at + 4, true),
  offBits: file.view.getUint32(at + 8, true) & 0xff_ffff,
  bits: file.view.getUint8(at + 11),
})

class Composite extends Named<BtfMember> {
  declare readonly size: number
  declare readonly bitfields: boolean
  constructor(kind: BtfKind, file: BtfFile, at: number) {
    super(kind, file, at)
    this.size = file.view.getUint32(at + 8, true)
    this.bitfields = flagAt(file, at)
  }
  get members(): readonly BtfMember[] {
    return this.items(12, this.bitfields ? bitfieldMember : plainMember)
  }
}

class Enumeration extends Named<BtfEnumerator> {
  declare readonly size: number
  declare readonly signed: boolean
  constructor(kind: BtfKind, file: BtfFile, at: number) {
    super(kind, file, at)
    this.size = file.view.getUint32(at + 8, true)
    this.signed = flagAt(file, at)
  }
  get values(): readonly BtfEnumerator[] {
    const { signed } = this
    return this.kind === 'enum'
      ? this.items(8, (file, at) => ({
          name: nameAt(file, at),
          value: BigInt(signed ? file.view.getInt32(at + 4, true) : file.view.getUint32(at + 4, true)),
        }))
      : this.items(12, (file, at) => {
          const value = (BigInt(file.view.getUint32(at + 8, true)) << 32n) | BigInt(file.view.getUint32(at + 4, true))
          return { name: nameAt(file, at), value: signed ? BigInt.asIntN(64, value) : value }
        })
  }
}

class FuncProto extends Lazy<BtfParam> {
  declare readonly type: number
  constructor(kind: BtfKind, file: BtfFile, at: number) {
    super(kind, file, at)
    this.type = file.view.getUint32(at + 8, true)
  }
  get params(): readonly BtfParam[] {
    return this.items(8, (file, at) => ({ name: nameAt(file, at), type: file.view.getUint32(at + 4, true) }))
  }
}

class Datasec extends Named<BtfSecinfo> {
  declare readonly size: number
  constructor(kind: BtfKind, file: BtfFile, at: number) {
    super(kind, file, at)
    this.size = file.view.getUint32(at + 8, true)
  }
  get vars(): readonly BtfSecinfo[] {
    return this.items(12, ({ view }, at) => ({
      type: view.getUint32(at, true),
      off: view.getUint32(at + 4, true),
      size: view.getUint32(at + 8, true),
    }))
  }
}
