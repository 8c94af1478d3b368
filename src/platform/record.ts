// The recorder: a platform that asks the real one each thing once, and writes what was asked and answered into a folder.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EEXIST, EINTR, ENOBUFS, ErrnoError } from '../util/errno.ts'
import { messagesOf, NLM_F_DUMP_INTR } from '../util/netlink.ts'
import { randomBytes } from '../util/random.ts'
import { type Answer, type Facts, lookPlatform } from './look-platform.ts'
import { keyOf, type LookName, lookNamed } from './looks.ts'
import { type Head, headLine, lookLine, MANIFEST, OUTPUTS, type ReaderIds } from './manifest.ts'
import type { Platform } from './platform.ts'

interface Look {
  readonly name: LookName
  readonly args: Readonly<Record<string, unknown>>
  readonly value?: unknown
  readonly failed?: ErrnoError
}

export class Recorder {
  /** Answers the same question with the same answer for ever: what is read through it is what a replay reads. */
  readonly platform: Platform
  /** See Head. */
  readonly head: Head
  readonly #real: Platform
  readonly #looks = new Map<string, Look>()
  readonly #outputs = new Map<string, Uint8Array>()

  /** @param reader the process for which programs run while it records */
  constructor(real: Platform, reader: ReaderIds) {
    this.#real = real
    this.head = { facts: factsOf(real), reader, pointerKey: [Number(randomBytes(4)), Number(randomBytes(4))] }
    this.platform = lookPlatform(this.#answer, this.head.facts)
  }

  /** Keeps what a program printed as a file of this name. */
  output(name: string, bytes: Uint8Array): void {
    this.#outputs.set(name, bytes)
  }

  /**
   * Writes the recording; the manifest comes last, so that one that is not whole is none.
   * @param dir must not be there, or be empty
   * @throws ErrnoError EEXIST
   */
  save(dir: string): void {
    checkEmpty(dir)
    const write = (path: string, bytes: Uint8Array | string): void => {
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), bytes)
    }
    const lines: string[] = []
    for (const { name, args, value, failed } of this.#looks.values()) {
      const row = lookNamed(name)!
      let answer: object
      if (failed) answer = { errno: failed.errno }
      else if ('file' in row) {
        const bytes = row.put(value)
        write(row.file(args as never), bytes)
        answer = { bytes: bytes.length }
      } else answer = row.put(value)
      lines.push(lookLine(name, args, answer))
    }
    for (const [name, bytes] of this.#outputs) write(`${OUTPUTS}/${name}`, bytes)
    write(MANIFEST, [headLine(this.head), ...lines.sort(byText)].map(line => `${line}\n`).join(''))
  }

  #answer: Answer = (name, args, ask) => {
    const key = keyOf(name, args)
    let look = this.#looks.get(key)
    if (!look || isPassing(look)) {
      look = this.#look(name, args, () => ask(this.#real))
      this.#looks.set(key, look)
    }
    if (look.failed) throw look.failed
    return look.value as never
  }

  #look(name: LookName, args: Look['args'], ask: () => unknown): Look {
    try {
      return { name, args, value: ask() }
    } catch (err) {
      if (!(err instanceof ErrnoError)) throw err
      return { name, args, failed: err }
    }
  }
}

/** @throws ErrnoError EEXIST when something is in the folder */
export function checkEmpty(dir: string): void {
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    throw new ErrnoError(EEXIST, `${dir}: want a new or empty folder for the recording, got one with files in it`)
  }
}

/** Plain code units: the same order everywhere. */
const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Answers that say that the question shall be asked again. */
function isPassing({ name, value, failed }: Look): boolean {
  if (name !== 'netlink') return false
  if (failed) return failed.errno === EINTR || failed.errno === ENOBUFS
  return (value as Uint8Array[]).some(datagram => [...messagesOf(datagram)].some(({ flags }) => flags & NLM_F_DUMP_INTR))
}

function factsOf(real: Platform): Facts {
  return {
    ...{ cpus: real.cpus, cpu: real.cpu(), userHz: real.userHz, pageSize: real.pageSize, sleptNs: real.sleptNs() },
    clocks: { monotonic: real.clockNs('monotonic'), boottime: real.clockNs('boottime'), tai: real.clockNs('tai') },
  }
}
