// iterfs read: one iteration to standard output, without a mount.
import { writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { Engine, hookModules, nodePlatform, registerTargets } from '../../../src/index.ts'
import { cliError } from '../error.ts'
import { chooseProg, linkInfoOf, type ProgOptions, pidOfPidfd } from '../params.ts'

/** Bytes asked for at a time, as cat(1) does. */
const READ_SIZE = 131072
const STDOUT = 1

export async function readCommand(program: string, options: ProgOptions): Promise<void> {
  const denied = new Map<string, number>()
  registerTargets(nodePlatform(), { denied: (what, times) => denied.set(what, (denied.get(what) ?? 0) + times), pidOfPidfd })
  hookModules(new URL('../../../src/index.js', import.meta.url).href)
  const engine = new Engine()
  try {
    const prog = chooseProg(program, await engine.load(resolve(program), options.set), options.prog)
    const { aux } = engine.attach(prog.target, linkInfoOf(options))
    engine.open(0, prog.name, prog.target, aux, { pid: process.pid, uid: process.getuid!(), gid: process.getgid!() }, 1n)
  } catch (err) {
    throw cliError(`can't run ${program}`, err)
  }
  try {
    for (let data = engine.read(0, READ_SIZE); data.length > 0; data = engine.read(0, READ_SIZE)) writeAll(data)
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'EPIPE') return
    throw cliError(program, err)
  } finally {
    engine.close(0)
  }
  for (const [what, times] of denied) process.stderr.write(`iterfs: ${what}: left out ${times} times: Permission denied\n`)
}

function writeAll(data: Uint8Array): void {
  for (let at = 0; at < data.length; ) {
    try {
      at += writeSync(STDOUT, data, at)
    } catch (err) {
      // A non-blocking pipe that is full: wait for the reader.
      if ((err as NodeJS.ErrnoException).code !== 'EAGAIN') throw err
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
