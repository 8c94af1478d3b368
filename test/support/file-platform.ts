// A machine that consists of a few files, and iterfs's programs run on it: for what the machine of the tests does not have.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  compileWasm,
  ENOENT,
  Engine,
  ErrnoError,
  type FileStat,
  type Opener,
  type Platform,
  registerTargets,
} from '../../src/index.ts'
import { noPlatform } from './no-platform.ts'
import { ROOT } from './paths.ts'

/** What stands at a path: text, the error that looking there meets, or more than one of what a path can have. */
export type Entry = string | ErrnoError | { readonly text?: string; readonly link?: string; readonly stat?: Partial<FileStat> }
export type Files = Readonly<Record<string, Entry>>

/** Serves what `files` has now; folders are there by what is in them. */
export function filePlatform(files: () => Files): Platform {
  const find = (path: string): Exclude<Entry, string | ErrnoError> => {
    const entry = files()[path]
    if (entry instanceof ErrnoError) throw entry
    if (typeof entry === 'string') return { text: entry }
    return entry ?? missing(path)
  }
  const below = (path: string): string[] => {
    const names = Object.keys(files()).filter(name => name.startsWith(`${path}/`))
    return [...new Set(names.map(name => name.slice(path.length + 1).split('/')[0]!))]
  }
  const read = (path: string): Uint8Array => Buffer.from(find(path).text ?? missing(path))
  const list = (path: string): string[] => {
    const entry = files()[path]
    if (entry instanceof ErrnoError) throw entry
    const names = below(path)
    return names.length > 0 ? names : missing(path)
  }
  const stat = (path: string): FileStat => {
    const folder = below(path)
    if (folder.length > 0) return { nlink: 2 + folder.length } as FileStat
    return (find(path).stat ?? missing(path)) as FileStat
  }
  return {
    ...noPlatform,
    ...{ read, list, stat },
    exists: path => path in files() || below(path).length > 0,
    openDir(path) {
      if (below(path).length === 0) missing(path)
      return {
        read: name => read(`${path}/${name}`),
        readlink: name => find(`${path}/${name}`).link ?? missing(`${path}/${name}`),
        list: name => list(name === '.' ? path : `${path}/${name}`),
        stat: name => stat(`${path}/${name}`),
        close: () => {},
      }
    },
    sameFiles: () => null,
    nowMs: () => performance.now(),
    kconfig: () => null,
    cpu: () => 0,
  }
}

const missing = (path: string): never => {
  throw new ErrnoError(ENOENT, `${path}: No such file or directory`)
}

/** What loading a program looks at. */
const ALWAYS: Files = { '/proc/sys/kernel/osrelease': '6.18.0\n' }

let now: Files = {}
let engine: Engine | undefined
let last = 0

function start(): Engine {
  const platform = filePlatform(() => now)
  const quiet = (): void => {}
  registerTargets(platform, { denied: quiet })
  return new Engine({
    bpf: {
      ...{ platform, compile: compileWasm, progLimitMs: 5000, nextMapId: () => ++last },
      ...{ progFailed: quiet, trace: quiet, denied: quiet },
    },
  })
}

export interface RunOn {
  /** Bytes of each read. */
  readonly size?: number
  readonly opener?: Opener
  readonly set?: Record<string, string>
}

/** What dist/programs/NAME.o of a shipped program prints on a machine of these files. @throws what opening and reading throw */
export function runOn(
  files: Files,
  program: string,
  { size = 65536, opener = { pid: 1, uid: 0, gid: 0 }, set = {} }: RunOn = {},
): string {
  now = { ...ALWAYS, ...files }
  engine ??= start()
  const path = join(ROOT, 'dist/programs', program.replace(/c$/, 'o'))
  const number = ++last
  const { progs } = engine.loadObject({ number, path, bytes: readFileSync(path), set })
  const { key, target } = progs[0]!
  const { aux } = engine.attach(key, target, undefined)
  const handle = ++last
  engine.open(handle, key, target, aux, opener, BigInt(handle))
  try {
    let text = ''
    for (let data = engine.read(handle, size, opener); data.length > 0; data = engine.read(handle, size, opener)) {
      text += Buffer.from(data).toString('latin1')
    }
    return text
  } finally {
    engine.close(handle)
  }
}
