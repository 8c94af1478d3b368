// Runs an iterator to its end in this process, as `iterfs read` does, without FUSE.
import { Engine, type Iter, type IterLinkInfo, nodePlatform, type Opener, registerTargets } from '../../src/index.ts'

/** What the sources said may not be read, in this process. */
export const denied: { what: string; times: number }[] = []

registerTargets(nodePlatform(), {
  denied: (what, times) => denied.push({ what, times }),
  pidOfPidfd: fd => (fd === 1000 ? process.pid : null),
  attacher: () => 'self',
})

let handles = 0

export interface RunOptions {
  readonly info?: IterLinkInfo
  readonly opener?: Partial<Opener>
  /** Bytes of each read. */
  readonly size?: number
  /** Called between two reads. */
  readonly between?: (read: number) => void
}

/** The text of one open file, read to its end. */
export function runIter<T extends string>(iter: Iter<T>, { info, opener, size = 65536, between }: RunOptions = {}): string {
  const engine = new Engine()
  engine.add('test', iter as Iter)
  const { aux } = engine.attach('test', iter.target, info)
  const fh = ++handles
  engine.open(fh, 'test', iter.target, aux, { pid: process.pid, uid: 0, gid: 0, ...opener }, BigInt(fh))
  const parts: string[] = []
  try {
    for (let reads = 1; ; reads++) {
      const data = engine.read(fh, size)
      if (data.length === 0) return parts.join('')
      parts.push(Buffer.from(data).toString('latin1'))
      between?.(reads)
    }
  } finally {
    engine.close(fh)
  }
}
