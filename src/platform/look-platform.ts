// A platform in which every question is a look: whoever answers looks is a whole platform. The recorder asks the real one; a recording
// answers from its files. Clocks stand still.
import { ENOENT, EOPNOTSUPP, ErrnoError } from '../util/errno.ts'
import { wholeRequest } from './diag-request.ts'
import { type ArgsOf, type LookName, toHex, type ValueOf } from './looks.ts'
import type { Clock, Dir, FileStat, NetNs, Platform } from './platform.ts'

/** Answers one look. @param ask how the real platform answers it @throws ErrnoError */
export type Answer = <L extends LookName>(name: L, args: ArgsOf<L>, ask: (real: Platform) => ValueOf<L>) => ValueOf<L>

/** What a machine is, and the time at which it was looked at. */
export interface Facts {
  readonly cpus: number
  readonly cpu: number
  readonly userHz: number
  readonly pageSize: number
  /** ns */
  readonly clocks: Readonly<Record<Clock, bigint>>
  readonly sleptNs: bigint
}

/** The path without `.` and `..`; every one begins with a slash. */
export function normalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Opened when the first look wants it: one that was answered before needs no handle. */
class Handle<T extends { close(): void }> {
  readonly #open: (real: Platform) => T
  #held: T | null = null
  constructor(open: (real: Platform) => T) {
    this.#open = open
  }
  of(real: Platform): T {
    this.#held ??= this.#open(real)
    return this.#held
  }
  close(): void {
    this.#held?.close()
    this.#held = null
  }
}

class LookDir implements Dir {
  readonly #answer: Answer
  readonly #path: string
  readonly #handle: Handle<Dir>

  constructor(answer: Answer, path: string) {
    this.#answer = answer
    this.#path = normalPath(path)
    this.#handle = new Handle(real => real.openDir(path))
    answer('dir', { path: this.#path }, real => {
      this.#handle.of(real)
      return true
    })
  }
  read(name: string): Uint8Array {
    return this.#answer('read', this.#at(name), real => this.#handle.of(real).read(name).slice())
  }
  readlink(name: string): string {
    return this.#answer('readlink', this.#at(name), real => this.#handle.of(real).readlink(name))
  }
  list(name: string): string[] {
    return [...this.#answer('list', this.#at(name), real => this.#handle.of(real).list(name))]
  }
  stat(name: string): FileStat {
    return this.#answer('stat', this.#at(name), real => this.#handle.of(real).stat(name))
  }
  close(): void {
    this.#handle.close()
  }
  #at(name: string): { path: string } {
    return { path: normalPath(`${this.#path}/${name}`) }
  }
}

class LookNet implements NetNs {
  readonly inum: number
  readonly #tid: number
  readonly #net: string
  readonly #answer: Answer
  readonly #handle: Handle<NetNs>

  constructor(answer: Answer, tid: number) {
    this.#tid = tid
    this.#answer = answer
    this.#handle = new Handle(real => real.openNet(tid))
    const { net, inum } = answer('openNet', { tid }, real => {
      const found = this.#handle.of(real).inum
      return { net: found === 0 ? `of-${tid}` : `${found}`, inum: found }
    })
    this.#net = net
    this.inum = inum
  }
  netlink(protocol: number, request: Uint8Array): Uint8Array[] {
    const whole = wholeRequest(protocol, request)
    const args = { net: this.#net, protocol, request: toHex(whole) }
    return this.#answer('netlink', args, real => this.#handle.of(real).netlink(protocol, whole))
  }
  read(name: string): Uint8Array {
    return this.#answer('netRead', { net: this.#net, name }, real => this.#handle.of(real).read(name).slice())
  }
  inodes(): readonly number[] {
    return this.#answer('netInodes', { net: this.#net }, real => [...this.#handle.of(real).inodes()])
  }
  again(): NetNs {
    return new LookNet(this.#answer, this.#tid)
  }
  close(): void {
    this.#handle.close()
  }
}

export function lookPlatform(answer: Answer, facts: Facts): Platform {
  const at = (path: string): { path: string } => ({ path: normalPath(path) })
  return {
    openDir: path => new LookDir(answer, path),
    read: path => answer('read', at(path), real => real.read(path).slice()),
    list: path => [...answer('list', at(path), real => real.list(path))],
    stat: path => answer('stat', at(path), real => real.stat(path)),
    exists: path => answer('exists', at(path), real => real.exists(path)),
    sameFiles: (tid1, tid2) => answer('sameFiles', { tid1, tid2 }, real => real.sameFiles(tid1, tid2)),
    parentNs: (path, levels) => answer('parentNs', { ...at(path), levels }, real => real.parentNs(path, levels)),
    openNet: tid => new LookNet(answer, tid),
    socketOf(pid, fd) {
      throw new ErrnoError(EOPNOTSUPP, `descriptor ${fd} of process ${pid}: descriptors are no part of a recording`)
    },
    nowMs: () => 0,
    sleptNs: () => facts.sleptNs,
    clockNs: clock => facts.clocks[clock],
    readMemory: (pid, address, size) =>
      answer('memory', { pid, address: `0x${address.toString(16)}`, size }, real => real.readMemory(pid, address, size)),
    kconfig() {
      try {
        return answer('kconfig', {}, real => real.kconfig() ?? noConfig())
      } catch (err) {
        if (err instanceof ErrnoError && err.errno === ENOENT) return null
        throw err
      }
    },
    cpu: () => facts.cpu,
    ...{ cpus: facts.cpus, userHz: facts.userHz, pageSize: facts.pageSize },
  }
}

const noConfig = (): never => {
  throw new ErrnoError(ENOENT, 'the kernel does not show its configuration')
}
