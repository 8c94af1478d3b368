// The other kfuncs: references to tasks and cgroups, locks, dynptrs, reads of memory into dynptrs (kernel/bpf/helpers.c, kernel/trace/bpf_trace.c).
import { E2BIG, EFAULT, EINVAL, ENOENT, ERANGE } from '../util/errno.ts'
import type { HelperContext } from './context.ts'
import { adjustDynptr, type Dynptr, dynptrAt, partOf, setDynptr } from './dynptr.ts'
import type { HelperTask } from './env.ts'
import type { Kfuncs } from './kfunc-context.ts'
import { probeKernel, probeKernelStr, probeUser, probeUserStr, userText } from './probe.ts'
import { formatAt, trace } from './seq.ts'

type Names = Exclude<keyof Kfuncs, `bpf_iter_${string}` | `bpf_str${'c' | 'l' | 'n' | 'r' | 's'}${string}`>

const DYNPTR_SIZE = 16
/** BPF_F_PAD_ZEROS */
const PAD_ZEROS = 1
/** BPF_STDOUT, BPF_STDERR */
const STREAMS = [1, 2]

export function objectKfuncs(c: HelperContext): Pick<Kfuncs, Names> {
  const { env, space } = c
  const { objects } = env
  const nothing = (): number => 0
  /** Objects live as long as the program runs: a reference is the pointer itself. */
  const same = (): number => c.retHalves(c.lo(1), c.hi(1))
  const reader = (): { readonly tgid: number } => env.now.reader

  /** The part of the dynptr in r1 that r2 (offset) and r3 (size) name: its offset, or a negative errno. */
  const target = (): number => {
    const ptr = dynptrAt(c, 1)
    if (ptr.data === 0 || ptr.readonly) return -EINVAL
    const at = partOf(ptr, c.u32(2), c.u32(3))
    return at < 0 ? -E2BIG : at
  }
  const slice = (ptr: Dynptr): number => (ptr.data === 0 ? 0 : Math.max(0, partOf(ptr, c.u32(2), c.u32(4))))
  /** bpf_probe_read_*_dynptr() and its kin. */
  const into = (read: (at: number, size: number) => number) => (): number => {
    const at = target()
    return at < 0 ? at : c.u32(3) === 0 ? 0 : read(at, c.u32(3))
  }
  const taskAt = (n: number): HelperTask | null => objects.taskAt(c.lo(n), c.hi(n))

  /** bpf_copy_from_user_str() and bpf_copy_from_user_task_str(): to r1, r2 bytes, from r3. */
  const userStr = (flags: number, task: { readonly tgid: number } | null): number => {
    const size = c.u32(2)
    if (flags & ~PAD_ZEROS || flags > PAD_ZEROS) return -EINVAL
    if (size === 0) return 0
    const at = c.output(1, size)
    const length = userText(c, at, size - 1, c.big(3), task)
    if (length < 0) {
      space.u8.fill(0, at, flags === PAD_ZEROS ? at + size : at + 1)
      return length
    }
    space.u8.fill(0, at + length, flags === PAD_ZEROS ? at + size : at + length + 1)
    return length + 1
  }

  return {
    bpf_rdonly_cast: same,
    bpf_cast_to_kern_ctx: same,
    // One thread, nobody to lock out, nothing that is freed meanwhile.
    bpf_rcu_read_lock: nothing,
    bpf_rcu_read_unlock: nothing,
    bpf_preempt_disable: nothing,
    bpf_preempt_enable: nothing,
    bpf_local_irq_save: nothing,
    bpf_local_irq_restore: nothing,
    bpf_res_spin_lock: nothing,
    bpf_res_spin_unlock: nothing,
    bpf_res_spin_lock_irqsave: nothing,
    bpf_res_spin_unlock_irqrestore: nothing,

    bpf_task_acquire: same,
    bpf_task_release: nothing,
    bpf_task_from_pid() {
      const pid = c.lo(1)
      if (pid <= 0) return c.retHalves(0, 0)
      objects.retTask(pid)
      return 0
    },
    bpf_task_from_vpid() {
      const tid = c.lo(1) > 0 ? env.machine.tidInNamespaceOf(env.now.reader.pid, c.lo(1)) : 0
      if (tid === 0) return c.retHalves(0, 0)
      objects.retTask(tid)
      return 0
    },
    bpf_task_under_cgroup() {
      const task = taskAt(1)
      return task !== null && objects.taskInCgroup(task, c.lo(2), c.hi(2)) ? 1 : 0
    },
    bpf_cgroup_acquire: same,
    bpf_cgroup_release: nothing,
    bpf_cgroup_ancestor() {
      if (c.lo(2) < 0) return c.retHalves(0, 0)
      objects.retRelated('cgroup_ancestor', c.lo(1), c.hi(1), c.lo(2))
      return 0
    },
    bpf_cgroup_from_id() {
      objects.retCgroup(c.big(1))
      return 0
    },
    // What is read of a cgroup's statistics is read anew each time.
    css_rstat_updated: nothing,
    css_rstat_flush: nothing,
    // No address of ours lies in a slab.
    bpf_get_kmem_cache: () => c.retHalves(0, 0),

    bpf_map_sum_elem_count() {
      return env.mapAt(c.lo(1), c.hi(1))?.elemCount ?? 0
    },

    bpf_dynptr_adjust() {
      const ptr = dynptrAt(c, 1)
      const [start, end] = [c.u32(2), c.u32(3)]
      if (ptr.data === 0 || start > end) return -EINVAL
      if (end > ptr.size) return -ERANGE
      adjustDynptr(c, ptr.at, start, end - start)
      return 0
    },
    bpf_dynptr_is_null: () => (dynptrAt(c, 1).data === 0 ? 1 : 0),
    bpf_dynptr_is_rdonly() {
      const ptr = dynptrAt(c, 1)
      return ptr.data !== 0 && ptr.readonly ? 1 : 0
    },
    /** A u32, of which the errno of a NULL one is a large number. */
    bpf_dynptr_size() {
      const ptr = dynptrAt(c, 1)
      return ptr.data === 0 ? -EINVAL >>> 0 : ptr.size
    },
    bpf_dynptr_clone() {
      const ptr = dynptrAt(c, 1)
      const to = c.output(2, DYNPTR_SIZE)
      if (ptr.data === 0) {
        setDynptr(c, to, 0, 0, 'local')
        return -EINVAL
      }
      space.u8.copyWithin(to, ptr.at, ptr.at + DYNPTR_SIZE)
      return 0
    },
    bpf_dynptr_copy() {
      const [to, from] = [dynptrAt(c, 1), dynptrAt(c, 3)]
      const size = c.u32(5)
      if (to.data === 0 || from.data === 0 || to.readonly) return -EINVAL
      const [toAt, fromAt] = [partOf(to, c.u32(2), size), partOf(from, c.u32(4), size)]
      if (toAt < 0 || fromAt < 0) return -E2BIG
      space.u8.copyWithin(toAt, fromAt, fromAt + size)
      return 0
    },
    bpf_dynptr_memset() {
      const ptr = dynptrAt(c, 1)
      if (ptr.readonly) return -EINVAL
      const [size, byte] = [c.u32(3), c.u32(4) & 0xff]
      const at = partOf(ptr, c.u32(2), size)
      if (at < 0) return -E2BIG
      space.u8.fill(byte, at, at + size)
      return 0
    },
    bpf_dynptr_slice: () => slice(dynptrAt(c, 1)),
    bpf_dynptr_slice_rdwr() {
      const ptr = dynptrAt(c, 1)
      return ptr.readonly ? 0 : slice(ptr)
    },

    bpf_probe_read_kernel_dynptr: into((at, size) => probeKernel(c, at, size, c.lo(4), c.hi(4))),
    bpf_probe_read_kernel_str_dynptr: into((at, size) => probeKernelStr(c, at, size, c.lo(4), c.hi(4))),
    bpf_probe_read_user_dynptr: into((at, size) => probeUser(c, at, size, c.big(4), reader())),
    bpf_probe_read_user_str_dynptr: into((at, size) => probeUserStr(c, at, size, c.big(4), reader())),
    bpf_copy_from_user_dynptr: into((at, size) => probeUser(c, at, size, c.big(4), reader())),
    bpf_copy_from_user_str_dynptr: into((at, size) => probeUserStr(c, at, size, c.big(4), reader())),
    bpf_copy_from_user_task_dynptr: into((at, size) => probeUser(c, at, size, c.big(4), taskAt(5))),
    bpf_copy_from_user_task_str_dynptr: into((at, size) => probeUserStr(c, at, size, c.big(4), taskAt(5))),
    bpf_copy_from_user_str: () => userStr(c.u64(4), reader()),
    bpf_copy_from_user_task_str() {
      const task = taskAt(4)
      return task === null ? -EFAULT : userStr(c.u64(5), task)
    },

    bpf_stream_vprintk_impl() {
      if (!STREAMS.includes(c.u32(1))) return -ENOENT
      const size = c.u32(4)
      if ((size & 7) !== 0 || size > 96 || (size > 0 && c.isNull(3))) return -EINVAL
      const format = formatAt(c, 2)
      if (format === null) return -EINVAL
      const args = c.reader.place(size > 0 ? c.input(3, size, 1) : 0, size >>> 3)
      return Math.min(0, trace(c, format, args))
    },
  }
}
