// The targets task, task_file and task_vma (kernel/bpf/task_iter.c).

import type { IterAux } from '../iter/link.ts'
import { BPF_ITER_RESCHED, type CtxArgInfo, type IterReg, type Opener } from '../iter/reg.ts'
import { view } from '../kernel/view.ts'
import type { Platform } from '../platform/platform.ts'
import type { CtxArgs, SeqOperations } from '../seq/seq-operations.ts'
import { FdSource } from '../sources/file.ts'
import { MapsCursor, type VmaSource } from '../sources/maps.ts'
import { isDenied, isGone, type SourceHooks, SourceSession } from '../sources/session.ts'
import type { TaskSource } from '../sources/task.ts'
import { ObjectGone } from '../util/object-gone.ts'
import { attachTask, FRESH_MS, fillTask, showTask, TaskWalk } from './task-walk.ts'

export interface TaskHooks extends SourceHooks {
  /** See attachTask(). Default: there are no pidfds. */
  pidOfPidfd?(fd: number): number | null
}

class TaskOps implements SeqOperations<TaskSource> {
  readonly #session: SourceSession
  readonly #walk: TaskWalk

  constructor(session: SourceSession, walk: TaskWalk) {
    this.#session = session
    this.#walk = walk
  }
  start(): TaskSource | null {
    return this.#walk.current()
  }
  next(): TaskSource | null {
    this.#session.release()
    return this.#walk.advance()
  }
  ctx(task: TaskSource | null): CtxArgs {
    return { task: view('task_struct', task) }
  }
  stop(): void {
    this.#session.release()
  }
  close(): void {
    this.#session.close()
  }
}

class TaskFileOps implements SeqOperations<FdSource> {
  readonly #session: SourceSession
  readonly #walk: TaskWalk
  #task: TaskSource | null = null
  /** Open files of the task, ascending, as they were a moment ago. */
  #fds: readonly number[] | null = null
  #takenMs = 0
  /** The descriptor to show next, or the first one behind it. */
  #fd = 0

  constructor(session: SourceSession, walk: TaskWalk) {
    this.#session = session
    this.#walk = walk
  }
  start(): FdSource | null {
    if (this.#session.platform.nowMs() - this.#takenMs > FRESH_MS) this.#fds = null
    this.#task = this.#walk.current()
    return this.#settle()
  }
  next(): FdSource | null {
    this.#fd++
    return this.#settle()
  }
  /** END's fd is 0, or one behind the last in the walk of a single thread. */
  ctx(file: FdSource | null): CtxArgs {
    if (file) return { task: view('task_struct', file.task), fd: file.fd, file: view('file', file) }
    return { task: null, fd: this.#walk.isThread ? this.#fd : 0, file: null }
  }
  stop(): void {
    this.#session.release()
  }
  close(): void {
    this.#session.close()
  }

  #settle(): FdSource | null {
    for (; this.#task; this.#task = this.#walk.advance()) {
      if (!this.#fds) {
        this.#fds = this.#task.openFds() ?? []
        this.#takenMs = this.#session.platform.nowMs()
      }
      const at = lowerBound(this.#fds, this.#fd)
      if (at < this.#fds.length) {
        this.#fd = this.#fds[at]!
        return new FdSource(this.#task, this.#fd)
      }
      this.#fds = null
      this.#session.release()
      if (this.#walk.isThread) return null
      this.#fd = 0
    }
    return null
  }
}

/** Index of the first value that is at least `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

class TaskVmaOps implements SeqOperations<VmaSource> {
  readonly #session: SourceSession
  readonly #walk: TaskWalk
  #cursor: MapsCursor | null = null
  #takenMs = 0
  /** Start of the VMA that is due, to find it again. */
  #address = 0n
  #ended = false

  constructor(session: SourceSession, walk: TaskWalk) {
    this.#session = session
    this.#walk = walk
  }
  start(): VmaSource | null {
    if (this.#ended) return null
    const task = this.#walk.current()
    const fresh = this.#session.platform.nowMs() - this.#takenMs <= FRESH_MS
    if (this.#cursor && fresh && task) return this.#due(this.#cursor.again(task), task)
    return this.#first(task)
  }
  next(vma: VmaSource): VmaSource | null {
    const found = this.#cursor!.next()
    if (found) return this.#due(found, vma.task)
    this.#session.release()
    return this.#following()
  }
  ctx(vma: VmaSource | null): CtxArgs {
    return { task: view('task_struct', vma?.task ?? null), vma: view('vm_area_struct', vma) }
  }
  stop(): void {
    this.#session.release()
  }
  close(): void {
    this.#session.close()
  }

  #due(vma: VmaSource | null, task: TaskSource): VmaSource | null {
    if (!vma) return this.#first(task)
    this.#address = vma.start
    return vma
  }

  #following(): VmaSource | null {
    this.#address = 0n
    this.#cursor = null
    return this.#first(this.#walk.advance())
  }

  /** The VMA at the address in `task`, or the first one behind it, there or in a later task. */
  #first(task: TaskSource | null): VmaSource | null {
    for (let at = task; at; at = this.#walk.advance()) {
      this.#cursor = this.#read(at)
      const vma = this.#cursor?.find(this.#address)
      if (vma) return this.#due(vma, at)
      this.#address = 0n
      this.#session.release()
    }
    this.#ended = true
    return null
  }

  #read(task: TaskSource): MapsCursor | null {
    try {
      const cursor = new MapsCursor(task, task.dir.read('maps'))
      this.#takenMs = this.#session.platform.nowMs()
      return cursor
    } catch (err) {
      if (isDenied(err)) this.#session.denied('maps')
      else if (!isGone(err) && !(err instanceof ObjectGone)) throw err
      return null
    }
  }
}

const TASK: CtxArgInfo = { name: 'task', type: 'struct task_struct *', orNull: true }

interface TaskTarget {
  readonly target: string
  readonly ctx_arg_info: readonly CtxArgInfo[]
  readonly skipShared: boolean
  readonly ops: (session: SourceSession, walk: TaskWalk) => SeqOperations
}

const TASK_TARGETS: readonly TaskTarget[] = [
  {
    target: 'task',
    ctx_arg_info: [{ ...TASK, trusted: true }],
    skipShared: false,
    ops: (session, walk) => new TaskOps(session, walk) as SeqOperations,
  },
  {
    target: 'task_file',
    ctx_arg_info: [TASK, { name: 'fd', type: 'u32' }, { name: 'file', type: 'struct file *', orNull: true }],
    skipShared: true,
    ops: (session, walk) => new TaskFileOps(session, walk) as SeqOperations,
  },
  {
    target: 'task_vma',
    ctx_arg_info: [TASK, { name: 'vma', type: 'struct vm_area_struct *', orNull: true }],
    skipShared: true,
    ops: (session, walk) => new TaskVmaOps(session, walk) as SeqOperations,
  },
]

/** The three targets over a platform. */
export const taskTargets = (platform: Platform, hooks: TaskHooks): IterReg[] =>
  TASK_TARGETS.map(({ target, ctx_arg_info, skipShared, ops }) => ({
    target,
    ctx_arg_info,
    feature: BPF_ITER_RESCHED,
    parameters: 'task',
    attach_target: info => attachTask(info, fd => hooks.pidOfPidfd?.(fd) ?? null),
    show_fdinfo: showTask,
    fill_link_info: fillTask,
    seq_info: {
      open(aux: IterAux, opener: Opener) {
        const session = new SourceSession(platform, hooks)
        return ops(session, new TaskWalk(session, aux, opener, skipShared))
      },
    },
  }))
