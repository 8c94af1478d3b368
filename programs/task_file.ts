// Open files: the worked example of the kernel's documentation of BPF iterators (bpf_iter_task_file). `--set target_pid=N` shows
// one process only; so does --pid N, without looking at the others.
import type { Iter } from 'iterfs'

export const globals = { target_pid: 0, count: 0, last_tgid: 0, unique_tgid_count: 0 }

export const dump_task_file: Iter<'task_file'> = {
  target: 'task_file',
  run({ meta, task, fd, file }) {
    if (!task || !file) return
    if (meta.seq_num === 0n) {
      globals.count = 0
      meta.seq.printf('    tgid      gid       fd      file\n')
    }
    if (globals.target_pid !== 0 && task.tgid !== globals.target_pid) return
    if (task.tgid !== task.pid) globals.count++
    if (globals.last_tgid !== task.tgid) {
      globals.last_tgid = task.tgid
      globals.unique_tgid_count++
    }
    meta.seq.printf('%8d %8d %8d %lx\n', task.tgid, task.pid, fd, file.f_op)
  },
}
