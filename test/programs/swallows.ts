// Catches whatever looking at a task throws: an error that must not be missed all the same.
import type { Iter } from 'iterfs'

export const dump: Iter<'task'> = {
  target: 'task',
  run({ meta: { seq }, task }) {
    if (!task) return
    try {
      seq.printf('%d %s\n', task.pid, task.comm)
    } catch {
      seq.printf('%d none\n', task.pid)
    }
  },
}
