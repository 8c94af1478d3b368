// Tasks: one line for each thread, like `ps -eL`. With --pid the threads of one process, with --tid one thread.
import type { Iter } from 'iterfs'

export const dump_task: Iter<'task'> = {
  target: 'task',
  run({ meta, task }) {
    if (!task) return
    if (meta.seq_num === 0n) meta.seq.printf('    tgid      pid     ppid      uid comm\n')
    meta.seq.printf('%8d %8d %8d %8d %s\n', task.tgid, task.pid, task.real_parent?.tgid ?? 0, task.cred?.uid.val, task.comm)
  },
}
