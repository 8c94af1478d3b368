// The recorded platform: answers from a recording, and says of what is not in it that it is not.
import { type Dirent, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { EINVAL, EIO, ENODATA, ENOENT, ErrnoError, errnoOf, strerror } from '../util/errno.ts'
import { count, fieldsOf } from './fields.ts'
import { type Answer, lookPlatform } from './look-platform.ts'
import { keyOf, lookNamed, placeOf } from './looks.ts'
import { type Head, headOf, lookOf, MANIFEST, OUTPUTS, type ReaderIds } from './manifest.ts'
import type { Platform } from './platform.ts'

export interface RecordingHooks {
  /** Something is looked at that is not in the recording, for the first time. */
  missing?(what: string): void
}

type Entry = { readonly value: unknown } | { readonly errno: number } | { readonly file: string; readonly size: number }

export class Recording {
  readonly platform: Platform
  readonly #head: Head
  readonly #dir: string
  readonly #hooks: RecordingHooks
  readonly #entries = new Map<string, Entry>()
  /** Files of the recording and their sizes in bytes. */
  readonly #files: ReadonlyMap<string, number>
  readonly #missed = new Set<string>()
  #complaint: ErrnoError | null = null

  /** @throws ErrnoError ENOENT when the folder is no recording, EINVAL when it is damaged: place, wanted, got */
  constructor(dir: string, hooks: RecordingHooks = {}) {
    this.#dir = dir
    this.#hooks = hooks
    const lines = this.#manifest()
    this.#files = this.#list()
    this.#head = this.#at(1, () => headOf(lines[0] ?? ''))
    for (const [i, line] of lines.entries()) if (i > 0) this.#at(i + 1, () => this.#add(line))
    this.#addBare()
    this.platform = lookPlatform(this.#answer, this.#head.facts)
  }

  /** The process that read while it was recorded. */
  get reader(): ReaderIds {
    return this.#head.reader
  }

  /** See Head. */
  get pointerKey(): Head['pointerKey'] {
    return this.#head.pointerKey
  }

  /** The first look since the last call that is not in the recording: what was made of it must not be shown. Null without one. */
  takeComplaint(): ErrnoError | null {
    const complaint = this.#complaint
    this.#complaint = null
    return complaint
  }

  #answer: Answer = (name, args) => {
    const found = this.#entries.get(keyOf(name, args))
    if (!found) return this.#miss(placeOf(name, args))
    if ('value' in found) return found.value as never
    if ('errno' in found) throw new ErrnoError(found.errno, `${placeOf(name, args)}: ${strerror(found.errno)}`)
    const row = lookNamed(name)!
    return row.get(this.#bytes(found.file, found.size) as never) as never
  }

  #miss(what: string): never {
    const missing = new ErrnoError(ENODATA, `${what} is not in the recording ${this.#dir}`)
    this.#complaint ??= missing
    if (!this.#missed.has(what)) this.#hooks.missing?.(what)
    this.#missed.add(what)
    throw missing
  }

  #bytes(file: string, size: number): Uint8Array {
    const path = join(this.#dir, file)
    const damaged = (got: string): never => {
      const damage = new ErrnoError(EIO, `${path}: want the ${size} bytes of the recording, got ${got}`)
      this.#complaint ??= damage
      throw damage
    }
    let bytes: Uint8Array
    try {
      bytes = readFileSync(path)
    } catch (err) {
      return damaged(strerror(errnoOf(err, () => {})))
    }
    return bytes.length === size ? bytes : damaged(`${bytes.length}`)
  }

  #manifest(): string[] {
    const path = join(this.#dir, MANIFEST)
    try {
      return readFileSync(path, 'utf8').replace(/\n$/, '').split('\n')
    } catch (err) {
      const errno = errnoOf(err, () => {})
      const none = errno === ENOENT ? 'want a folder that iterfs record made, which has a ' : ''
      throw new ErrnoError(errno, none ? `${this.#dir}: ${none}${MANIFEST}, got none` : `${path}: ${strerror(errno)}`)
    }
  }

  /** Runs `work` for one line of the manifest; what it throws is told with the place. */
  #at<T>(line: number, work: () => T): T {
    try {
      return work()
    } catch (err) {
      throw new ErrnoError(EINVAL, `${join(this.#dir, MANIFEST)} line ${line}: ${(err as Error).message}`)
    }
  }

  #add(text: string): void {
    const { name, row, args, errno, line } = lookOf(text)
    const key = keyOf(name, args)
    if (this.#entries.has(key)) throw new Error(`want one line for each look, got a second one for ${placeOf(name, args)}`)
    if (errno !== null) this.#entries.set(key, { errno })
    else if ('file' in row) this.#entries.set(key, this.#fileOf(row.file(args), fieldsOf({ bytes: count }, line).bytes))
    else this.#entries.set(key, { value: row.get(fieldsOf(row.fields, line)) })
  }

  #fileOf(file: string, size: number): Entry {
    const got = this.#files.get(file)
    if (got === undefined) throw new Error(`want a file ${file} of ${size} bytes in the recording, got none`)
    if (got !== size) throw new Error(`want ${size} bytes in ${file}, got ${got}`)
    return { file, size }
  }

  /** Files without a line count as well: recordings that people write have no sizes to keep up. */
  #addBare(): void {
    for (const [file, size] of this.#files) {
      const key = bareKey(file)
      if (key !== null && !this.#entries.has(key)) this.#entries.set(key, { file, size })
    }
  }

  #list(): Map<string, number> {
    const found = new Map<string, number>()
    const walk = (folder: string): void => {
      for (const entry of readdirSync(join(this.#dir, folder), { withFileTypes: true })) this.#take(entry, folder, found, walk)
    }
    walk('')
    return found
  }

  #take(entry: Dirent, folder: string, found: Map<string, number>, walk: (folder: string) => void): void {
    const path = posix.join(folder, entry.name)
    if (path === OUTPUTS) return
    if (entry.isDirectory()) return walk(path)
    if (!entry.isFile()) {
      throw new ErrnoError(EINVAL, `${join(this.#dir, path)}: want plain files and folders in a recording, got another kind`)
    }
    found.set(path, lstatSync(join(this.#dir, path)).size)
  }
}

/** The look that a file stands for by its place; null for none. */
function bareKey(file: string): string | null {
  const [top, net, ...names] = file.split('/')
  const name = names.join('/')
  if (top === 'files') return keyOf('read', { path: file.slice(top.length) })
  if (top === 'net' && name !== '' && !/^netlink-.*\.hex$/.test(name)) return keyOf('netRead', { net: net!, name })
  return file === 'kconfig' ? keyOf('kconfig', {}) : null
}
