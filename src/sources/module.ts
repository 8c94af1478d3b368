// The kernel's modules, as /proc/modules lists them: newest first.
import type { Platform } from '../platform/platform.ts'
import { ENODATA, ENOENT, ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { seesAddresses } from './opener.ts'
import { latin1 } from './text.ts'

const MODULES = '/proc/modules'
/** enum module_state by the words of /proc/modules. */
const STATES: Readonly<Record<string, number>> = { Live: 0, Loading: 1, Unloading: 2 }
/** Letters of taints by their bit (Documentation/admin-guide/tainted-kernels.rst). */
const TAINTS = 'PFSRMBUDAWCIOELKXTNJ'
/** MODULE_REF_BASE: what a module's counter has beyond its users. */
const REF_BASE = 1

/** struct module: a line of /proc/modules. */
export interface ModuleSource {
  readonly id: string
  readonly name: string
  /** Bytes of all its sections. */
  readonly size: number
  /** The counter; 0 where the kernel cannot unload modules and does not count. */
  readonly refcnt: number
  /** Modules that use it, each with a comma behind it; `-` for none. */
  readonly users: string
  readonly state: number
  /** Of its code; 0 for an opener who may not see addresses. */
  readonly base: bigint
  /** Bits. */
  readonly taints: bigint
  /** A text of /sys/module/NAME; null when the module has none. @throws ObjectGone when the module is gone */
  text(file: string): string | null
}

const LINE = /^(\S+) (\d+) (-|-?\d+) (\S+) (Live|Loading|Unloading) 0x([\da-f]+)(?: \(([^)]*)\))?$/

/** @throws ErrnoError ENOENT when the kernel has no modules, ENODATA for a line of another form */
export function kernelModules(platform: Platform, opener: number): ModuleSource[] {
  const lines = latin1(platform.read(MODULES)).split('\n').filter(Boolean)
  const isShown = seesAddresses(platform, opener)
  return lines.map(line => {
    const [, name, size, refcnt, users, state, base, taints = ''] = LINE.exec(line) ?? []
    if (name === undefined) throw new ErrnoError(ENODATA, `${MODULES}: want NAME SIZE USES USERS STATE ADDRESS, got "${line}"`)
    return {
      ...{ id: name, name, size: Number(size), users: users!, state: STATES[state!]! },
      refcnt: refcnt === '-' ? 0 : Number(refcnt) + REF_BASE,
      base: isShown ? BigInt(`0x${base}`) : 0n,
      taints: [...taints].reduce((bits, letter) => bits | bitOf(letter), 0n),
      text: file => sysfsText(platform, name, file),
    }
  })
}

/** + and - among the letters are the state once more. */
const bitOf = (letter: string): bigint => (TAINTS.includes(letter) ? 1n << BigInt(TAINTS.indexOf(letter)) : 0n)

function sysfsText(platform: Platform, name: string, file: string): string | null {
  const dir = `/sys/module/${name}`
  try {
    return latin1(platform.read(`${dir}/${file}`)).replace(/\n$/, '')
  } catch (err) {
    if (!(err instanceof ErrnoError && err.errno === ENOENT)) throw err
    if (platform.exists(dir)) return null
    throw platform.exists('/sys/module') ? new ObjectGone(dir) : err
  }
}
