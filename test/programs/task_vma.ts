// The twin of test/bpf/task_vma.bpf.c: the shipped program, for all tasks or one.
import type { Iter } from 'iterfs'
import { proc_maps } from '../../programs/task_vma.ts'

export const globals = { target_pid: 0 }

export const maps: Iter<'task_vma'> = {
  target: 'task_vma',
  run(ctx) {
    if (globals.target_pid && ctx.task?.tgid !== globals.target_pid) return
    return proc_maps.run(ctx)
  },
}
