// Helpers that read memory which may not be there: bpf_probe_read_* and bpf_copy_from_user* (kernel/trace/bpf_trace.c, kernel/bpf/helpers.c).
import { EFAULT, EINVAL } from '../util/errno.ts'
import type { HelperContext, Helpers } from './context.ts'
import type { HelperTask } from './env.ts'

/** Whose memory is read. */
type Process = Pick<HelperTask, 'tgid'>

type Names =
  | 'probe_read'
  | 'probe_read_str'
  | 'probe_read_kernel'
  | 'probe_read_kernel_str'
  | 'probe_read_user'
  | 'probe_read_user_str'
  | 'copy_from_user'
  | 'copy_from_user_task'

const PAGE = 4096
const NONE = new Uint8Array(0)
/** TASK_SIZE_MAX of x86-64 with four levels: user addresses are below. */
const TASK_SIZE = 0x7fff_ffff_f000

export function probeHelpers(c: HelperContext): Pick<Helpers, Names> {
  const kernel = (): number => {
    const size = c.u32(2)
    return probeKernel(c, c.output(1, size), size, c.lo(3), c.hi(3))
  }
  const kernelStr = (): number => {
    const size = c.u32(2)
    return size === 0 ? 0 : probeKernelStr(c, c.output(1, size), size, c.lo(3), c.hi(3))
  }
  const user = (): number => {
    const size = c.u32(2)
    return probeUser(c, c.output(1, size), size, c.big(3), c.env.now.reader)
  }
  const userStr = (): number => {
    const size = c.u32(2)
    return size === 0 ? 0 : probeUserStr(c, c.output(1, size), size, c.big(3), c.env.now.reader)
  }
  /** The old names mean user memory below TASK_SIZE (bpf_probe_read_compat). */
  const isUser = (): boolean => c.u64(3) < TASK_SIZE
  return {
    probe_read: () => (isUser() ? user() : kernel()),
    probe_read_str: () => (isUser() ? userStr() : kernelStr()),
    probe_read_kernel: kernel,
    probe_read_kernel_str: kernelStr,
    probe_read_user: user,
    probe_read_user_str: userStr,
    copy_from_user: user,
    copy_from_user_task() {
      const size = c.u32(2)
      if (!c.isNull(5)) return -EINVAL
      if (size === 0) return 0
      const to = c.output(1, size)
      return probeUser(c, to, size, c.big(3), c.env.objects.taskAt(c.lo(4), c.hi(4)))
    },
  }
}

/** bpf_probe_read_kernel() to offset `to`, which is zeros after a failure. */
export function probeKernel(c: HelperContext, to: number, size: number, lo: number, hi: number): number {
  const errno = c.memory.copy(to, lo, hi, size)
  if (errno !== 0) c.space.u8.fill(0, to, to + size)
  return errno
}

/** bpf_probe_read_kernel_str(): the bytes copied with their NUL, 1 to `size`. */
export function probeKernelStr(c: HelperContext, to: number, size: number, lo: number, hi: number): number {
  const length = c.memory.text(lo, hi, size)
  const { u8 } = c.space
  if (length < 0) {
    u8.fill(0, to, to + size)
    return length
  }
  const used = Math.min(length, size - 1)
  u8.copyWithin(to, c.memory.at, c.memory.at + used)
  u8[to + used] = 0
  return used + 1
}

/** Bytes of a task's memory; null when they cannot be read. */
function readUser(c: HelperContext, task: Process | null, address: bigint, size: number): Uint8Array | null {
  if (address + BigInt(size) > TASK_SIZE) return null
  if (size === 0) return NONE
  if (task === null || task.tgid === 0) return null
  const bytes = c.env.machine.readUser(task.tgid, address, size)
  return bytes !== null && bytes.length >= size ? bytes : null
}

/** bpf_probe_read_user(), bpf_copy_from_user() and bpf_copy_from_user_task() to offset `to`. */
export function probeUser(c: HelperContext, to: number, size: number, address: bigint, task: Process | null): number {
  const bytes = readUser(c, task, address, size)
  const { u8 } = c.space
  if (bytes === null) {
    u8.fill(0, to, to + size)
    return -EFAULT
  }
  u8.set(bytes.subarray(0, size), to)
  return 0
}

/** strncpy_from_user_nofault(): the bytes copied with their NUL; the NUL is put over the last byte of a text that is too long. */
export function probeUserStr(c: HelperContext, to: number, size: number, address: bigint, task: Process | null): number {
  const length = userText(c, to, size, address, task)
  if (length < 0) {
    c.space.u8.fill(0, to, to + size)
    return length
  }
  const used = Math.min(length, size - 1)
  c.space.u8[to + used] = 0
  return used + 1
}

/** Copies text without its NUL, page by page: its length, at most `max`, or -EFAULT. */
export function userText(c: HelperContext, to: number, max: number, address: bigint, task: Process | null): number {
  let done = 0
  while (done < max) {
    const from = address + BigInt(done)
    const chunk = Math.min(max - done, PAGE - Number(from & BigInt(PAGE - 1)))
    const bytes = readUser(c, task, from, chunk)
    if (bytes === null) return -EFAULT
    const nul = bytes.indexOf(0)
    const part = nul >= 0 && nul < chunk ? nul : chunk
    c.space.u8.set(bytes.subarray(0, part), to + done)
    done += part
    if (part < chunk) break
  }
  return done
}
