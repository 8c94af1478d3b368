// The text of `-o`: bpffs's own options and the generic ones (bpf_parse_param, kernel-semantics 5.1).
import { EINVAL, ErrnoError } from '../../src/util/errno.ts'
import { MS } from '../sys.ts'

/** What `-o` says, with defaults filled in. */
export interface MountOptions {
  /** Owner of the root folder. */
  readonly uid: number
  readonly gid: number
  /** Permission bits of the root folder, without the sticky bit, which is always there. */
  readonly mode: number
  /** MS_ flags of mount(2). */
  readonly flags: number
}

interface OptionRow {
  readonly want: string
  readonly parse: (text: string) => number | undefined
}

/** A u32 as kstrtouint() reads it: one `+` may lead; base 0 tells by C's prefixes. */
function parseU32(text: string, base: 0 | 8): number | undefined {
  const digits = text.replace(/^\+/, '')
  const octal = base === 8 ? /^[0-7]+$/ : /^0[0-7]*$/
  const number = octal.test(digits)
    ? parseInt(digits, 8)
    : base === 0 && /^(0[xX][\da-fA-F]+|[1-9]\d*)$/.test(digits)
      ? Number(digits)
      : Number.NaN
  return number <= 0xffff_ffff ? number : undefined
}

/** All ones is no id (make_kuid). */
function id(text: string): number | undefined {
  const number = parseU32(text, 0)
  return number === 0xffff_ffff ? undefined : number
}

function mode(text: string): number | undefined {
  const number = parseU32(text, 8)
  return number === undefined ? undefined : number & 0o7777
}

/** Options with a value. */
const VALUES: Record<'uid' | 'gid' | 'mode', OptionRow> = {
  uid: { want: 'a user id', parse: id },
  gid: { want: 'a group id', parse: id },
  mode: { want: 'an octal number', parse: mode },
}

/** The parsed text of `-o`. @throws ErrnoError EINVAL naming the option, what it wants and what it got; unknown options are ignored, as bpffs does */
export function parseMountOptions(text: string): MountOptions {
  const values = { mode: 0o777, ...callerIds() }
  let flags = MS.nosuid | MS.nodev
  for (const part of text.split(',')) {
    const [name, value] = splitOnce(part)
    if (Object.hasOwn(VALUES, name)) {
      const row = VALUES[name as keyof typeof VALUES]
      const number = row.parse(value ?? '')
      if (number === undefined) throw new ErrnoError(EINVAL, `-o ${name}: want ${row.want}, got "${value ?? ''}"`)
      values[name as keyof typeof VALUES] = number
    } else if (Object.hasOwn(MS, name)) {
      flags |= MS[name as keyof typeof MS]
    }
  }
  return { ...values, flags }
}

/** An ordinary user's mount belongs to them; root's to root. */
const callerIds = (): { uid: number; gid: number } => ({ uid: process.getuid!(), gid: process.getgid!() })

function splitOnce(part: string): [string, string | undefined] {
  const at = part.indexOf('=')
  return at < 0 ? [part, undefined] : [part.slice(0, at), part.slice(at + 1)]
}
