// Open-coded iterators: bpf_iter_num, bits, task, css, css_task, task_vma. What the kernel keeps behind the pointers in the program's
// struct is kept here behind a number in it; those that a program left open when it was ended are dropped by the next one (dropAll()).
import { E2BIG, EFAULT, EINVAL, ENOENT, ENOMEM } from '../util/errno.ts'
import { LAYOUT } from '../vm/memory.ts'
import type { HelperContext } from './context.ts'
import type { HelperTask } from './env.ts'
import type { Kfuncs } from './kfunc-context.ts'

type Names = Extract<keyof Kfuncs, `bpf_iter_${string}`>

/** BPF_MAX_LOOPS */
const MAX_LOOPS = 8 * 1024 * 1024
/** BITS_ITER_NR_WORDS_MAX */
const BITS_WORDS_MAX = 511
/** BPF_TASK_ITER_* */
const [ALL_PROCS, ALL_THREADS, PROC_THREADS] = [0, 1, 2]
/** BPF_CGROUP_ITER_* */
const ORDERS: Readonly<Record<number, 'pre' | 'post' | 'up'>> = { 2: 'pre', 3: 'post', 4: 'up' }
/** CSS_TASK_ITER_PROCS, CSS_TASK_ITER_THREADED */
const [CSS_PROCS, CSS_THREADED] = [1, 2]
/** Iterators that can be open at a time. */
const OPEN_MAX = 1024

/** Gives the next object: puts its address into LAYOUT.RET, 0 at the end. */
type Next = () => void

/** Iterators that are open, by the number in the program's struct. */
export class OpenIterators {
  readonly #open = new Map<number, Next>()
  #last = 0

  /** The number of a new one; 0 when there are too many. */
  add(next: Next): number {
    if (this.#open.size >= OPEN_MAX) return 0
    this.#last = (this.#last + 1) >>> 0 || 1
    this.#open.set(this.#last, next)
    return this.#last
  }

  get(id: number): Next | undefined {
    return this.#open.get(id)
  }

  remove(id: number): void {
    this.#open.delete(id)
  }

  dropAll(): void {
    if (this.#open.size > 0) this.#open.clear()
  }
}

export function iteratorKfuncs(c: HelperContext, open: OpenIterators): Pick<Kfuncs, Names> {
  const { env, space } = c
  const { objects } = env

  /** Puts an iterator behind the struct in r1, or none when `next` is an errno. */
  const start = (next: Next | number): number => {
    const at = c.output(1, 8)
    const id = typeof next === 'number' ? 0 : open.add(next)
    space.view.setUint32(at, id, true)
    space.view.setUint32(at + 4, 0, true)
    return typeof next === 'number' ? next : id === 0 ? -ENOMEM : 0
  }
  const idAt = (): number => space.view.getUint32(c.output(1, 8), true)
  const next = (): number => {
    const step = open.get(idAt())
    if (!step) return c.retHalves(0, 0)
    step()
    return 0
  }
  const destroy = (): number => {
    const at = c.output(1, 8)
    open.remove(space.view.getUint32(at, true))
    space.view.setUint32(at, 0, true)
    return 0
  }
  /** A step through a list; what is gone meanwhile is passed over. */
  const walk = <T>(list: readonly T[], ret: (item: T) => void): Next => {
    let i = 0
    return () => {
      while (i < list.length) {
        ret(list[i++]!)
        const { view } = space
        if ((view.getInt32(LAYOUT.RET, true) | view.getInt32(LAYOUT.RET + 4, true)) !== 0) return
      }
      c.retHalves(0, 0)
    }
  }
  const tasks = (ids: readonly number[]): Next => walk(ids, id => objects.retTask(id))

  return {
    // struct bpf_iter_num_kern: int cur, int end.
    bpf_iter_num_new() {
      const at = c.output(1, 8)
      const [from, end] = [c.lo(2), c.lo(3)]
      const errno = from > end ? -EINVAL : end - from > MAX_LOOPS ? -E2BIG : 0
      space.view.setInt32(at, errno === 0 ? from - 1 : 0, true)
      space.view.setInt32(at + 4, errno === 0 ? end : 0, true)
      return errno
    },
    bpf_iter_num_next() {
      const at = c.output(1, 8)
      const { view } = space
      const cur = (view.getInt32(at, true) + 1) | 0
      if (cur >= view.getInt32(at + 4, true)) {
        view.setInt32(at, 0, true)
        view.setInt32(at + 4, 0, true)
        return 0
      }
      view.setInt32(at, cur, true)
      return at
    },
    bpf_iter_num_destroy() {
      const at = c.output(1, 8)
      space.u8.fill(0, at, at + 8)
      return 0
    },

    // struct bpf_iter_bits_kern: a pointer to the words, int nr_bits, int bit; what next() gives is the address of `bit`.
    bpf_iter_bits_new() {
      const at = c.output(1, 16)
      space.u8.fill(0, at, at + 16)
      space.view.setInt32(at + 12, -1, true)
      const count = c.u32(3)
      if (c.isNull(2) || count === 0) return -EINVAL
      if (count > BITS_WORDS_MAX) return -E2BIG
      const from = c.memory.scratch(count * 8, 0)
      if (c.memory.copy(from, c.lo(2), c.hi(2), count * 8) !== 0) return -EFAULT
      const bits = space.u8.slice(from, from + count * 8)
      const errno = start(() => {
        const { view } = space
        let bit = Math.max(0, view.getInt32(at + 12, true) + 1)
        while (bit < count * 64 && ((bits[bit >>> 3]! >>> (bit & 7)) & 1) === 0) bit++
        view.setInt32(at + 12, bit, true)
      })
      if (errno === 0) space.view.setInt32(at + 8, count * 64, true)
      return errno
    },
    bpf_iter_bits_next() {
      const at = c.output(1, 16)
      const { view } = space
      const count = view.getInt32(at + 8, true)
      const step = open.get(view.getUint32(at, true))
      if (!step || view.getInt32(at + 12, true) >= count) return 0
      step()
      return view.getInt32(at + 12, true) < count ? at + 12 : 0
    },
    bpf_iter_bits_destroy: destroy,

    // The kernel begins with the idle task, which no interface shows.
    bpf_iter_task_new() {
      const flags = c.u32(3)
      if (flags === ALL_PROCS) return start(tasks(objects.taskIds('processes')))
      if (flags === ALL_THREADS) return start(tasks(objects.taskIds('threads')))
      const task = flags === PROC_THREADS && !c.isNull(2) ? objects.taskAt(c.lo(2), c.hi(2)) : null
      if (task === null) return start(-EINVAL)
      const ids = objects.taskIds({ tgid: task.tgid })
      return start(tasks(ids.slice(Math.max(0, ids.indexOf(task.tid)))))
    },
    bpf_iter_task_next: next,
    bpf_iter_task_destroy: destroy,

    bpf_iter_css_new() {
      const order = ORDERS[c.u32(3)]
      if (order === undefined) return start(-EINVAL)
      return start(walk(objects.cgroupIds(c.lo(2), c.hi(2), order) ?? [], id => objects.retCgroup(id)))
    },
    bpf_iter_css_next: next,
    bpf_iter_css_destroy: destroy,

    bpf_iter_css_task_new() {
      const flags = c.u32(3)
      if (flags !== 0 && flags !== CSS_PROCS && flags !== (CSS_PROCS | CSS_THREADED)) return start(-EINVAL)
      return start(tasks(objects.cgroupTasks(c.lo(2), c.hi(2), flags === 0) ?? []))
    },
    bpf_iter_css_task_next: next,
    bpf_iter_css_task_destroy: destroy,

    bpf_iter_task_vma_new() {
      const task: HelperTask | null = objects.taskAt(c.lo(2), c.hi(2))
      const starts = task && objects.vmaStarts(task, c.big(3))
      if (task === null || starts === null) return start(-ENOENT)
      return start(walk(starts, address => objects.retVma(task, address)))
    },
    bpf_iter_task_vma_next: next,
    bpf_iter_task_vma_destroy: destroy,
  }
}
