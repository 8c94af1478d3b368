// The kernel's own BTF as a lookup, through bpftool: what the struct rows are checked against.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const VMLINUX = '/sys/kernel/btf/vmlinux'

interface BtfType {
  readonly id: number
  readonly kind: string
  readonly name: string
  readonly type_id?: number
  readonly nr_elems?: number
  readonly members?: readonly { readonly name: string; readonly type_id: number }[]
}

/** Why there is no BTF to compare with, or false. */
export function noVmlinuxBtf(): string | false {
  if (!existsSync(VMLINUX)) return `no ${VMLINUX}`
  try {
    execFileSync('bpftool', ['version'], { stdio: 'ignore' })
    return false
  } catch {
    return 'no bpftool'
  }
}

export class KernelBtf {
  readonly #types = new Map<number, BtfType>()
  readonly #structs = new Map<string, BtfType>()
  readonly #typedefs = new Map<string, BtfType>()

  constructor() {
    const text = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', VMLINUX], { encoding: 'utf8', maxBuffer: 1 << 30 })
    for (const type of (JSON.parse(text) as { types: BtfType[] }).types) {
      this.#types.set(type.id, type)
      if (type.kind === 'STRUCT' && !this.#structs.has(type.name)) this.#structs.set(type.name, type)
      if (type.kind === 'TYPEDEF') this.#typedefs.set(type.name, type)
    }
  }

  /**
   * C type of each field of `struct NAME` or of the struct that the typedef NAME stands for; null when there is none. A struct without
   * a name goes by `OUTER__FIELD`, the field that has it.
   */
  fieldsOf(name: string): Map<string, string> | null {
    const struct = this.#structs.get(name) ?? this.#bare(this.#typedefs.get(name)?.type_id) ?? this.#unnamed(name)
    if (!struct?.members) return null
    const fields = new Map<string, string>()
    this.#collect(name, struct, fields)
    return fields
  }

  #unnamed(name: string): BtfType | undefined {
    const [outer = '', field] = name.split('__')
    return this.#bare(this.#structs.get(outer)?.members?.find(member => member.name === field)?.type_id)
  }

  /** Members, with those of anonymous structs and unions, as C looks them up. */
  #collect(outer: string, struct: BtfType, fields: Map<string, string>): void {
    for (const { name, type_id } of struct.members ?? []) {
      const type = this.#bare(type_id)
      if (name !== '(anon)' && name !== '') fields.set(name, this.#text(type_id).replace('(anon)', `${outer}__${name}`))
      else if (type) this.#collect(outer, type, fields)
    }
  }

  #bare(id: number | undefined): BtfType | undefined {
    let type = id === undefined ? undefined : this.#types.get(id)
    while (type && ['CONST', 'VOLATILE', 'RESTRICT', 'TYPE_TAG', 'TYPEDEF'].includes(type.kind))
      type = this.#types.get(type.type_id!)
    return type
  }

  #text(id: number): string {
    const type = this.#types.get(id)
    if (!type) return 'void'
    switch (type.kind) {
      case 'STRUCT':
        return `struct ${type.name}`
      case 'UNION':
        return `union ${type.name}`
      case 'ENUM':
        return `enum ${type.name}`
      case 'CONST':
        return `const ${this.#text(type.type_id!)}`
      case 'VOLATILE':
      case 'RESTRICT':
      case 'TYPE_TAG':
        return this.#text(type.type_id!)
      case 'PTR':
        return `${this.#text(type.type_id!)} *`
      case 'ARRAY':
        return `${this.#text(type.type_id!)}[${type.nr_elems}]`
      default:
        return type.name
    }
  }
}
