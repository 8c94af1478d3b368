// One task, as /proc/TGID/task/TID shows it. Each file is read at the first look at one of its values and kept for as long as
// the program looks at the task.
import type { Dir, FileStat } from '../platform/platform.ts'
import { decodeText } from '../util/bytes.ts'
import { ErrnoError } from '../util/errno.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { isDenied, isGone, type SourceSession } from './session.ts'
import { bigDecimalAt, decimalAt, Lines, latin1 } from './text.ts'

/** TASK_COMM_LEN - 1 */
const COMM_BYTES = 15
/** task->flags of a worker of the kernel's; others may have such a name too. */
const PF_WQ_WORKER = 0x20
const WORKER = /^(kworker\/u?\d+:\d+H?)[-+]/

/** Fields of /proc/PID/stat after the command name, counted as in proc(5): 3 is the state. */
export class StatFields {
  readonly #bytes: Uint8Array
  readonly #starts: number[] = []
  readonly comm: string

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes.slice()
    const open = bytes.indexOf(0x28)
    const close = bytes.lastIndexOf(0x29)
    this.comm = decodeText(bytes, open + 1, close)
    for (let at = close + 1; at < bytes.length; at++) if (bytes[at] === 0x20) this.#starts.push(at + 1)
  }

  /** The state letter. */
  get state(): string {
    return String.fromCharCode(this.#bytes[this.#starts[0]!]!)
  }

  /** Field `n` as a number, 0 when the kernel prints fewer fields. */
  number(n: number): number {
    const at = this.#starts[n - 3]
    return at === undefined ? 0 : decimalAt(this.#bytes, at)
  }

  big(n: number): bigint {
    const at = this.#starts[n - 3]
    return at === undefined ? 0n : bigDecimalAt(this.#bytes, at)
  }
}

export class TaskSource {
  readonly session: SourceSession
  readonly tgid: number
  readonly tid: number
  #dir: Dir | undefined
  readonly #facets = new Map<string, unknown>()
  readonly #leaders = new Map<number, TaskSource>()

  constructor(session: SourceSession, tgid: number, tid: number) {
    this.session = session
    this.tgid = tgid
    this.tid = tid
  }

  /** The same task, to be looked at anew. */
  again(session: SourceSession): TaskSource {
    return new TaskSource(session, this.tgid, this.tid)
  }

  /** Tells tasks apart, for addresses. */
  get id(): string {
    return `task ${this.tid}`
  }

  /** The task's folder. @throws ObjectGone */
  get dir(): Dir {
    this.#dir ??= this.session.openDir(`/proc/${this.tgid}/task/${this.tid}`)
    return this.#dir
  }

  stat(): StatFields {
    return this.facet('stat', dir => new StatFields(dir.read('stat'))) ?? gone(this)
  }

  status(): Lines {
    return this.facet('status', dir => new Lines(dir.read('status'))) ?? gone(this)
  }

  /** task->comm: 15 bytes at most. /proc adds to a worker's name what it works on (wq_worker_comm), and keeps long names of kernel threads. */
  comm(): string {
    return (
      this.facet('comm', dir => {
        const bytes = dir.read('comm')
        const text = decodeText(bytes, 0, Math.min(bytes.length - 1, COMM_BYTES))
        const worker = WORKER.exec(text)?.[1]
        return worker !== undefined && this.stat().number(9) & PF_WQ_WORKER ? worker : text
      }) ?? ''
    )
  }

  /** Pages: size, resident, shared, text, lib, data, dirty. All 0 for a task without memory. */
  statm(): number[] {
    return this.facet('statm', dir => latin1(dir.read('statm')).split(' ').map(Number)) ?? []
  }

  /** Null when it may not be read or the kernel was built without. */
  io(): Lines | null {
    return this.facet('io', dir => new Lines(dir.read('io')))
  }

  /** ns on the cpu, ns waiting, number of time slices; null without CONFIG_SCHED_INFO. */
  schedstat(): bigint[] | null {
    return this.facet('schedstat', dir => latin1(dir.read('schedstat')).trim().split(' ').map(BigInt))
  }

  /** A file with one decimal number: oom_score_adj, loginuid, sessionid, timerslack_ns. 0 when it is not there. */
  single(name: string): number {
    return this.facet(name, dir => decimalAt(dir.read(name), 0)) ?? 0
  }

  /** Of a task that waits in a system call: its number, its six arguments, stack pointer and instruction pointer; none while it runs. */
  registers(): bigint[] {
    return (
      this.facet('syscall', dir => {
        const words = latin1(dir.read('syscall')).trim().split(' ')
        if (words[0] === 'running') return []
        // Outside a system call: -1, stack pointer, instruction pointer.
        if (words.length === 3) return [BigInt(words[0]!), 0n, 0n, 0n, 0n, 0n, 0n, ...words.slice(1).map(BigInt)]
        return words.map(BigInt)
      }) ?? []
    )
  }

  personality(): number {
    return this.facet('personality', dir => Number.parseInt(latin1(dir.read('personality')), 16)) ?? 0
  }

  /** Soft and hard limits in the order of RLIMIT_*; 2^64-1 for unlimited. */
  limits(): [bigint, bigint][] {
    return this.facet('limits', dir => parseLimits(latin1(dir.read('limits')))) ?? []
  }

  /** Inode number of a namespace: `net`, `mnt`, ...; 0 when it may not be read. */
  namespace(name: string): number {
    return this.facet(`ns/${name}`, dir => Number(/\[(\d+)\]/.exec(dir.readlink(`ns/${name}`))?.[1] ?? 0)) ?? 0
  }

  /** The target of a link: cwd, root, exe. Null when there is none (kernel thread, zombie) or it may not be read. */
  link(name: string): string | null {
    return this.facet(name, dir => dir.readlink(name))
  }

  linkStat(name: string): FileStat | null {
    return this.facet(`stat of ${name}`, dir => dir.stat(name))
  }

  /** Path in the v2 hierarchy, `/` in the root; null without one. */
  cgroup2(): string | null {
    return this.facet('cgroup', dir => {
      const bytes = dir.read('cgroup')
      return /^0::(.*)$/m.exec(decodeText(bytes))?.[1] ?? null
    })
  }

  /** Numbers of the open files, ascending; none when the task is gone, null when they may not be read. Fresh at each call. */
  openFds(): number[] | null {
    try {
      return this.dir
        .list('fd')
        .map(Number)
        .sort((a, b) => a - b)
    } catch (err) {
      if (isGone(err) || err instanceof ObjectGone) return []
      if (!isDenied(err)) throw err
      this.session.denied('fd')
      return null
    }
  }

  /** True for a task with memory of its own or borrowed by vfork; kernel threads and zombies have none. */
  hasMm(): boolean {
    return (this.statm()[0] ?? 0) > 0
  }

  /** The leader of another thread group; null for 0, which /proc shows for a parent outside the namespace. Kept, as its handle is. */
  leader(tgid: number): TaskSource | null {
    if (tgid === 0) return null
    if (tgid === this.tid) return this
    let leader = this.#leaders.get(tgid)
    if (!leader) {
      leader = new TaskSource(this.session, tgid, tgid)
      this.#leaders.set(tgid, leader)
    }
    return leader
  }

  /** The task that traces this one, which may be a thread of any group; null without one. */
  tracer(): TaskSource | null {
    const tid = this.status().number('TracerPid')
    if (tid === 0) return null
    return this.facet('tracer', () => {
      const tgid = new Lines(this.session.platform.read(`/proc/${tid}/status`)).number('Tgid')
      return new TaskSource(this.session, tgid, tid)
    })
  }

  /** Whether the fd table is the one of the leader of the group; false when that cannot be told. */
  sharesFiles(): boolean {
    if (this.tid === this.tgid) return true
    return this.facet('kcmp', () => this.session.platform.sameFiles(this.tgid, this.tid)) ?? false
  }

  /**
   * A value that is read once. Null when the file is not there while the task is (an older kernel, a kernel thread), or when it
   * may not be read. @throws ObjectGone
   */
  facet<T>(name: string, read: (dir: Dir) => T): T | null {
    if (this.#facets.has(name)) return this.#facets.get(name) as T | null
    let value: T | null = null
    try {
      value = read(this.dir)
    } catch (err) {
      if (err instanceof ObjectGone || !(err instanceof ErrnoError)) throw err
      if (isDenied(err)) this.session.denied(name)
      else if (!isGone(err)) throw err
      else if (!this.#alive()) throw gone(this)
    }
    this.#facets.set(name, value)
    return value
  }

  #alive(): boolean {
    try {
      this.dir.read('comm')
      return true
    } catch {
      return false
    }
  }
}

const gone = (task: TaskSource): never => {
  throw new ObjectGone(`task ${task.tid}`)
}

/** Rows of /proc/PID/limits in the order of RLIMIT_* (asm-generic/resource.h). */
const LIMITS = [
  'Max cpu time',
  'Max file size',
  'Max data size',
  'Max stack size',
  'Max core file size',
  'Max resident set',
  'Max processes',
  'Max open files',
  'Max locked memory',
  'Max address space',
  'Max file locks',
  'Max pending signals',
  'Max msgqueue size',
  'Max nice priority',
  'Max realtime priority',
  'Max realtime timeout',
]

function parseLimits(text: string): [bigint, bigint][] {
  const value = (word: string): bigint => (word === 'unlimited' ? 0xffff_ffff_ffff_ffffn : BigInt(word))
  const lines = text.split('\n')
  return LIMITS.map(name => {
    const words = lines
      .find(line => line.startsWith(name))
      ?.slice(26)
      .trim()
      .split(/\s+/)
    return [value(words?.[0] ?? '0'), value(words?.[1] ?? '0')]
  })
}
