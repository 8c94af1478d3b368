// Helpers about the thread that reads ("current") and about tasks: ids, names, cgroups, stacks (kernel/bpf/helpers.c, kernel/bpf/stackmap.c).
import { encodeText } from '../util/bytes.ts'
import { EFAULT, EINVAL, ENAMETOOLONG, ENOENT, EOPNOTSUPP } from '../util/errno.ts'
import type { HelperContext, Helpers } from './context.ts'
import { stackAddresses } from './stack.ts'

type Names =
  | 'get_current_pid_tgid'
  | 'get_current_uid_gid'
  | 'get_current_comm'
  | 'get_current_task'
  | 'get_current_task_btf'
  | 'get_current_cgroup_id'
  | 'get_current_ancestor_cgroup_id'
  | 'get_cgroup_classid'
  | 'get_ns_current_pid_tgid'
  | 'get_task_stack'
  | 'get_stack'
  | 'get_branch_snapshot'
  | 'task_pt_regs'
  | 'd_path'

/** BPF_F_SKIP_FIELD_MASK, BPF_F_USER_STACK, BPF_F_USER_BUILD_ID */
const [SKIP_MASK, USER_STACK, USER_BUILD_ID] = [0xff, 1 << 8, 1 << 11]
/** sizeof(struct bpf_stack_build_id) */
const BUILD_ID_SIZE = 32
/** sizeof(struct bpf_pidns_info) */
const PIDNS_INFO_SIZE = 8

export function taskHelpers(c: HelperContext): Pick<Helpers, Names> {
  const { env, space } = c
  const { machine, objects } = env

  const retCurrent = (): number => {
    if (env.now.reader.pid === 0) return c.ret(0n)
    objects.retTask(env.now.reader.pid)
    return 0
  }

  /** __bpf_get_stack() with the buffer in r2. */
  const stackOf = (tid: number, other: boolean): number => {
    const size = c.u32(3)
    const flags = c.u64(4)
    const at = c.output(2, size)
    const fail = (errno: number): number => {
      space.u8.fill(0, at, at + size)
      return errno
    }
    const user = (flags & USER_STACK) !== 0
    const buildId = (flags & USER_BUILD_ID) !== 0
    if (flags !== (flags & (SKIP_MASK | USER_STACK | USER_BUILD_ID)) || (buildId && !user)) return fail(-EINVAL)
    const each = buildId ? BUILD_ID_SIZE : 8
    if (size % each !== 0) return fail(-EINVAL)
    if (user) return fail(other ? -EOPNOTSUPP : -EFAULT)
    const text = machine.stack(tid)
    if (text === null) return fail(-EFAULT)
    const frames = stackAddresses(text, name => machine.symbolAddress(name), c.stackSymbols)
    const skip = flags & SKIP_MASK
    if (frames.length < skip) return fail(-EFAULT)
    const count = Math.min(frames.length - skip, size / each)
    space.u8.fill(0, at, at + size)
    for (let i = 0; i < count; i++) space.view.setBigUint64(at + i * 8, frames[skip + i]!, true)
    return count * 8
  }

  return {
    get_current_pid_tgid() {
      const { pid, tgid } = env.now.reader
      return c.retHalves(pid, tgid)
    },
    get_current_uid_gid() {
      const { uid, gid } = env.now.reader
      return c.retHalves(uid, gid)
    },
    get_current_comm() {
      const size = c.u32(2)
      const at = c.output(1, size)
      const comm = encodeText(machine.comm(env.now.reader.pid))
      space.u8.fill(0, at, at + size)
      space.u8.set(comm.subarray(0, Math.max(0, size - 1)), at)
      return 0
    },
    get_current_task: retCurrent,
    get_current_task_btf: retCurrent,
    get_current_cgroup_id: () => c.ret(machine.cgroupId(env.now.reader.pid)),
    get_current_ancestor_cgroup_id() {
      const level = c.lo(1)
      return c.ret(level < 0 ? 0n : machine.ancestorCgroupId(env.now.reader.pid, level))
    },
    // Of net_cls, a controller of cgroup v1: 0 where it is not used.
    get_cgroup_classid: () => 0,

    get_ns_current_pid_tgid() {
      const size = c.u32(4)
      const at = c.output(3, size)
      space.u8.fill(0, at, at + size)
      if (size !== PIDNS_INFO_SIZE) return -EINVAL
      const ns = machine.pidNamespace(env.now.reader.pid)
      if (ns === null) return -ENOENT
      if (ns.dev !== c.big(1) || ns.ino !== c.big(2)) return -EINVAL
      space.view.setInt32(at, ns.pid, true)
      space.view.setInt32(at + 4, ns.tgid, true)
      return 0
    },

    get_task_stack() {
      const task = objects.taskAt(c.lo(1), c.hi(1))
      if (task !== null) return stackOf(task.tid, task.tid !== env.now.reader.pid)
      const size = c.u32(3)
      const at = c.output(2, size)
      space.u8.fill(0, at, at + size)
      return -EFAULT
    },
    /** The stack that runs the program is the reader's, who waits in FUSE. */
    get_stack: () => stackOf(env.now.reader.pid, false),
    /** As on a machine without branch records. */
    get_branch_snapshot: () => (c.isNull(3) ? -ENOENT : -EINVAL),
    task_pt_regs() {
      objects.retRelated('pt_regs', c.lo(1), c.hi(1), 0)
      return 0
    },

    d_path() {
      const size = c.u32(3)
      if (size === 0) return 0
      const at = c.output(2, size)
      const text = objects.pathAt(c.lo(1), c.hi(1))
      const bytes = encodeText(text ?? '')
      if (bytes.length + 1 > size) return -ENAMETOOLONG
      space.u8.set(bytes, at)
      space.u8[at + bytes.length] = 0
      return bytes.length + 1
    },
  }
}
