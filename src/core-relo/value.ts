// The number that a relocation asks for, in one BTF: bpf_core_calc_field_relo, bpf_core_calc_type_relo, bpf_core_calc_enumval_relo.
import type { CoreReloKind } from '../btf/ext.ts'
import { bareType, skipModifiers } from '../btf/query.ts'
import { BTF_INT_SIGNED } from '../btf/types.ts'
import { ABOUT } from './kind.ts'
import { type AccessSpec, type Refuse, sizeOfType } from './spec.ts'

/** Refusals with a text of their own. */
export interface ValueErrors {
  readonly size: Refuse
  readonly bitfield: () => never
  readonly array: () => never
}

export interface Value {
  /** As an unsigned 64-bit number. */
  readonly value: bigint
  /** The compiler must have put the same value of its own types into the instruction. */
  readonly checked: boolean
  /** Byte offsets of plain fields: bytes that a load or store of it takes, 0 for all others. */
  readonly bytes: number
  /** The field's type, where `bytes` is not 0. */
  readonly typeId: number
}

const plain = (value: number | bigint | boolean, checked = true): Value => ({
  value: BigInt.asUintN(64, BigInt(value)),
  checked,
  bytes: 0,
  typeId: 0,
})

/** The value of a relocation; `spec` is null when the target has no such thing. Null: there is no answer, the instruction is poisoned. */
export function coreValue(kind: CoreReloKind, spec: AccessSpec | null, errors: ValueErrors): Value | null {
  switch (ABOUT[kind]) {
    case 'field':
      if (kind === 'field_exists') return plain(spec !== null)
      return spec && fieldValue(kind, spec, errors)
    case 'type':
      if (!spec) return plain(0)
      if (kind === 'type_id_local' || kind === 'type_id_target') return plain(spec.rootId, false)
      return plain(kind === 'type_size' ? sizeOfType(spec.btf, spec.rootId, errors.size) : 1)
    case 'enumval': {
      if (kind === 'enumval_exists') return plain(spec !== null)
      if (!spec) return null
      const { typeId, index } = spec.steps[0]!
      const type = spec.btf.types[typeId]!
      const value = type.kind === 'enum' || type.kind === 'enum64' ? type.values[index]!.value : 0n
      // libbpf reads values of 32 bits as signed ones, whatever the enum says.
      return plain(type.kind === 'enum' ? BigInt.asIntN(32, value) : value)
    }
  }
}

function fieldValue(kind: CoreReloKind, spec: AccessSpec, errors: ValueErrors): Value {
  const { btf, offBits } = spec
  const step = spec.steps.at(-1)!
  if (step.name === null) {
    if (kind === 'field_byte_offset') return offset(Math.floor(offBits / 8), spec, step.typeId, errors)
    return kind === 'field_byte_size' ? plain(sizeOfType(btf, step.typeId, errors.size)) : errors.array()
  }
  const owner = btf.types[step.typeId]!
  const member = owner.kind === 'struct' || owner.kind === 'union' ? owner.members[step.index]! : errors.size('want a struct')
  const typeId = skipModifiers(btf, member.type)
  const type = btf.types[typeId]!
  const bitfield = member.bits > 0

  // A bitfield is read with the smallest aligned load that holds all of it.
  let bytes = sizeOfType(btf, typeId, errors.size)
  let byteOff = Math.floor(offBits / 8)
  let bits = bytes * 8
  if (bitfield) {
    bits = member.bits
    if (bytes < 1 || bytes > 16) errors.bitfield()
    for (byteOff = alignDown(offBits, bytes); offBits + bits - byteOff * 8 > bytes * 8; byteOff = alignDown(offBits, bytes)) {
      if (bytes >= 8) errors.bitfield()
      bytes *= 2
    }
  }
  switch (kind) {
    case 'field_byte_offset':
      return bitfield ? plain(byteOff, false) : offset(byteOff, spec, typeId, errors)
    case 'field_byte_size':
      return plain(bytes, !bitfield)
    case 'field_signed':
      return plain(
        type.kind === 'enum' || type.kind === 'enum64'
          ? type.signed
          : type.kind === 'int' && (type.encoding & BTF_INT_SIGNED) !== 0,
      )
    case 'field_lshift_u64':
      return plain(64 - (offBits + bits - byteOff * 8), !bitfield)
    default:
      return plain(64 - bits)
  }
}

const alignDown = (bits: number, bytes: number): number => Math.floor(bits / 8 / bytes) * bytes

/** Of arrays, the size of one element counts. */
function offset(byteOff: number, { btf }: AccessSpec, typeId: number, errors: ValueErrors): Value {
  let id = skipModifiers(btf, typeId)
  for (let type = bareType(btf, id); type.kind === 'array'; type = bareType(btf, id)) id = skipModifiers(btf, type.type)
  return { value: BigInt(byteOff), checked: true, bytes: sizeOfType(btf, id, errors.size), typeId }
}
