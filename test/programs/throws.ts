// Fails at the third object: the reader gets what came before, then EIO.
import type { Iter } from 'iterfs'

export const throws: Iter<'task'> = {
  target: 'task',
  run({ meta, task }) {
    if (meta.seq_num === 2n) throw new Error('on purpose')
    if (task) meta.seq.printf('%d\n', meta.seq_num)
  },
}
