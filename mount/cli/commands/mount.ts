// iterfs mount and umount.
import { spawn } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { type DaemonOptions, runDaemon } from '../../daemon.ts'
import { parseMountOptions } from '../../mnt/options.ts'
import { unmount } from '../../mnt/unmount.ts'
import { MS } from '../../sys.ts'
import { CliError, cliError, wholeNumber } from '../error.ts'
import { PRESETS } from '../presets.ts'

interface MountCommandOptions {
  o?: string
  preset?: string
  transport: string
  foreground?: boolean
  allowPin: string[]
  progLimit: string
  logLevel: string
  log?: string
  replay?: string
}

/** Descriptor on which a background daemon tells its starter that the mount answers, or why not. */
const READY_FD = 3
const READY_ENV = 'ITERFS_READY'
const TRANSPORTS = ['devfuse', 'fuse-native'] as const
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

export async function mountCommand(dir: string, options: MountCommandOptions): Promise<void> {
  const daemon = daemonOptions(dir, options)
  if (!options.foreground && process.env[READY_ENV] !== '1') return startInBackground(daemon.dir)
  const tell = process.env[READY_ENV] === '1' ? tellStarter : undefined
  try {
    await runDaemon(daemon, async () => {
      const warnings = options.preset === undefined ? [] : await makePreset(daemon.dir, options.preset)
      if (tell) tell({ warnings })
      else warn(warnings)
    })
  } catch (err) {
    const failure = cliError(`can't mount ${dir}`, err)
    tell?.({ message: failure.message, status: failure.status })
    throw failure
  }
}

/** The preset's warnings, once all of it is there. It is made by a client, whose calls block: in a thread of its own. */
function makePreset(dir: string, preset: string): Promise<string[]> {
  const thread = new Worker(new URL('../preset-thread.js', import.meta.url), { workerData: { dir, preset }, execArgv: [] })
  return new Promise(done => {
    thread.on('message', (left: string[]) => done(left.map(text => `preset ${preset}: ${text}`)))
    thread.on('error', err => done([`preset ${preset}: ${(err as Error).message}`]))
  })
}

function warn(warnings: readonly string[]): void {
  for (const text of warnings) process.stderr.write(`Warning: ${text}\n`)
}

/** What a background daemon tells its starter: that the mount answers, or why there is none. */
type Told = { readonly warnings: readonly string[] } | { readonly message: string; readonly status: number }

function tellStarter(told: Told): void {
  writeSync(READY_FD, JSON.stringify(told))
  closeSync(READY_FD)
  // The folder that the daemon was started in must not stay busy.
  process.chdir('/')
}

function daemonOptions(dir: string, options: MountCommandOptions): DaemonOptions {
  const transport = TRANSPORTS.find(name => name === options.transport)
  if (!transport) throw new CliError(`--transport: want ${TRANSPORTS.join(' or ')}, got "${options.transport}"`, 22)
  if (!LEVELS.includes(options.logLevel))
    throw new CliError(`--log-level: want ${LEVELS.join(', ')}, got "${options.logLevel}"`, 22)
  const { preset } = options
  if (preset !== undefined && !Object.hasOwn(PRESETS, preset))
    throw new CliError(`--preset: want ${Object.keys(PRESETS).join(' or ')}, got "${preset}"`, 22)
  try {
    const mount = parseMountOptions(options.o ?? '')
    if (preset !== undefined && mount.flags & MS.ro) throw new CliError('--preset: nothing can be pinned with -o ro', 22)
    return {
      dir: resolve(dir),
      mount,
      transport,
      allowPin: options.allowPin.map(uid => wholeNumber('--allow-pin', uid)),
      progLimitMs: wholeNumber('--prog-limit', options.progLimit),
      logLevel: options.logLevel,
      replay: options.replay === undefined ? null : resolve(options.replay),
      ...(options.log === undefined ? {} : { logFile: resolve(options.log) }),
    }
  } catch (err) {
    throw err instanceof CliError ? err : cliError(`can't mount ${dir}`, err)
  }
}

/** Starts this same command as a daemon, and waits until the mount answers. */
function startInBackground(dir: string): Promise<void> {
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const nothing = openSync('/dev/null', 'r+')
  const child = spawn(process.execPath, [main, ...process.argv.slice(2)], {
    detached: true,
    stdio: [nothing, nothing, nothing, 'pipe'],
    env: { ...process.env, [READY_ENV]: '1' },
  })
  return new Promise((done, fail) => {
    let text = ''
    const pipe = child.stdio[READY_FD] as import('node:stream').Readable
    pipe.on('data', (part: Buffer) => {
      text += part.toString()
    })
    pipe.on('end', () => {
      const told: Told = text
        ? JSON.parse(text)
        : { message: `can't mount ${dir}: the daemon ended before it was ready`, status: 255 }
      if ('message' in told) return fail(new CliError(told.message, (256 - told.status) & 0xff))
      warn(told.warnings)
      child.unref()
      done()
    })
  })
}

export function umountCommand(dir: string, options: { lazy?: boolean }): void {
  try {
    unmount(resolve(dir), { lazy: options.lazy === true })
  } catch (err) {
    throw cliError(`can't unmount ${dir}`, err)
  }
}
