// fusermount3, which mounts and unmounts for ordinary users.
import { type SpawnSyncReturns, type StdioOptions, spawnSync } from 'node:child_process'
import { ENOENT, EPERM, ErrnoError } from '../../src/util/errno.ts'

/** What a run came to: null when it went well, else its text on one line. */
export type Said = string | null

/** @throws ErrnoError ENOENT when it is not installed, EPERM when it cannot be run */
export function fusermount(args: readonly string[], more: { stdio?: StdioOptions; env?: NodeJS.ProcessEnv } = {}): Said {
  const run: SpawnSyncReturns<Buffer> = spawnSync('fusermount3', args, { stdio: ['ignore', 'ignore', 'pipe'], ...more })
  if (run.error) {
    const missing = (run.error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new ErrnoError(
      missing ? ENOENT : EPERM,
      missing ? 'fusermount3 is not installed (Debian package fuse3)' : run.error.message,
    )
  }
  if (run.status === 0) return null
  return run.stderr.toString().trim().replaceAll('\n', '; ') || `fusermount3 ended with ${run.status ?? run.signal}`
}
