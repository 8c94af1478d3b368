// Values of `.kconfig` variables: from the text of the kernel's configuration, and the few that libbpf makes up
// (bpf_object__resolve_externs, set_kcfg_value_tri, set_kcfg_value_str, set_kcfg_value_num).
import { encodeText } from '../util/bytes.ts'
import { ESRCH } from '../util/errno.ts'
import { fail } from './error.ts'
import type { ExternSpec } from './spec.ts'

type Kconfig = Extract<ExternSpec, { kind: 'kconfig' }>

/** Where values come from. */
export interface KconfigSource {
  /** Text of the configuration (`CONFIG_HZ=250` lines), null when there is none. Asked for when a CONFIG_ variable is. */
  readonly kconfig: () => string | null
  /** LINUX_VERSION_CODE: major << 16 | minor << 8 | patch, patch 255 at most. */
  readonly kernelVersion: number
}

/** Values of those that do not come from the configuration, by name. */
const VIRTUAL: Readonly<Record<string, (source: KconfigSource) => number>> = {
  LINUX_KERNEL_VERSION: ({ kernelVersion }) => kernelVersion,
  LINUX_HAS_BPF_COOKIE: () => 1,
  LINUX_HAS_SYSCALL_WRAPPER: () => 1,
}

/** The bytes of the map `.kconfig`. @throws BpfError for values that do not fit, and for strong variables without one */
export function kconfigBytes(externs: readonly ExternSpec[], size: number, source: KconfigSource): Uint8Array {
  const bytes = new Uint8Array(size)
  const wanted = externs.filter(extern => extern.kind === 'kconfig')
  const configured = wanted.filter(({ name }) => name.startsWith('CONFIG_'))
  const text = configured.length > 0 ? source.kconfig() : null
  const values = text === null ? new Map<string, string>() : valuesOf(text, new Set(configured.map(({ name }) => name)))
  for (const extern of wanted) {
    const { name, weak } = extern
    const virtual = Object.hasOwn(VIRTUAL, name) ? VIRTUAL[name]!(source) : undefined
    if (virtual !== undefined) putNumber(bytes, extern, BigInt(virtual), `${virtual}`)
    else if (name.startsWith('CONFIG_')) {
      const value = values.get(name)
      if (value !== undefined) put(bytes, extern, value)
      else if (!weak)
        fail(
          'EXTERN_STRONG',
          { name, what: text === null ? 'no kernel configuration can be read' : 'not set in the kernel configuration' },
          ESRCH,
        )
    } else if (!name.startsWith('LINUX_') || !weak) fail('KCONFIG_VIRTUAL', { name })
  }
  return bytes
}

/** The first value of each of `names`. */
function valuesOf(text: string, names: ReadonlySet<string>): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (!line.startsWith('CONFIG_')) continue
    const end = line.indexOf('=')
    const name = line.slice(0, end < 0 ? undefined : end)
    if (names.has(name) && !values.has(name)) values.set(name, end < 0 ? '' : line.slice(end + 1).replace(/\r$/, ''))
  }
  return values
}

function put(bytes: Uint8Array, extern: Kconfig, value: string): void {
  if (value === 'y' || value === 'n' || value === 'm') return putTristate(bytes, extern, value)
  if (value.startsWith('"')) return putString(bytes, extern, value)
  if (!/^[+-]?(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(value)) wrong(extern, value, 'is not one of configurations')
  if (extern.type !== 'int' && extern.type !== 'char') wrong(extern, value, 'is a number')
  putNumber(bytes, extern, parseNumber(value), value)
}

/** As strtoull() with base 0 reads it. */
function parseNumber(value: string): bigint {
  const digits = value.replace(/^[+-]/, '')
  const number = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : /^0[0-9]+$/.test(digits) ? '0' : digits)
  return BigInt.asUintN(64, value.startsWith('-') ? -number : number)
}

const wrong = ({ name, type }: Kconfig, got: string, why: string): never =>
  fail('KCONFIG_VALUE', {
    name,
    got,
    why: `${why}, the variable is ${type === 'string' ? 'an array of char' : `of type ${type}`}`,
  })

/** Numbers of enum libbpf_tristate. */
function putTristate(bytes: Uint8Array, extern: Kconfig, value: 'y' | 'n' | 'm'): void {
  const { type, off } = extern
  if (type === 'tristate') bytes[off] = { y: 1, m: 2, n: 0 }[value]
  else if (type === 'char') bytes[off] = value.charCodeAt(0)
  else if (type === 'bool' && value !== 'm') bytes[off] = value === 'y' ? 1 : 0
  else wrong(extern, value, value === 'm' ? 'is a tristate' : 'is a bool')
}

/** A string that is too long is cut. */
function putString(bytes: Uint8Array, extern: Kconfig, value: string): void {
  if (extern.type !== 'string') wrong(extern, value, 'is a string')
  if (value.length < 2 || !value.endsWith('"')) wrong(extern, value, 'does not end in a quotation mark')
  bytes.set(encodeText(value.slice(1, -1)).subarray(0, extern.size - 1), extern.off)
}

function putNumber(bytes: Uint8Array, extern: Kconfig, value: bigint, text: string): void {
  const { type, size, off, signed } = extern
  if (type !== 'int' && type !== 'char' && type !== 'bool') wrong(extern, text, 'is a number')
  const bits = size * 8
  const fits =
    type === 'bool'
      ? value <= 1n
      : size === 8 || (signed ? BigInt.asUintN(64, BigInt.asIntN(bits, value)) : BigInt.asUintN(bits, value)) === value
  if (!fits) wrong(extern, text, `does not fit into ${size} bytes`)
  for (let i = 0; i < size; i++) bytes[off + i] = Number((value >> BigInt(8 * i)) & 0xffn)
}
