// The twin of test/bpf/task.bpf.c.
import type { Iter } from 'iterfs'

export const globals = { target_pid: 0 }

export const dump: Iter<'task'> = {
  target: 'task',
  run({ meta: { seq }, task }) {
    if (!task || (globals.target_pid && task.tgid !== globals.target_pid)) return
    const { cred, nsproxy, signal } = task
    seq.printf(
      '%d %d %s ppid %d flags %x prio %d %d %u %u',
      ...[
        task.tgid,
        task.pid,
        task.comm,
        task.real_parent?.tgid,
        task.flags,
        task.prio,
        task.static_prio,
        task.rt_priority,
        task.policy,
      ],
    )
    seq.printf(
      ' st %u exit %d %d start %lu sum %lu flt %lu %lu csw %lu %lu threads %d oom %d',
      ...[
        task.__state,
        task.exit_state,
        task.exit_signal,
        task.start_boottime / 10000000n,
        task.se.sum_exec_runtime,
        task.min_flt,
        task.maj_flt,
      ],
      ...[task.nvcsw, task.nivcsw, signal?.nr_threads, signal?.oom_score_adj],
    )
    seq.printf(
      ' uid %u %u %u %u gid %u cap %lx %lx sig %lx net %u uts %u umask %d cpus %d',
      ...[
        cred?.uid.val,
        cred?.euid.val,
        cred?.suid.val,
        cred?.fsuid.val,
        cred?.gid.val,
        cred?.cap_effective.val,
        cred?.cap_bset.val,
      ],
      ...[task.blocked.sig[0], nsproxy?.net_ns?.ns.inum, nsproxy?.uts_ns?.ns.inum, task.fs?.umask, task.nr_cpus_allowed],
    )
    const { mm } = task
    if (!mm) {
      seq.printf(' no mm\n')
      return
    }
    seq.printf(
      ' vm %lu %lu %lu %lu code %lx %lx stack %lx data %lx %lx brk %lx arg %lx env %lx',
      ...[
        mm.total_vm,
        mm.data_vm,
        mm.stack_vm,
        mm.exec_vm,
        mm.start_code,
        mm.end_code,
        mm.start_stack,
        mm.start_data,
        mm.end_data,
      ],
      ...[mm.start_brk, mm.arg_start, mm.env_end],
    )
    seq.printf(' maps %d locked %lu\n', mm.map_count, mm.locked_vm)
  },
}
