// Starts serve.ts in a process of its own. A mount is only touched by other processes than the one that serves it.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as timeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MNT_DETACH, umount2 } from '../../../mount/sys.ts'
import { cleanEnv, scratch } from '../../support/daemon.ts'

/** How a tiny file system is served: as serve.ts says. */
export type Serving = 'devfuse' | 'early' | 'other' | 'fuse-native'

export interface Served {
  readonly dir: string
  readonly pid: number
  /** What it printed when it was mounted. */
  readonly mounted: { readonly allowOther?: boolean; readonly closesOnExec?: boolean }
  /** What it prints when the mount is gone, at most 10 s from now. */
  ended(): Promise<{ readonly ended?: string }>
  /** Its standard error so far. */
  stderr(): string
  /** kill -9, and waits for it. The mount stays, dead. */
  kill(): Promise<void>
  /** Unmounts, ends the process, and removes the folder. */
  stop(): Promise<void>
}

const ENDED_MS = 10_000

/** Ends all mounts on `dir`. Not with umount(8): it looks into the mountpoint, which may be dead or closed to root. */
function detach(dir: string): void {
  try {
    for (;;) umount2(dir, MNT_DETACH)
  } catch {
    // EINVAL: no more.
  }
}

/** @param as words before the command: setpriv and its arguments. @throws Error with its standard error when it cannot mount */
export async function serve(
  transport: Serving,
  options: { dir?: string; o?: string; as?: readonly string[] } = {},
): Promise<Served> {
  const { dir = scratch(), o = '', as = [] } = options
  const script = fileURLToPath(new URL('./serve.js', import.meta.url))
  // `exec` by env: the process that is started is the one that serves. tap hooks NODE_OPTIONS in; see support/daemon.ts.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', ...as, process.execPath, script, transport, dir, o], {
    env: cleanEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stderr.on('data', part => {
    text += String(part)
  })
  const exited = new Promise<void>(done => child.on('close', () => done()))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <T>(): Promise<T | undefined> => {
    const { value, done } = await lines.next()
    return done ? undefined : (JSON.parse(value as string) as T)
  }
  const mounted = await next<Served['mounted']>()
  if (!mounted) {
    await exited
    throw new Error(text.trim())
  }
  return {
    dir,
    pid: child.pid!,
    mounted,
    ended: () => Promise.race([next<{ ended?: string }>().then(line => line ?? {}), timeout(ENDED_MS, {}, { ref: false })]),
    stderr: () => text,
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
    async stop() {
      detach(dir)
      child.kill('SIGKILL')
      await exited
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
