// The BTF of iterfs itself, made from the struct rows: against it CO-RE relocations are resolved, its layout is what BPF programs read,
// and as vmlinux.h programs are compiled against it. Structs without rows are only declared, so that a field that cannot be served is
// missing and never a silent zero.

import { BtfBuilder, type FieldSpec } from '../btf/build.ts'
import { indexBtf, sizeOf, skipModifiers, typeAs } from '../btf/query.ts'
import type { Btf } from '../btf/types.ts'
import { BPF_STRUCTS, ENUMS, KERNEL_STRUCTS, TYPEDEFS } from './ctypes.ts'
import { STRUCTS } from './structs.ts'
import type { Row } from './types.ts'

/** What is listed elsewhere and belongs into the BTF. */
export interface KernelBtfParts {
  /** The iterator targets, as they are registered. */
  readonly targets: readonly {
    readonly target: string
    readonly ctx_arg_info: readonly { readonly name: string; readonly type: string }[]
  }[]
  /** Kernel functions that programs may call, each by its C prototype: `struct task_struct *bpf_task_from_pid(s32 pid)`. */
  readonly kfuncs?: readonly { readonly name: string; readonly proto: string }[]
  /** Helpers that there are, for `enum bpf_func_id`, by which programs ask whether they may call one: `map_lookup_elem`. */
  readonly helpers?: readonly { readonly id: number; readonly name: string }[]
}

/** One field of a kernel struct in its own layout. */
export interface KernelField {
  readonly name: string
  /** Bytes from the start of the struct; of a bitfield the one that it lies in. */
  readonly off: number
  readonly size: number
  /** As the row says it. */
  readonly cType: string
  readonly row: Row<never>
}

export interface KernelLayout {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Of the struct; behind the typedef where C knows it by one. */
  readonly btfId: number
  readonly fields: readonly KernelField[]
}

export interface KernelBtf {
  readonly btf: Btf
  /** The layout of a struct that has rows, by its name there; null for others. */
  layoutOf(struct: string): KernelLayout | null
  /** The id of a struct with or without rows, 0 when there is none. */
  structId(name: string): number
}

/** Structs that C knows by a typedef: `kuid_t`. */
const isTypedef = (name: string): boolean => name.endsWith('_t')

/** Makes our BTF; it takes some milliseconds, so the caller keeps it. */
export function kernelBtf({ targets, kfuncs = [], helpers = [] }: KernelBtfParts): KernelBtf {
  const builder = new BtfBuilder().declare(TYPEDEFS).declare(ENUMS)
  if (helpers.length > 0) builder.declare(funcIds(helpers))
  builder.declare(BPF_STRUCTS).declare(KERNEL_STRUCTS)
  declareRows(builder)
  for (const target of targets) declareTarget(builder, target)
  for (const { proto } of kfuncs) builder.func(proto, 'bpf_kfunc')
  const btf = builder.build()
  const index = indexBtf(btf)
  const structId = (name: string): number => index.find('struct', name) || skipModifiers(btf, index.find('typedef', name))
  const layouts = new Map(Object.keys(STRUCTS).map(name => [name, layout(btf, name, structId(name))]))
  return { btf, structId, layoutOf: struct => layouts.get(struct) ?? null }
}

/** A struct for each entry of STRUCTS; entries that share their rows are one type with two names. */
function declareRows(builder: BtfBuilder): void {
  const first = new Map<unknown, string>()
  for (const [name, rows] of Object.entries(STRUCTS) as [string, Record<string, Row<never>>][]) {
    const same = first.get(rows)
    if (same !== undefined && isTypedef(name)) builder.declare(`typedef ${same} ${name};`)
    else {
      const fields = Object.entries(rows).flatMap(([name, row]) => fieldsOf(name, row))
      builder.struct(name, fields, isTypedef(name) ? 'typedef' : 'struct')
    }
    first.set(rows, name)
  }
}

/** A field; a bitfield begins a unit of its type, with what lies before it there as padding. */
const fieldsOf = (name: string, { type, bits }: Row<never>): FieldSpec[] =>
  bits === undefined
    ? [{ name, type }]
    : [
        ...(bits.at > 0
          ? [
              { name: '', type, bits: 0 },
              { name: '', type, bits: bits.at },
            ]
          : [{ name: '', type, bits: 0 }]),
        { name, type, bits: bits.width },
      ]

/** The context of a target's programs, and the function by which libbpf finds the target: DEFINE_BPF_ITER_FUNC. Each field takes 8 bytes. */
function declareTarget(builder: BtfBuilder, { target, ctx_arg_info }: KernelBtfParts['targets'][number]): void {
  const args = [{ name: 'meta', type: 'struct bpf_iter_meta *' }, ...ctx_arg_info]
  const field = ({ name, type }: { name: string; type: string }): string =>
    type.endsWith('*') ? `union { ${type}${name}; };` : `${type} ${name} __aligned(8);`
  builder.declare(`struct bpf_iter__${target} { ${args.map(field).join(' ')} };`)
  builder.func(`int bpf_iter_${target}(${args.map(({ name, type }) => `${type} ${name}`).join(', ')})`)
}

const funcIds = (helpers: readonly { readonly id: number; readonly name: string }[]): string =>
  `enum bpf_func_id { BPF_FUNC_unspec, ${helpers.map(({ id, name }) => `BPF_FUNC_${name} = ${id}`).join(', ')} };`

function layout(btf: Btf, name: string, btfId: number): KernelLayout {
  const rows: Record<string, Row<never>> = STRUCTS[name as keyof typeof STRUCTS]
  const fields = (typeAs(btf, btfId, 'struct')?.members ?? []).map(member => {
    const row = rows[member.name]!
    return {
      name: member.name,
      off: Math.floor(member.offBits / 8),
      size: member.bits > 0 ? 1 : sizeOf(btf, member.type),
      cType: row.type,
      row,
    }
  })
  return { name, size: sizeOf(btf, btfId), btfId, fields }
}
