// The order in which task, task_file and task_vma visit tasks (task_seq_get_next of kernel/bpf/task_iter.c).
import {
  BPF_TASK_ITER_ALL,
  BPF_TASK_ITER_TGID,
  BPF_TASK_ITER_TID,
  type IterAux,
  type IterLinkInfo,
  type LinkInfo,
} from '../iter/link.ts'
import type { Opener } from '../iter/reg.ts'
import type { Platform } from '../platform/platform.ts'
import { type PidNamespace, pidNamespaceOf } from '../sources/pid-namespace.ts'
import type { SourceSession } from '../sources/session.ts'
import { TaskSource } from '../sources/task.ts'
import { Lines } from '../sources/text.ts'
import { EBADF, EINVAL, ErrnoError } from '../util/errno.ts'

/** How old, in ms, a list may be before what it names is looked for again. */
export const FRESH_MS = 20

/** Listing all tasks may take one part in this of the time. */
const KEEP_TIMES = 10

interface Candidate {
  /** Its id in the namespace of the opener; the order. */
  readonly number: number
  readonly tgid: number
  readonly tid: number
}

/** A position among tasks. Ids only are kept; a list of them is made anew when it is used up or old, so that later tasks are seen. */
export class TaskWalk {
  readonly #session: SourceSession
  readonly #platform: Platform
  readonly #type: number
  readonly #pid: number
  readonly #namespace: PidNamespace | null
  /** Leaves out threads that share the fd table of their leader. */
  readonly #skipShared: boolean
  #list: Candidate[] | null = null
  #at = 0
  #takenMs = 0
  /** How old the list of all tasks may become. */
  #keepMs = 0
  #last = 0

  constructor(session: SourceSession, aux: IterAux, opener: Opener, skipShared: boolean) {
    this.#session = session
    this.#platform = session.platform
    this.#type = aux.task?.type ?? BPF_TASK_ITER_ALL
    this.#pid = aux.task?.pid ?? 0
    this.#namespace = pidNamespaceOf(session.platform, opener.pid)
    this.#skipShared = skipShared && this.#type !== BPF_TASK_ITER_TID
  }

  /** True when one thread is shown whatever it shares. */
  get isThread(): boolean {
    return this.#type === BPF_TASK_ITER_TID
  }

  /** The task at the position, or the first one behind it that is there; null at the end. */
  current(): TaskSource | null {
    for (;;) {
      const age = this.#platform.nowMs() - this.#takenMs
      const list = this.#list && (this.#type !== BPF_TASK_ITER_ALL || age <= this.#keepMs) ? this.#list : this.#take()
      for (; this.#at < list.length; this.#at++) {
        const { tgid, tid } = list[this.#at]!
        if (age > FRESH_MS && !this.#platform.exists(`/proc/${tgid}/task/${tid}`)) continue
        if (this.#skipShared && tid !== tgid && this.#sharesFiles(tgid, tid)) continue
        return new TaskSource(this.#session, tgid, tid)
      }
      if (list.length === 0 || this.#type === BPF_TASK_ITER_TID) return null
      const { number, tid } = list.at(-1)!
      this.#last = Math.max(this.#last, number)
      const later = this.#take()
      if (this.#type === BPF_TASK_ITER_TGID && !this.#goBehind(later, tid)) return null
    }
  }

  /** Goes to the thread made after `tid`; false when there is none, or `tid` is gone and with it the place in the order. */
  #goBehind(list: readonly Candidate[], tid: number): boolean {
    const at = list.findIndex(candidate => candidate.tid === tid)
    this.#at = at < 0 ? list.length : at + 1
    return this.#at < list.length
  }

  /** Moves behind the current task. */
  advance(): TaskSource | null {
    const passed = this.#list?.[this.#at]
    if (passed) this.#last = passed.number
    this.#at++
    return this.current()
  }

  #take(): Candidate[] {
    const before = this.#platform.nowMs()
    this.#at = 0
    this.#list =
      this.#type === BPF_TASK_ITER_TID
        ? this.#thread()
        : this.#type === BPF_TASK_ITER_TGID
          ? this.#process(this.#toOwn(this.#pid))
          : this.#all(this.#last)
    this.#takenMs = this.#platform.nowMs()
    this.#keepMs = Math.max(FRESH_MS, KEEP_TIMES * (this.#takenMs - before))
    return this.#list
  }

  /** The opener's number as /proc's; the number itself in the same namespace. 0 when no task has it. */
  #toOwn(number: number): number {
    if (!this.#namespace) return number
    return this.#all(0).find(candidate => candidate.number === number)?.tid ?? 0
  }

  #thread(): Candidate[] {
    const tid = this.#toOwn(this.#pid)
    const tgid = this.#tgidOf(tid)
    return tgid ? [{ number: this.#pid, tgid, tid }] : []
  }

  /** The leader, then its threads in the order in which they were made; nothing when `pid` leads no group. */
  #process(pid: number): Candidate[] {
    if (this.#tgidOf(pid) !== pid) return []
    return this.#threadsOf(pid).map(tid => ({ number: tid, tgid: pid, tid }))
  }

  /** All tasks whose number is above `last`, ascending. */
  #all(last: number): Candidate[] {
    const found: Candidate[] = []
    const add = (tgid: number, tid: number): void => {
      const number = this.#namespace ? this.#namespace.numberOf(tgid, tid) : tid
      if (number > last) found.push({ number, tgid, tid })
    }
    for (const name of this.#platform.list('/proc')) {
      const tgid = Number(name)
      if (!Number.isInteger(tgid)) continue
      if (this.#threadCount(tgid) === 1) add(tgid, tgid)
      else for (const tid of this.#threadsOf(tgid)) add(tgid, tid)
    }
    return found.sort((a, b) => a.number - b.number)
  }

  /** Number of threads: the folder's link count less two (proc_task_getattr), cheaper than a listing. */
  #threadCount(tgid: number): number {
    try {
      return this.#platform.stat(`/proc/${tgid}/task`).nlink - 2
    } catch {
      return 0
    }
  }

  #threadsOf(tgid: number): number[] {
    try {
      return this.#platform.list(`/proc/${tgid}/task`).map(Number)
    } catch {
      return []
    }
  }

  /** Thread group of a task; 0 when there is none. */
  #tgidOf(tid: number): number {
    if (tid === 0) return 0
    try {
      return new Lines(this.#platform.read(`/proc/${tid}/status`)).number('Tgid')
    } catch {
      return 0
    }
  }

  /** task->files == task->group_leader->files: kcmp where it is allowed, else the two tables look the same. */
  #sharesFiles(tgid: number, tid: number): boolean {
    try {
      return this.#platform.sameFiles(tgid, tid) ?? this.#look(tgid, tgid) === this.#look(tgid, tid)
    } catch {
      return true // one of the two is gone, or neither the call nor /proc may be asked: its files cannot be shown anyway
    }
  }

  /** An fd table as /proc shows it: its size, its descriptors and what they lead to. */
  #look(tgid: number, tid: number): string {
    const dir = this.#platform.openDir(`/proc/${tgid}/task/${tid}`)
    try {
      const links = dir.list('fd').map(fd => `${fd} ${dir.readlink(`fd/${fd}`)}`)
      return `${new Lines(dir.read('status')).number('FDSize')}\n${links.join('\n')}`
    } finally {
      dir.close()
    }
  }
}

/** bpf_iter_attach_task. @param pidOfPidfd the process a pidfd of the attaching process names, or null for no pidfd */
export function attachTask(info: IterLinkInfo | undefined, pidOfPidfd: (fd: number) => number | null): IterAux {
  const { tid = 0, pid = 0, pid_fd = 0 } = info?.task ?? {}
  if ([tid, pid, pid_fd].filter(value => value !== 0).length > 1) {
    throw new ErrnoError(EINVAL, `want one of tid, pid and pid_fd, got tid ${tid}, pid ${pid}, pid_fd ${pid_fd}`)
  }
  if (tid !== 0) return { task: { type: BPF_TASK_ITER_TID, pid: tid } }
  if (pid !== 0) return { task: { type: BPF_TASK_ITER_TGID, pid } }
  if (pid_fd !== 0) return { task: { type: BPF_TASK_ITER_TGID, pid: pidOfPidfd(pid_fd) ?? noPidfd(pid_fd) } }
  return { task: { type: BPF_TASK_ITER_ALL, pid: 0 } }
}

const noPidfd = (fd: number): never => {
  throw new ErrnoError(EBADF, `pid_fd: want a pidfd, got descriptor ${fd}`)
}

/** bpf_iter_task_show_fdinfo */
export function showTask(aux: IterAux): string {
  const { type, pid } = aux.task!
  if (type === BPF_TASK_ITER_TID) return `task_type:\tTID\ntid:\t${pid}\n`
  return type === BPF_TASK_ITER_TGID ? `task_type:\tPID\npid:\t${pid}\n` : 'task_type:\tALL\n'
}

/** bpf_iter_fill_link_info of the task targets */
export function fillTask(aux: IterAux, info: LinkInfo): void {
  const { type, pid } = aux.task!
  info.task = { tid: type === BPF_TASK_ITER_TID ? pid : 0, pid: type === BPF_TASK_ITER_TGID ? pid : 0 }
}
