// What the one who opened an iterator may see, judged as the kernel judges it by the credentials of the process.
import type { Platform } from '../platform/platform.ts'
import { Lines, latin1 } from './text.ts'

const CAP_SYSLOG = 34n
/** PROC_USER_INIT_INO: the number of the initial user namespace. */
const INIT_USER_NS = 'user:[4026531837]'

/**
 * kallsyms_show_value(): whether a process may see addresses of the kernel. False for one that is not known (0), or not there any more.
 * @param tid in the daemon's pid namespace
 */
export function seesAddresses(platform: Platform, tid: number): boolean {
  const restrict = setting(platform, 'kptr_restrict')
  const paranoid = setting(platform, 'perf_event_paranoid')
  if (restrict === 0 && paranoid !== null && paranoid <= 1) return true
  return restrict !== null && restrict <= 1 && tid !== 0 && hasCapability(platform, tid, CAP_SYSLOG)
}

/** cap_capable() in the initial user namespace. */
function hasCapability(platform: Platform, tid: number, capability: bigint): boolean {
  try {
    const dir = platform.openDir(`/proc/${tid}`)
    try {
      if (dir.readlink('ns/user') !== INIT_USER_NS) return false
      return ((new Lines(dir.read('status')).mask('CapEff') >> capability) & 1n) === 1n
    } finally {
      dir.close()
    }
  } catch {
    return false // gone, or not to be looked at: it is shown nothing that could be another's secret
  }
}

/** A number of /proc/sys/kernel; null where the kernel has none. */
function setting(platform: Platform, name: string): number | null {
  try {
    return Number.parseInt(latin1(platform.read(`/proc/sys/kernel/${name}`)), 10)
  } catch {
    return null
  }
}
