// What the sources of one open iterator share: the platform, the handles that are open for the current object, and who hears of
// what may not be read.
import type { Dir, Platform } from '../platform/platform.ts'
import { EACCES, EMFILE, ENOENT, EPERM, ErrnoError, ESRCH } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'

/** Handles that one session may have open at a time; an object and those that it leads to need a few. */
const MAX_OPEN = 256

export interface SourceHooks {
  /** At the end of a session: `what` of tasks was left out, or read as 0, `times` times, because it may not be read. */
  denied(what: string, times: number): void
}

/** Errors that say that a task or an open file is not there any more. */
export const isGone = (err: unknown): boolean => err instanceof ErrnoError && (err.errno === ENOENT || err.errno === ESRCH)

/** Errors that say that this process may not look. */
export const isDenied = (err: unknown): boolean => err instanceof ErrnoError && (err.errno === EACCES || err.errno === EPERM)

export class SourceSession {
  readonly platform: Platform
  readonly #hooks: SourceHooks
  readonly #open = new Set<Dir>()
  readonly #denied = new Map<string, number>()

  constructor(platform: Platform, hooks: SourceHooks) {
    this.platform = platform
    this.#hooks = hooks
  }

  /** Opens a folder until release(). @throws ObjectGone when it is not there, ErrnoError EMFILE behind MAX_OPEN */
  openDir(path: string): Dir {
    if (this.#open.size >= MAX_OPEN) throw new ErrnoError(EMFILE, `${path}: want at most ${MAX_OPEN} tasks looked at in one call`)
    let dir: Dir
    try {
      dir = this.platform.openDir(path)
    } catch (err) {
      if (isGone(err)) throw new ObjectGone(path)
      throw err
    }
    this.#open.add(dir)
    return dir
  }

  /** Something may not be read. */
  denied(what: string): void {
    this.#denied.set(what, (this.#denied.get(what) ?? 0) + 1)
  }

  /** Closes all handles: the program is done with the objects they belong to. */
  release(): void {
    for (const dir of this.#open) dir.close()
    this.#open.clear()
  }

  /** The iterator was closed. */
  close(): void {
    this.release()
    for (const [what, times] of this.#denied) this.#hooks.denied(what, times)
    this.#denied.clear()
  }
}
