// Comparing what moves by itself: sockets acknowledge, send again and count references while they are looked at.
import type { Both } from './compare.ts'

/** Times that a comparison is made before a difference counts: timers and acknowledgements go on by themselves. */
const TRIES = 8

/** Both sides, read when they are called. */
export interface Sides<T = string | Promise<string>> {
  readonly kernel: () => T
  readonly iterfs: () => T
}

/** Without pointers and what is left of timers: of lines in the format of /proc/net/tcp and its kin. */
export const still = (text: string): string =>
  text.replace(/^( *(?:\S+ +){11})[0-9a-f]{16}/gm, '$1POINTER').replace(/^( *(?:\S+ +){5}0[1-4]:)[0-9A-F]{8}/gm, '$1WHEN')

/**
 * Both sides as text in which each line that was the same at one of several tries is as iterfs prints it: a line of the kernel just before
 * or after.
 */
export async function settle(read: Sides, of: (text: string) => string): Promise<Both> {
  const same = new Set<number>()
  for (let tries = 1; ; tries++) {
    const before = of(await read.kernel()).split('\n')
    const ours = of(await read.iterfs()).split('\n')
    const after = of(await read.kernel()).split('\n')
    for (const [i, line] of ours.entries()) if (line === before[i] || line === after[i]) same.add(i)
    const theirs = before.map((line, i) => (same.has(i) ? (ours[i] ?? line) : line))
    const both = { kernel: theirs.join('\n'), iterfs: ours.join('\n') }
    if (both.kernel === both.iterfs || tries === TRIES) return both
    await new Promise(done => setTimeout(done, 100))
  }
}
