// Helpers about clocks, CPUs and chance, and timers.
import { EINVAL, EPERM } from '../util/errno.ts'
import type { HelperContext, Helpers } from './context.ts'

type Names =
  | 'ktime_get_ns'
  | 'ktime_get_boot_ns'
  | 'ktime_get_tai_ns'
  | 'jiffies64'
  | 'get_prandom_u32'
  | 'get_smp_processor_id'
  | 'get_numa_node_id'
  | 'per_cpu_ptr'
  | 'this_cpu_ptr'
  | 'timer_init'
  | 'timer_set_callback'
  | 'timer_start'
  | 'timer_cancel'

/** CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME: what a timer may go by. */
const TIMER_CLOCKS = [0, 1, 7]

export function timeHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { machine, objects } = c.env
  const random = new Uint32Array(256)
  let left = 0
  return {
    ktime_get_ns: () => c.ret(machine.clockNs('monotonic')),
    ktime_get_boot_ns: () => c.ret(machine.clockNs('boottime')),
    ktime_get_tai_ns: () => c.ret(machine.clockNs('tai')),
    jiffies64: () => c.ret(machine.jiffies()),
    get_prandom_u32() {
      if (left === 0) left = crypto.getRandomValues(random).length
      return random[--left]!
    },
    get_smp_processor_id: () => machine.cpu(),
    // The node of memory for this thread; machines with more than one show it to nobody but the kernel.
    get_numa_node_id: () => 0,
    per_cpu_ptr() {
      const cpu = c.u32(2)
      if (cpu >= machine.cpus) return c.ret(0n)
      objects.retPerCpu(c.lo(1), c.hi(1), cpu)
      return 0
    },
    this_cpu_ptr() {
      objects.retPerCpu(c.lo(1), c.hi(1), machine.cpu())
      return 0
    },
    // The kernel gives a timer only to maps that a user holds or that are pinned (-EPERM); those of an iterator that was pinned alone are not.
    timer_init: () => (TIMER_CLOCKS.includes(c.u64(3)) ? -EPERM : -EINVAL),
    timer_set_callback: () => -EINVAL,
    timer_start: () => -EINVAL,
    timer_cancel: () => -EINVAL,
  }
}
