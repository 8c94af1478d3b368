// Which tasks a pid namespace shows, and under which numbers.
import type { Platform } from '../platform/platform.ts'
import { Lines } from './text.ts'

/** A pid namespace other than the one that /proc is mounted for. */
export interface PidNamespace {
  /** The number of a task in this namespace, 0 when it is not visible there. */
  numberOf(tgid: number, tid: number): number
}

/**
 * The active pid namespace of the task `pid`; null when it is /proc's own, or when the task is gone or unknown (0), so that
 * /proc's own has to do.
 */
export function pidNamespaceOf(platform: Platform, pid: number): PidNamespace | null {
  if (pid === 0) return null
  try {
    const inum = inumOf(platform, `/proc/${pid}`)
    if (inum === inumOf(platform, '/proc/self')) return null
    const depth = numbersOf(platform, `/proc/${pid}`).length - 1
    return { numberOf: (tgid, tid) => numberIn(platform, { inum, depth }, `/proc/${tgid}/task/${tid}`) }
  } catch {
    return null
  }
}

const inumOf = (platform: Platform, task: string): number => Number(platform.stat(`${task}/ns/pid`).ino)

/** NSpid: the task's number in /proc's namespace and in each one below, down to its own. */
const numbersOf = (platform: Platform, task: string): number[] => new Lines(platform.read(`${task}/status`)).numbers('NSpid')

function numberIn(platform: Platform, namespace: { inum: number; depth: number }, task: string): number {
  try {
    const numbers = numbersOf(platform, task)
    const above = numbers.length - 1 - namespace.depth
    if (above < 0) return 0
    const inum = above === 0 ? inumOf(platform, task) : platform.parentNs(`${task}/ns/pid`, above)
    return inum === namespace.inum ? numbers[namespace.depth]! : 0
  } catch {
    return 0 // it is gone
  }
}
