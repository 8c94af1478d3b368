// The twin of test/bpf/task_file.bpf.c.
import { d_path, type Iter } from 'iterfs'

export const globals = { target_pid: 0 }

export const dump: Iter<'task_file'> = {
  target: 'task_file',
  run({ meta: { seq, seq_num }, task, fd, file }) {
    if (!task || !file) {
      seq.printf('END fd %u seq_num %llu\n', fd, globals.target_pid ? 0 : seq_num)
      return
    }
    if (globals.target_pid && task.tgid !== globals.target_pid) return
    const inode = file.f_inode
    seq.printf(
      '%8d %8d %8d %u pos %ld mode %u ino %lu %u size %ld %s\n',
      ...[
        task.tgid,
        task.pid,
        fd,
        file.f_flags,
        file.f_pos,
        file.f_mode & 0x4003,
        inode?.i_ino,
        inode?.i_mode,
        inode?.i_size,
        d_path(file.f_path),
      ],
    )
  },
}
