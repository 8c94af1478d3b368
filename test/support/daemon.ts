// Starts the daemon and the command as a user would, in processes of their own, without the hooks of the test runner.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CLI } from './paths.ts'

/** The environment without what tap and npm put there. */
export const cleanEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_OPTIONS|TAP|_TAPJS|npm_)/.test(name)))

/** Arguments of env(1): tap hooks the spawning of children, so that variables have to be taken away behind it. */
const UNHOOKED = ['-u', 'NODE_OPTIONS']

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, at most 60 s. */
export function run(command: string, args: readonly string[], options: { input?: string; cwd?: string } = {}): Ran {
  const { status, stdout, stderr, error } = spawnSync('env', [...UNHOOKED, command, ...args], {
    encoding: 'latin1',
    env: cleanEnv(),
    timeout: 60_000,
    maxBuffer: 1 << 28,
    ...options,
  })
  if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  return { status, stdout, stderr }
}

/** Runs iterfs. */
export const iterfs = (...args: string[]): Ran => run(process.execPath, [CLI, ...args])

/** Runs a shell line. */
export const sh = (line: string): Ran => run('sh', ['-c', line])

export interface Daemon {
  readonly dir: string
  readonly child: ChildProcess
  /** The log so far. */
  log(): string
  /** Resolves with the exit status, or the signal. */
  readonly exited: Promise<number | string>
  /** Pins a program of programs/ or test/; throws what iterfs said when it fails. */
  pin(program: string, name: string, ...args: string[]): void
  /** Unmounts, ends the daemon and removes the folder. */
  stop(): Promise<void>
}

/** Waits until `test` holds, at most `ms`. */
export async function until(what: string, test: () => boolean, ms = 15_000): Promise<void> {
  for (const end = Date.now() + ms; !test(); ) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`)
    await new Promise(done => setTimeout(done, 20))
  }
}

export const sleep = (ms: number): Promise<void> => new Promise(done => setTimeout(done, ms))

const made: string[] = []
process.on('exit', () => {
  for (const dir of made) {
    try {
      rmSync(dir, { recursive: true, force: true })
    } catch {
      // Something is mounted there still: the test that left it has failed.
    }
  }
})

/** A fresh folder for a mount or scratch files, which goes with this process. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), 'iterfs-test-'))
  made.push(dir)
  return dir
}

export async function startDaemon(args: readonly string[] = [], dir = scratch()): Promise<Daemon> {
  const logFile = join(scratch(), 'log')
  const child = spawn('env', [...UNHOOKED, process.execPath, CLI, 'mount', dir, '--foreground', '--log', logFile, ...args], {
    env: cleanEnv(),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr!.on('data', part => {
    stderr += String(part)
  })
  const exited = new Promise<number | string>(done => child.on('exit', (code, signal) => done(signal ?? code ?? -1)))
  let ended = false
  void exited.then(() => {
    ended = true
  })
  await until('mounted', () => {
    if (ended) throw new Error(`the daemon ended: ${stderr}`)
    return existsSync(logFile) && readFileSync(logFile, 'utf8').includes('"mounted"')
  })
  return {
    dir,
    child,
    exited,
    log: () => readFileSync(logFile, 'utf8'),
    pin(program, name, ...rest) {
      const { status, stderr: text } = iterfs('pin', program, join(dir, name), ...rest)
      if (status !== 0) throw new Error(`pin ${name}: ${status} ${text}`)
    },
    async stop() {
      if (!ended) child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 5000)
      await exited
      clearTimeout(late)
      run('umount', ['-l', dir])
      rmSync(dir, { recursive: true, force: true })
      rmSync(join(logFile, '..'), { recursive: true, force: true })
    },
  }
}
